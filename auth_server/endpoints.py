"""Introspection (RFC 7662) and revocation (RFC 7009), as Authlib's endpoint classes.

Both ignore `token_type_hint`, as the RFCs allow: the server searches both tables for the digest.
"""

from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint

from auth_server import issued_tokens
from auth_server.client_authentication import CONFIDENTIAL_METHODS, METHODS
from auth_server.context import get_settings
from auth_server.errors import GrantRefused
from auth_server.grants import end_revoked_grant
from auth_server.issued_tokens import (
    ACCESS_TOKEN,
    AccessToken,
    ActiveToken,
    Inactivity,
    RefreshToken,
)
from auth_server.models import Client
from auth_server.reasons import Reason
from web.clock import now
from web.database import get_db
from web.event_log import record, record_on_commit


class Introspection(IntrospectionEndpoint):  # type: ignore[misc]  # Authlib is untyped
    """Introspection of any token by a resource server, and of its own tokens by a client.

    Any other client receives `{"active": false}`.
    """

    CLIENT_AUTH_METHODS = list(CONFIDENTIAL_METHODS)

    def authenticate_token(self, request: OAuth2Request, client: Client) -> ActiveToken | None:
        """R2 – Introspection request (RFC 7662 §2.1): return the active token, or None."""
        db, presented_token = get_db(), request.form["token"]
        token = issued_tokens.find_active_token(
            db, presented_token, now(), demo=get_settings().demo
        )
        if token is None:
            _record_inactivity(client, issued_tokens.why_not_active(db, presented_token))
            return None
        if client.is_resource_server or client.client_id == token.client_id:
            return token
        record(
            "introspection_refused",
            client_id=client.client_id,
            reason=Reason.TOKEN_OF_ANOTHER_CLIENT,
        )
        return None

    def create_introspection_payload(self, token: ActiveToken | None) -> dict[str, object]:
        """Return the introspection response (RFC 7662 §2.2).

        Two members are this server's own: `token_use`, the kind of token, and `name`, the name of
        the user.
        """
        if token is None:
            return {"active": False}
        settings = get_settings()
        payload: dict[str, object] = {"active": True, "token_use": token.kind}
        if token.kind == ACCESS_TOKEN:
            payload |= {"token_type": "Bearer"}
        return payload | {
            "scope": token.scope,
            "client_id": token.client_id,
            "username": token.username,
            "name": token.name,
            "sub": token.user_id,
            "aud": settings.resource_api_url,
            "iss": settings.url,
            "iat": int(token.issued_at.timestamp()),
            "exp": int(token.expires_at.timestamp()),
        }


def _record_inactivity(client: Client, inactivity: Inactivity) -> None:
    record(
        "token_not_active",
        client_id=client.client_id,
        reason=inactivity.reason,
        grant_id=inactivity.grant_id,
        end_reason=inactivity.end_reason,
    )


class Revocation(RevocationEndpoint):  # type: ignore[misc]
    """Revocation, which ends the grant of the token.

    An unknown token is answered with status 200 (RFC 7009 §2.2).
    """

    CLIENT_AUTH_METHODS = list(METHODS)

    def authenticate_token(
        self, request: OAuth2Request, client: Client
    ) -> AccessToken | RefreshToken | None:
        """E1 – Revocation request (RFC 7009 §2.1): return the token, or None if it is unknown.

        :raises GrantRefused: when the token was issued to another client.
        """
        token = issued_tokens.find_token(get_db(), request.form["token"])
        if token and not token.check_client(client):
            raise GrantRefused(Reason.TOKEN_OF_ANOTHER_CLIENT, token.grant_id)
        return token

    def revoke_token(self, token: AccessToken | RefreshToken, request: OAuth2Request) -> None:
        """End the grant of the token, and keep the consent: the client gave up its own access."""
        db = get_db()
        end_revoked_grant(db, token.grant_id, request.client)
        record_on_commit(db, "token_revoked", grant_id=token.grant_id, client_id=token.client_id)
