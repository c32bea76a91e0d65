"""Introspection (RFC 7662) and revocation (RFC 7009), as Authlib's endpoint classes.

Both ignore `token_type_hint`, as the RFCs allow: the server searches both tables for the digest.
"""

from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint

from auth_server import issued_tokens
from auth_server.client_authentication import CONFIDENTIAL_METHODS, METHODS
from auth_server.context import get_settings
from auth_server.errors import GrantRefused
from auth_server.grants import end_revoked_grant
from auth_server.issued_tokens import ACCESS_TOKEN, IssuedToken
from auth_server.protocol_request import ProtocolRequest
from auth_server.reasons import Reason
from auth_server.registered_client import RegisteredClient
from auth_server.resources import audiences
from auth_server.scopes import PROFILE
from web.clock import now
from web.database import get_transaction
from web.event_log import Field, record, record_on_commit


class Introspection(IntrospectionEndpoint):  # type: ignore[misc]  # Authlib is untyped
    """Introspection of any token by a resource server, and of its own tokens by a client.

    Any other client receives `{"active": false}`.
    """

    CLIENT_AUTH_METHODS = list(CONFIDENTIAL_METHODS)

    def authenticate_token(
        self, request: ProtocolRequest, client: RegisteredClient
    ) -> IssuedToken | None:
        """R2 – Introspection request (RFC 7662 §2.1): return the active token, or None."""
        token = issued_tokens.find_token(get_transaction(), request.form["token"])
        is_foreign = token is not None and token.is_demo and not get_settings().demo
        if token is None or is_foreign:
            _record_inactivity(client, Reason.UNKNOWN_TOKEN)
            return None
        if objection := token.objection(now()):
            _record_inactivity(client, objection, token)
            return None
        if client.is_resource_server:
            return _hide_from_other_audiences(client, token)
        if client.client_id == token.client_id:
            return token
        record(
            "introspection_refused",
            client_id=client.client_id,
            reason=Reason.TOKEN_OF_ANOTHER_CLIENT,
        )
        return None

    def create_introspection_payload(self, token: IssuedToken | None) -> dict[str, object]:
        """Return the introspection response (RFC 7662 §2.2).

        Two members are this server's own: `token_use`, the kind of token, and `name`, the name of
        the user. Name and username are for tokens with the scope `profile` only.
        """
        if token is None:
            return {"active": False}
        settings = get_settings()
        payload: dict[str, object] = {"active": True, "token_use": token.kind}
        if token.kind == ACCESS_TOKEN:
            payload |= {"token_type": "Bearer"}
        if token.has_scope(PROFILE):
            payload |= {"username": token.username, "name": token.name}
        return payload | {
            "scope": token.scope,
            "client_id": token.client_id,
            "sub": token.user_id,
            "aud": _represent_audience(token),
            "iss": settings.url,
            "iat": int(token.issued_at.timestamp()),
            "exp": int(token.expires_at.timestamp()),
        }


def _hide_from_other_audiences(client: RegisteredClient, token: IssuedToken) -> IssuedToken | None:
    """Return the token, or None if the resource server has an address that `aud` does not name."""
    if client.resource in (None, *audiences(token.audience)):
        return token
    record(
        "introspection_refused",
        client_id=client.client_id,
        reason=Reason.TOKEN_FOR_ANOTHER_RESOURCE,
    )
    return None


def _represent_audience(token: IssuedToken) -> str | list[str]:
    """Return `aud`: a string, or an array of several (RFC 7519 §4.1.3)."""
    found = audiences(token.audience)
    if len(found) == 1:
        return found[0]
    return found


def _record_inactivity(
    client: RegisteredClient, reason: Reason, token: IssuedToken | None = None
) -> None:
    fields: dict[str, Field] = {"grant_id": None, "end_reason": None}
    if token is not None:
        fields = {"grant_id": token.grant_id, "end_reason": token.end_reason}
    record("token_not_active", client_id=client.client_id, reason=reason, **fields)


class Revocation(RevocationEndpoint):  # type: ignore[misc]
    """Revocation, which ends the grant of the token.

    An unknown token is answered with status 200 (RFC 7009 §2.2).
    """

    CLIENT_AUTH_METHODS = list(METHODS)

    def authenticate_token(
        self, request: ProtocolRequest, client: RegisteredClient
    ) -> IssuedToken | None:
        """E1 – Revocation request (RFC 7009 §2.1): return the token, or None if it is unknown.

        :raises GrantRefused: when the token was issued to another client.
        """
        token = issued_tokens.find_token(get_transaction(), request.form["token"])
        if token and token.client_id != client.client_id:
            raise GrantRefused(Reason.TOKEN_OF_ANOTHER_CLIENT, token.grant_id)
        return token

    def revoke_token(self, token: IssuedToken, request: ProtocolRequest) -> None:
        """End the grant of the token, and keep the consent: the client gave up its own access."""
        db = get_transaction()
        end_revoked_grant(db, token.grant_id)
        record_on_commit(db, "token_revoked", grant_id=token.grant_id, client_id=token.client_id)
