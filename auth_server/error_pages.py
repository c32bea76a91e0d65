"""The answers to the two kinds of authorization errors (RFC 6749 §4.1.2.1)."""

from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue

from auth_server import sign_in
from auth_server.errors import AuthorizationRefused, UntrustedRequest
from auth_server.reasons import UNSPECIFIC
from auth_server.redirect_uris import is_private_use
from auth_server.registered_client import RegisteredClient
from auth_server.registrants import is_trusted
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
    record(error.event, error=error.error, reason=error.reason, **error.fields)
    return page(error.template, HTTPStatus.BAD_REQUEST, error=error)


def _error_redirect(error: AuthorizationRefused) -> ResponseReturnValue:
    """Redirect to the client with `error`, `state` and `iss`, or let the visitor decide."""
    fields: dict[str, Field] = {}
    if error.reason in UNSPECIFIC:
        fields["detail"] = error.description
    record(
        "authorization_request_refused",
        error=error.error,
        reason=error.reason,
        client_id=error.client.client_id,
        **fields,
    )
    parameters = [("error", error.error), ("error_description", error.description)]
    if error.state:
        parameters.append(("state", error.state))
    parameters.append(issuer_parameter())
    address = append_parameters(error.redirect_uri, parameters)
    if _may_redirect(error.client):
        return redirect(address)
    host = ""
    if not is_private_use(error.redirect_uri):
        host = urlsplit(error.redirect_uri).netloc
    return page(
        "error_redirect.html", HTTPStatus.BAD_REQUEST, error=error, address=address, host=host
    )


def _may_redirect(client: RegisteredClient) -> bool:
    """Return whether an error may send the visitor to the client at once (RFC 9700 §4.11.2).

    The server authenticates the user first, or trusts the address. In a frame, as for silent
    authentication, the address bar shows the client's own page, so that nobody is misled.
    """
    is_in_frame = request.headers.get("Sec-Fetch-Dest") in ("iframe", "frame")
    return is_trusted(client) or is_in_frame or sign_in.signed_in_user() is not None
