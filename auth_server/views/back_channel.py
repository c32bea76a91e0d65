"""The back channel: the token, introspection and revocation endpoints.

A public client in a browser uses the token and revocation endpoints. It has no secret, so a
preflight allows no `Authorization`.
"""

from http import HTTPStatus

from flask import Response, request

from auth_server.errors import InvalidRequest
from auth_server.reasons import Reason
from auth_server.request_parameters import (
    RESOURCE,
    objection_to_repetition,
    objection_to_resource,
)
from auth_server.server import authorization_server
from auth_server.views.blueprint import bp
from web.canonical_host import for_machines
from web.cors import for_browser_clients
from web.database import get_db, writing

CONTENT_TYPE = "application/x-www-form-urlencoded"


@bp.post("/oauth/token")
@for_browser_clients("Content-Type")
@for_machines
@writing
def token_request() -> Response:
    """T1 – Access token request (RFC 6749 §4.1.3)."""
    server = authorization_server()
    error = _objection(required="grant_type", repeatable=RESOURCE)
    if error := error or objection_to_resource(request.form):
        return server.handle_error_response(server.create_oauth2_request(None), error)
    return _commit_on_success(server.create_token_response())


@bp.post("/oauth/introspect")
@for_machines
def introspection_request() -> Response:
    """R2 – Introspection request (RFC 7662 §2.1)."""
    return _endpoint_response("introspection")


@bp.post("/oauth/revoke")
@for_browser_clients("Content-Type")
@for_machines
@writing
def revocation_request() -> Response:
    """E1 – Revocation request (RFC 7009 §2.1)."""
    return _commit_on_success(_endpoint_response("revocation"))


def _endpoint_response(name: str) -> Response:
    server = authorization_server()
    if error := _objection(required="token"):
        return server.handle_error_response(server.create_oauth2_request(None), error)
    response: Response = server.create_endpoint_response(name)
    return response


def _commit_on_success(response: Response) -> Response:
    """Commit the transaction if the request succeeded; otherwise it was rolled back before."""
    if response.status_code == HTTPStatus.OK:
        get_db().commit()
    return response


def _objection(*, required: str, repeatable: str = "") -> InvalidRequest | None:
    """Return what is wrong with the body, or None."""
    if request.mimetype != CONTENT_TYPE:
        return InvalidRequest(Reason.WRONG_CONTENT_TYPE, f"The body must be {CONTENT_TYPE}.")
    if error := objection_to_repetition(request.form, repeatable=repeatable):
        return error
    if not request.form.get(required):
        return InvalidRequest(Reason.MISSING_PARAMETER, f"{required} is missing.")
    return None
