"""The back channel: the token, introspection and revocation endpoints.

A public client in a browser uses the token and revocation endpoints. It has no secret, so a
preflight allows no `Authorization`.
"""

from http import HTTPStatus

from auth_server.errors import InvalidRequest
from auth_server.protocol_request import ProtocolRequest
from auth_server.reasons import Reason
from auth_server.request_parameters import (
    RESOURCE,
    objection_to_repetition,
    objection_to_resource,
)
from auth_server.server import authorization_server
from auth_server.views.blueprint import bp
from web import event_log
from web.cors import for_browser_clients
from web.database import get_transaction, writing
from web.entrance import FORM, FormRequest, JsonAnswer


@bp.answers_forms("/oauth/token")
@for_browser_clients("Content-Type")
@writing
def token_request(request: FormRequest) -> JsonAnswer:
    """T1 – Access token request (RFC 6749 §4.1.3).

    A refresh request (§6) arrives here, too. The steps, in this order:

    1. Check the form and its parameters, here.
    2. Let Authlib choose the grant type, and authenticate the client (`client_authentication.py`).
    3. Check the code: its client, its lifetime, its redirect URI, its verifier (`grant_types.py`).
       Or check the refresh token, spend it, and check the scope.
    4. Store the new tokens (`save_token` in `server.py`), and redeem the code.
    5. Commit in `_commit_on_success`. After an error, `handle_error_response` in `server.py` has
       rolled back; after a replay, it has also committed the end of the grant.
    """
    server, protocol_request = authorization_server(), _protocol_request(request)
    error = _objection(request, required="grant_type", repeatable=RESOURCE)
    if error := error or objection_to_resource(request.form):
        return server.handle_error_response(protocol_request, error)
    return _commit_on_success(server.create_token_response(protocol_request))


@bp.answers_forms("/oauth/introspect")
def introspection_request(request: FormRequest) -> JsonAnswer:
    """R2 – Introspection request (RFC 7662 §2.1)."""
    answer = _endpoint_response("introspection", request)
    if answer.status == HTTPStatus.OK:
        event_log.count("token_introspected")
    return answer


@bp.answers_forms("/oauth/revoke")
@for_browser_clients("Content-Type")
@writing
def revocation_request(request: FormRequest) -> JsonAnswer:
    """E1 – Revocation request (RFC 7009 §2.1)."""
    return _commit_on_success(_endpoint_response("revocation", request))


def _endpoint_response(name: str, request: FormRequest) -> JsonAnswer:
    server, protocol_request = authorization_server(), _protocol_request(request)
    if error := _objection(request, required="token"):
        return server.handle_error_response(protocol_request, error)
    answer: JsonAnswer = server.create_endpoint_response(name, protocol_request)
    return answer


def _protocol_request(request: FormRequest) -> ProtocolRequest:
    return ProtocolRequest(
        "POST", request.path, request.form, request.authorization, request.address
    )


def _commit_on_success(answer: JsonAnswer) -> JsonAnswer:
    """Commit the transaction if the request succeeded; otherwise it was rolled back before."""
    if answer.status == HTTPStatus.OK:
        get_transaction().commit()
    return answer


def _objection(
    request: FormRequest, *, required: str, repeatable: str = ""
) -> InvalidRequest | None:
    """Return what is wrong with the body, or None."""
    if not request.is_form:
        return InvalidRequest(Reason.WRONG_CONTENT_TYPE, f"The body must be {FORM}.")
    if error := objection_to_repetition(request.form, repeatable=repeatable):
        return error
    if not any(request.form.get(required, [])):
        return InvalidRequest(Reason.MISSING_PARAMETER, f"{required} is missing.")
    return None
