"""What is registered, as a table, and Authlib's server set up with it."""

from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.integrations.flask_oauth2.requests import FlaskOAuth2Payload, FlaskOAuth2Request
from authlib.oauth2.rfc6749 import OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc9207 import IssuerParameter
from flask import Flask, Response, current_app
from flask import request as flask_request
from werkzeug.datastructures import MultiDict

from auth_server import authorizations, client_authentication, credentials
from auth_server.context import get_settings
from auth_server.digests import new_secret
from auth_server.endpoints import Introspection, Revocation
from auth_server.errors import ReplayDetected, describe_for_the_wire
from auth_server.grants import AuthorizationCodeGrant, RefreshTokenGrant, S256Required
from auth_server.models import Client
from auth_server.scopes import SCOPES
from config import AuthServerSettings
from web.clock import now
from web.database import get_db
from web.event_log import record, record_on_commit

#: What this server does. The metadata is read off this table, so that it cannot promise anything else.
GRANTS = ((AuthorizationCodeGrant, (S256Required(required=True),)), (RefreshTokenGrant, ()))
ENDPOINTS = (Introspection, Revocation)


class _Payload(FlaskOAuth2Payload):  # type: ignore[misc]  # Authlib is untyped
    """Parameters from one place only: Authlib merges query and body, and lets one override the other.

    Those without a value MUST be treated as if they were omitted from the request (RFC 6749 §3.1, §3.2).
    """

    def __init__(self, parameters: MultiDict[str, str]) -> None:
        self._parameters = MultiDict(
            (name, value) for name, value in parameters.items(multi=True) if value
        )

    @property
    def data(self) -> MultiDict[str, str]:
        return self._parameters


class _Request(FlaskOAuth2Request):  # type: ignore[misc]
    def __init__(self, parameters: MultiDict[str, str]) -> None:
        super().__init__(flask_request)
        self.payload = _Payload(parameters)

    @property
    def form(self) -> MultiDict[str, str]:
        return self.payload.data


class TripodAuthorizationServer(AuthorizationServer):  # type: ignore[misc]
    """Authlib's server over this project's tables. Nothing in it commits but the end of a replayed grant."""

    def query_client(self, client_id: str) -> Client | None:
        return client_authentication.find_client(client_id)

    def authenticate_client(
        self, request: OAuth2Request, methods: list[str], endpoint: str = "token"
    ) -> Client:
        return client_authentication.authenticate(request, methods)

    def create_oauth2_request(self, request: OAuth2Request | None) -> OAuth2Request:
        """The authorization endpoint reads its query, every other endpoint its body (RFC 6749 §3.1, §3.2)."""
        return request or _Request(flask_request.form)

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        """Store what is about to be answered, under the grant of what it is exchanged for."""
        db, refresh_token = get_db(), request.refresh_token
        grant_id = (refresh_token or request.authorization_code).grant_id
        credentials.store_tokens(
            db,
            token,
            grant_id=grant_id,
            predecessor_digest=refresh_token and refresh_token.digest,
            now=now(),
        )
        record_on_commit(
            db,
            "tokens_refreshed" if refresh_token else "code_redeemed",
            grant_id=grant_id,
            client_id=request.client.client_id,
            scope=token["scope"],
            expires_in=token["expires_in"],
        )

    def handle_error_response(self, request: OAuth2Request, error: OAuth2Error) -> Response:
        """An error of a machine endpoint (RFC 6749 §5.2): nothing of the request is kept, and a replay ends its grant."""
        db, reason = get_db(), describe_for_the_wire(error)
        record(
            "request_refused",
            endpoint=flask_request.path,
            error=error.error,
            reason=reason,
            client_id=request.client.client_id
            if request.client
            else getattr(error, "client_id", None),
            grant_id=getattr(error, "grant_id", None),
        )
        db.rollback()
        if isinstance(error, ReplayDetected):
            authorizations.end_replayed_grant(db, str(error.grant_id))
            db.commit()
        return super().handle_error_response(request, error)  # type: ignore[no-any-return]


class _Issuer(IssuerParameter):  # type: ignore[misc]
    def get_issuer(self) -> str:
        return get_settings().url


def front_channel_request() -> OAuth2Request:
    """The authorization request in hand, read off its query."""
    return _Request(flask_request.args)


def add_issuer(response: Response) -> Response:
    """`iss` in an authorization response, errors included (RFC 9207 §2)."""
    _Issuer().add_issuer_parameter(None, response)
    return response


def init_app(app: Flask, settings: AuthServerSettings) -> None:
    """Set the server up for `app`."""
    server = TripodAuthorizationServer()
    server.init_app(app)
    server.scopes_supported = list(SCOPES)
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
    """The server of the application that handles this request."""
    server: TripodAuthorizationServer = current_app.extensions["tripod.authorization_server"]
    return server


def _random_token(**_about: object) -> str:
    return new_secret()
