"""Introspection (RFC 7662) and revocation (RFC 7009), as Authlib's endpoint classes ask for them.

Hints about the kind of token are ignored, as both RFCs allow: a digest is looked up in both tables anyway.
"""

from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Request
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from sqlalchemy import Row

from auth_server import authorizations, credentials
from auth_server.client_authentication import CONFIDENTIAL_METHODS, METHODS
from auth_server.context import get_settings
from auth_server.errors import GrantRefused
from auth_server.models import Client
from web.clock import now
from web.database import get_db
from web.event_log import record, record_on_commit


def _require_token(request: OAuth2Request) -> str:
    token = request.form.get("token")
    if not token:
        raise InvalidRequestError("token is missing.")
    return str(token)


class Introspection(IntrospectionEndpoint):  # type: ignore[misc]  # Authlib is untyped
    """For resource servers, and for a token's own client; any other client learns `{"active": false}`."""

    CLIENT_AUTH_METHODS = list(CONFIDENTIAL_METHODS)

    def authenticate_token(
        self, request: OAuth2Request, client: Client
    ) -> tuple[str, Row[Any]] | None:
        """R2 – Introspection request (RFC 7662 §2.1)."""
        presented_token = _require_token(request)
        found = credentials.find_active_token(
            get_db(), presented_token, now(), demo=get_settings().demo
        )
        if found and not (client.is_resource_server or client.client_id == found[1].client_id):
            record(
                "introspection_refused",
                client_id=client.client_id,
                reason="token of another client",
            )
            return None
        if found is None:
            reason, grant_id = credentials.why_not_active(get_db(), presented_token)
            record("token_not_active", client_id=client.client_id, reason=reason, grant_id=grant_id)
        return found

    def create_introspection_payload(self, token: tuple[str, Row[Any]] | None) -> dict[str, object]:
        """The introspection response (RFC 7662 §2.2), with the kind of token as `token_use` and the person's name."""
        if token is None:
            return {"active": False}
        settings, (kind, row) = get_settings(), token
        is_access_token = kind == credentials.ACCESS_TOKEN
        return {
            "active": True,
            "token_use": kind,
            **({"token_type": "Bearer"} if is_access_token else {}),
            "scope": row.scope if is_access_token else row.grant_scope,
            "client_id": row.client_id,
            "username": row.username,
            "name": row.name,
            "sub": row.user_id,
            "aud": settings.resource_api_url,
            "iss": settings.url,
            "iat": int(row.issued_at.timestamp()),
            "exp": int((row.expires_at if is_access_token else row.grant_expires_at).timestamp()),
        }


class Revocation(RevocationEndpoint):  # type: ignore[misc]
    """Either token ends the grant; an unknown one is answered 200 (RFC 7009 §2.2)."""

    CLIENT_AUTH_METHODS = list(METHODS)

    def authenticate_token(
        self, request: OAuth2Request, client: Client
    ) -> credentials.Credential | None:
        """E1 – Revocation request (RFC 7009 §2.1): a token issued to another client is refused."""
        token = credentials.find_token(get_db(), _require_token(request))
        if token and not token.check_client(client):
            raise GrantRefused("token was issued to another client", token.grant_id)
        return token

    def revoke_token(self, token: credentials.Credential, request: OAuth2Request) -> None:
        """The client's own revocation keeps the consent: she left, she was not thrown out."""
        db = get_db()
        authorizations.end_revoked_grant(db, token.grant_id, request.client)
        record_on_commit(db, "token_revoked", grant_id=token.grant_id, client_id=token.client_id)
