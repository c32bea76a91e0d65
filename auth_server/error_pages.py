"""The answers to the two kinds of authorization errors (RFC 6749 §4.1.2.1)."""

from http import HTTPStatus

from flask import Flask, redirect
from flask.typing import ResponseReturnValue

from auth_server.errors import AuthorizationRefused, UntrustedRequest
from auth_server.reasons import UNSPECIFIC
from auth_server.server import issuer_parameter
from web.addresses import append_parameters
from web.event_log import Field, record
from web.pages import page


def init_app(app: Flask) -> None:
    """Register a handler for each kind with `app`."""
    app.register_error_handler(UntrustedRequest, _error_page)
    app.register_error_handler(AuthorizationRefused, _error_redirect)


def _error_page(error: UntrustedRequest) -> ResponseReturnValue:
    """Show the error. The server MUST NOT redirect to the invalid redirection URI (§4.1.2.1)."""
    record("authorization_request_refused", error=error.error, reason=error.reason, **error.fields)
    return page("untrusted_request.html", HTTPStatus.BAD_REQUEST, error=error)


def _error_redirect(error: AuthorizationRefused) -> ResponseReturnValue:
    """Redirect to the client with `error`, `state` and `iss`."""
    fields: dict[str, Field] = {}
    if error.reason in UNSPECIFIC:
        fields["detail"] = error.description
    record(
        "authorization_request_refused",
        error=error.error,
        reason=error.reason,
        client_id=error.client_id,
        **fields,
    )
    parameters = [("error", error.error), ("error_description", error.description)]
    if error.state:
        parameters.append(("state", error.state))
    parameters.append(issuer_parameter())
    return redirect(append_parameters(error.redirect_uri, parameters))
