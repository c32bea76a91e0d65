"""Authlib's server, set up with the grant types and endpoints of a table."""

from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.integrations.flask_oauth2.requests import FlaskOAuth2Payload, FlaskOAuth2Request
from authlib.oauth2.rfc6749 import InvalidScopeError, OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc9207 import IssuerParameter
from flask import Flask, Response, current_app
from flask import request as flask_request
from werkzeug.datastructures import MultiDict

from auth_server import client_authentication, tokens
from auth_server.context import get_settings
from auth_server.digests import new_secret
from auth_server.endpoints import Introspection, Revocation
from auth_server.errors import ReplayDetected, UntrustedRequest, hide_reason
from auth_server.grant_types import AuthorizationCodeGrant, RefreshTokenGrant, S256Required
from auth_server.grants import end_replayed_grant
from auth_server.models import Client
from auth_server.reasons import UNSPECIFIC, Reason, reason_for
from auth_server.scopes import SCOPES, scope_list
from config import AuthServerSettings
from web.addresses import append_parameters
from web.clock import now
from web.database import get_db
from web.event_log import Field, record, record_on_commit
from web.request_text import has_utf8_query

#: What this server offers. The metadata are made from this table, so that both always agree.
GRANTS = ((AuthorizationCodeGrant, (S256Required(required=True),)), (RefreshTokenGrant, ()))
ENDPOINTS = (Introspection, Revocation)


class _Payload(FlaskOAuth2Payload):  # type: ignore[misc]  # Authlib is untyped
    """Parameters from either the query or the body: Authlib would merge them.

    A parameter without a value MUST be treated as if it were omitted (RFC 6749 §3.1, §3.2).
    """

    def __init__(self, parameters: MultiDict[str, str]) -> None:
        self._parameters = MultiDict(
            (name, value) for name, value in parameters.items(multi=True) if value
        )

    @property
    def data(self) -> MultiDict[str, str]:
        """The parameters that have a value."""
        return self._parameters


class _Request(FlaskOAuth2Request):  # type: ignore[misc]
    def __init__(self, parameters: MultiDict[str, str]) -> None:
        super().__init__(flask_request)
        self.payload = _Payload(parameters)

    @property
    def form(self) -> MultiDict[str, str]:
        """The same parameters, under the name by which Authlib asks for those of the body."""
        return self.payload.data


class TripodAuthorizationServer(AuthorizationServer):  # type: ignore[misc]
    """Authlib's server over this project's tables. It commits only the end of a replayed grant."""

    def query_client(self, client_id: str) -> Client | None:
        """Return the registered client, or None."""
        return client_authentication.find_client(client_id)

    def authenticate_client(
        self, request: OAuth2Request, methods: list[str], endpoint: str = "token"
    ) -> Client:
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

    def create_oauth2_request(self, request: OAuth2Request | None) -> OAuth2Request:
        """Return the request with the parameters of its body, unless it was read before.

        Only the authorization endpoint reads the query (RFC 6749 §3.1, §3.2).
        """
        return request or _Request(flask_request.form)

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        """Store the tokens of the answer under the grant of the code or the refresh token."""
        event, exchanged, predecessor_digest = "code_redeemed", request.authorization_code, None
        if request.refresh_token:
            event, exchanged = "tokens_refreshed", request.refresh_token
            predecessor_digest = exchanged.digest
        db = get_db()
        tokens.store_tokens(
            db,
            token,
            grant_id=exchanged.grant_id,
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
        )

    def handle_error_response(self, request: OAuth2Request, error: OAuth2Error) -> Response:
        """Return the error response of a machine endpoint (RFC 6749 §5.2).

        Roll back what the request changed. After a replay, end the grant.
        """
        _record_refusal(request, error)
        hide_reason(error)
        db = get_db()
        db.rollback()
        if isinstance(error, ReplayDetected):
            end_replayed_grant(db, str(error.grant_id))
            db.commit()
        return super().handle_error_response(request, error)  # type: ignore[no-any-return]


def _record_refusal(request: OAuth2Request, error: OAuth2Error) -> None:
    reason = reason_for(error)
    client_id = getattr(error, "client_id", None)
    if request.client:
        client_id = request.client.client_id
    fields: dict[str, Field] = dict(getattr(error, "fields", {}))
    if reason in UNSPECIFIC:
        fields["detail"] = error.description
    record(
        "request_refused",
        endpoint=flask_request.path,
        error=error.error,
        reason=reason,
        client_id=client_id,
        grant_id=getattr(error, "grant_id", None),
        **fields,
    )


class _Issuer(IssuerParameter):  # type: ignore[misc]
    def add_issuer_parameter(
        self, authorization_server: AuthorizationServer, response: Response
    ) -> None:
        """Add `iss` here, because Authlib would rebuild the address and change its query."""
        if response.location:
            response.location = append_parameters(response.location, [issuer_parameter()])


def front_channel_request() -> OAuth2Request:
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
    return _Request(flask_request.args)


def issuer_parameter() -> tuple[str, str]:
    """Return `iss`, which is in each authorization response, also in errors (RFC 9207 §2)."""
    return "iss", get_settings().url


def init_app(app: Flask, settings: AuthServerSettings) -> None:
    """Create the authorization server of `app`."""
    server = TripodAuthorizationServer()
    server.init_app(app)
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
    server.register_extension(_Issuer())
    app.extensions["tripod.authorization_server"] = server


def authorization_server() -> TripodAuthorizationServer:
    """Return the authorization server of the current application."""
    server: TripodAuthorizationServer = current_app.extensions["tripod.authorization_server"]
    return server


def _random_token(**_about: object) -> str:
    return new_secret()
