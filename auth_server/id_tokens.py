"""ID tokens (OpenID Connect Core §2), which Authlib adds to token responses."""

from authlib.oidc.core.grants.code import OpenIDToken
from joserfc.jwk import KeySet

from auth_server.context import get_settings
from auth_server.issued_tokens import AuthorizationCode, PresentedCredential
from auth_server.protocol_request import ProtocolRequest
from auth_server.registered_client import RegisteredClient
from auth_server.signing_keys import ID_TOKEN_LIFETIME, RS256, get_signing_keys
from web.clock import now


class IdTokens(OpenIDToken):  # type: ignore[misc]  # Authlib is untyped
    """The extension of a grant type: with the scope `openid`, the response has an ID token.

    Authlib's `OpenIDCode` would also check `prompt` before this server knows who is signed in.
    """

    def get_client_algorithm(self, client: RegisteredClient) -> str:
        """Return the algorithm that the client registered. RS256 is the default, never `none`."""
        return client.id_token_alg or RS256

    def resolve_client_private_key(self, client: RegisteredClient) -> KeySet:
        """Return the key as a set. Authlib writes the `kid` into the header only for a set."""
        return KeySet([get_signing_keys().current(self.get_client_algorithm(client)).jwk])

    def get_compatible_claims(self, request: ProtocolRequest) -> dict[str, object]:
        """Return the claims besides `nonce` and `at_hash`.

        `auth_time` is when the user typed their password, after a refresh too (§12.2).
        """
        presented: PresentedCredential = request.authorization_code or request.refresh_token
        issued_at = int(now().timestamp())
        claims: dict[str, object] = {
            "iss": get_settings().url,
            "aud": request.client.client_id,
            "iat": issued_at,
            "exp": issued_at + int(ID_TOKEN_LIFETIME.total_seconds()),
        }
        if presented.signed_in_at is not None:
            claims |= {
                "auth_time": int(presented.signed_in_at.timestamp()),
                "sid": presented.sign_in_id,
            }
        return claims

    def get_authorization_code_claims(self, code: AuthorizationCode) -> dict[str, str]:
        """Return the `nonce` of the authorization request, if it had one."""
        if code.nonce is None:
            return {}
        return {"nonce": code.nonce}

    def generate_user_info(self, user: str, scope: str) -> dict[str, str]:
        """Return the subject. Everything else about the user is at the userinfo endpoint."""
        return {"sub": user}
