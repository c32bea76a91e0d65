"""OpenID Connect of the plain server: Authlib's, with the hooks that its documentation asks for."""

from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from authlib.oidc.rpinitiated import EndSessionEndpoint, EndSessionRequest
from flask import request, session
from joserfc.jwk import KeySet, RSAKey

from inspector.lab.plain.models import Client, User

KEY_BITS = 2048


def create_keys() -> KeySet:
    """Return a new key that signs ID tokens."""
    return KeySet([RSAKey.generate_key(KEY_BITS, {"use": "sig", "alg": "RS256"})])


def create_id_tokens(keys: KeySet) -> OpenIDCode:
    """Return the extension of the code grant that adds ID tokens."""

    class IdTokens(OpenIDCode):  # type: ignore[misc]  # Authlib is untyped
        def resolve_client_private_key(self, _client: Client) -> KeySet:
            return keys

        def get_client_claims(self, client: Client) -> dict[str, str]:
            return {"iss": request.host_url.rstrip("/"), "aud": client.client_id}

        def exists_nonce(self, _nonce: str, _request: OAuth2Request) -> bool:
            return False

        def generate_user_info(self, user: User, _scope: str) -> UserInfo:
            return UserInfo(sub=str(user.id))

    return IdTokens()


def create_logout(keys: KeySet) -> type[EndSessionEndpoint]:
    """Return the endpoint for logout, which ends the session as in Authlib's example."""

    class Logout(EndSessionEndpoint):  # type: ignore[misc]
        def get_server_jwks(self) -> KeySet:
            return keys

        def end_session(self, _request: EndSessionRequest) -> None:
            session.clear()

    return Logout
