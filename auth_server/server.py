"""Authlib's server, set up with the grant types and endpoints of a table."""

from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationServer, InvalidScopeError, OAuth2Error
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from flask import Flask, current_app, request

from auth_server import client_authentication, request_throttling, tokens
from auth_server.context import get_settings
from auth_server.digests import new_secret
from auth_server.endpoints import Introspection, Revocation
from auth_server.errors import ReplayDetected, UntrustedRequest, hide_reason
from auth_server.grant_types import (
    AuthorizationCodeGrant,
    RefreshTokenGrant,
    S256Required,
    grace_for,
)
from auth_server.grants import end_replayed_grant
from auth_server.id_tokens import IdTokens
from auth_server.protocol_request import ProtocolRequest
from auth_server.reasons import UNSPECIFIC, Reason, reason_for
from auth_server.registered_client import RegisteredClient, find_client
from auth_server.request_parameters import RESOURCE
from auth_server.resources import choose_audience
from auth_server.scopes import SCOPES, scope_list
from config import AuthServerSettings
from web.clock import now
from web.database import get_transaction
from web.entrance import JsonAnswer
from web.event_log import Field, record, record_on_commit
from web.request_text import has_utf8_query

#: What this server offers. The metadata are made from this table, so that both always agree.
GRANTS = (
    (AuthorizationCodeGrant, (S256Required(required=True), IdTokens())),
    (RefreshTokenGrant, (IdTokens(),)),
)
ENDPOINTS = (Introspection, Revocation)


class TripodAuthorizationServer(AuthorizationServer):  # type: ignore[misc]
    """Authlib's server over this project's tables. It commits only the end of a replayed grant."""

    def query_client(self, client_id: str) -> RegisteredClient | None:
        """Return the registered client, or None."""
        return find_client(get_transaction(), client_id)

    def authenticate_client(
        self, request: ProtocolRequest, methods: list[str], endpoint: str = "token"
    ) -> RegisteredClient:
        """Return the client that `request` authenticates by one of `methods`.

        :raises OAuth2Error: when the authentication fails.
        """
        return client_authentication.authenticate(request, methods)

    def validate_requested_scope(self, scope: str | None) -> None:
        """Check that this server has every scope. Authlib would divide them at any white space.

        :raises InvalidScopeError: when it has not (RFC 6749 §4.1.2.1).
        """
        if not set(scope_list(scope)) <= set(SCOPES):
            raise InvalidScopeError

    def create_oauth2_request(self, request: ProtocolRequest) -> ProtocolRequest:
        """Return the request as it is."""
        return request

    def send_signal(self, name: str, *args: object, **fields: object) -> None:
        """Do nothing: the event log records what happened."""

    def handle_response(
        self, status: int, body: dict[str, Any] | str, headers: list[tuple[str, str]]
    ) -> JsonAnswer:
        """Return the answer to a program."""
        return JsonAnswer(status, body, dict(headers))

    def save_token(self, token: dict[str, Any], request: ProtocolRequest) -> None:
        """Store the tokens of the answer under the grant of the code or the refresh token.

        :raises InvalidRequest: when the grant is not for a requested resource (RFC 8707 §2.2).
        """
        event, exchanged, predecessor_digest = "code_redeemed", request.authorization_code, None
        fields: dict[str, Field] = {}
        if request.refresh_token:
            event, exchanged = "tokens_refreshed", request.refresh_token
            predecessor_digest = exchanged.digest
            fields = {"grace": grace_for(request.client)}
        db = get_transaction()
        tokens.store_tokens(
            db,
            token,
            grant_id=exchanged.grant_id,
            audience=choose_audience(request.values.get(RESOURCE, []), exchanged.resources),
            predecessor_digest=predecessor_digest,
            now=now(),
        )
        record_on_commit(
            db,
            event,
            grant_id=exchanged.grant_id,
            client_id=request.client.client_id,
            scope=token["scope"],
            expires_in=token["expires_in"],
            **fields,
        )

    def handle_error_response(self, request: ProtocolRequest, error: OAuth2Error) -> JsonAnswer:
        """Return the error response of the back channel (RFC 6749 §5.2).

        Roll back what the request changed. After a replay, end the grant. Of throttled requests,
        only the first is logged.
        """
        db = get_transaction()
        db.rollback()
        if isinstance(error, ReplayDetected):
            end_replayed_grant(db, str(error.grant_id))
            db.commit()
        throttled = request_throttling.count_failure(request, error)
        if throttled is None or throttled.is_first:
            _record_refusal(request, throttled or error)
        hide_reason(error)
        return super().handle_error_response(request, throttled or error)  # type: ignore[no-any-return]


def _record_refusal(request: ProtocolRequest, error: OAuth2Error) -> None:
    reason = reason_for(error)
    client_id = getattr(error, "client_id", None)
    if request.client:
        client_id = request.client.client_id
    fields: dict[str, Field] = dict(getattr(error, "fields", {}))
    if reason in UNSPECIFIC:
        fields["detail"] = error.description
    record(
        "request_refused",
        endpoint=request.path,
        error=error.error,
        reason=reason,
        client_id=client_id,
        grant_id=getattr(error, "grant_id", None),
        **fields,
    )


def front_channel_request() -> ProtocolRequest:
    """Return the authorization request of the current HTTP request, from its query.

    :raises UntrustedRequest: when it is not UTF-8 (RFC 6749, appendix B). The state of a redirect
        would not be the one that the client sent.
    """
    if not has_utf8_query():
        raise UntrustedRequest(
            "invalid_request",
            Reason.NOT_UTF8,
            "The app that sent you here made a mistake in its request.",
            "Encode every parameter in UTF-8.",
        )
    return ProtocolRequest(request.method, request.path, request.args.to_dict(flat=False))


def issuer_parameter() -> tuple[str, str]:
    """Return `iss`, which is in each authorization response, also in errors (RFC 9207 §2)."""
    return "iss", get_settings().url


def init_app(app: Flask, settings: AuthServerSettings) -> None:
    """Create the authorization server of `app`."""
    server = TripodAuthorizationServer()
    server.register_token_generator(
        "default",
        BearerTokenGenerator(
            _random_token, _random_token, lambda client, grant_type: settings.access_token_lifetime
        ),
    )
    for grant, extensions in GRANTS:
        server.register_grant(grant, extensions)
    for endpoint in ENDPOINTS:
        server.register_endpoint(endpoint)
    app.extensions["tripod.authorization_server"] = server
    request_throttling.init_app(app)


def authorization_server() -> TripodAuthorizationServer:
    """Return the authorization server of the current application."""
    server: TripodAuthorizationServer = current_app.extensions["tripod.authorization_server"]
    return server


def _random_token(**_about: object) -> str:
    return new_secret()
