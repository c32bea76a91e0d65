"""The registration endpoint (RFC 7591 §3) and the client configuration endpoint (RFC 7592 §2).

Both are for programs, also for those in a browser, and answer with JSON whatever is sent.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from http import HTTPStatus
from typing import ParamSpec

from flask import jsonify, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.http import quote_header_value

from auth_server import client_registration, clients, removal
from auth_server.context import get_settings
from auth_server.errors import RegistrationError, RegistrationRefused, RegistrationThrottled
from auth_server.models import Client
from auth_server.realm import realm
from auth_server.reasons import Reason
from auth_server.registration_request import Members, parse_members
from auth_server.views.blueprint import bp
from web.canonical_host import for_machines
from web.cors import for_browser_clients
from web.database import end_transaction, get_database, get_db, writing
from web.entrance import JSON
from web.event_log import Field, record

P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]

_CLOSED = "This server does not let programs register clients."
_NO_ACCESS = "This request needs the right access token in the Authorization header."


def _answers_errors(view: View[P]) -> View[P]:
    """Answer the errors that a view raises. Its transaction is rolled back then."""

    @wraps(view)
    def answering(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        try:
            return view(*args, **kwargs)
        except RegistrationRefused as refusal:
            return _refuse_access(refusal)
        except RegistrationThrottled as throttled:
            return _throttle(throttled)
        except RegistrationError as error:
            return _represent_error(error)

    return answering


@bp.post("/oauth/register")
@for_browser_clients("Authorization", "Content-Type")
@for_machines
@_answers_errors
@writing
def client_registration_request() -> ResponseReturnValue:
    """Register a client (RFC 7591 §3.1). Only the response shows its secret and its token."""
    client_registration.check_initial_access(_presented_token())
    db = get_db()
    client, secret, token = client_registration.register(
        db, _read_members(), request.remote_addr or ""
    )
    db.commit()
    information = _information(client, token)
    if secret is not None:
        # RFC 7591 §3.2.1: 0 means that the secret does not expire.
        information |= {"client_secret": secret, "client_secret_expires_at": 0}
    return jsonify(information), HTTPStatus.CREATED


@bp.get("/oauth/register/<client_id>")
@for_browser_clients("Authorization")
@for_machines
@_answers_errors
def client_read_request(client_id: str) -> ResponseReturnValue:
    """Return what is registered of a client, without its secret (RFC 7592 §2.1)."""
    token = _presented_token()
    client = client_registration.find_client(get_db(), client_id, token)
    return jsonify(_information(client, token))


@bp.put("/oauth/register/<client_id>")
@for_browser_clients("Authorization", "Content-Type")
@for_machines
@_answers_errors
@writing
def client_update_request(client_id: str) -> ResponseReturnValue:
    """Replace the metadata of a client (RFC 7592 §2.2). Its secret and its token stay."""
    db, token = get_db(), _presented_token()
    client = client_registration.find_client(db, client_id, token, lock=True)
    client_registration.update(db, client, _read_members())
    db.commit()
    return jsonify(_information(client, token))


@bp.delete("/oauth/register/<client_id>")
@for_browser_clients("Authorization")
@for_machines
@_answers_errors
@writing
def client_delete_request(client_id: str) -> ResponseReturnValue:
    """Delete a client (RFC 7592 §2.3). Its grants end, and its tokens stop working."""
    client_registration.find_client(get_db(), client_id, _presented_token())
    end_transaction()  # Each step of the removal is a transaction of its own.
    with suppress(RegistrationError):  # Another request has removed it.
        removal.remove_client(get_database(), client_id)
    return "", HTTPStatus.NO_CONTENT


def _presented_token() -> str | None:
    credentials = request.authorization
    if credentials is None or credentials.type != "bearer":
        return None
    return credentials.token or None


def _read_members() -> Members:
    if request.mimetype != JSON:
        rule = f"The body is {JSON}."
        raise RegistrationError(rule, {"body": rule})
    return parse_members(request.get_data())


def _information(client: Client, token: str | None) -> dict[str, object]:
    """Return the client information response (RFC 7591 §3.2.1, RFC 7592 §3)."""
    address = url_for("auth_server.client_read_request", client_id=client.client_id)
    return {
        **clients.client_information(client),
        "registration_client_uri": get_settings().url + address,
        "registration_access_token": token,
    }


def _refuse_access(refusal: RegistrationRefused) -> ResponseReturnValue:
    _record("access_denied", refusal.reason)
    if refusal.reason == Reason.REGISTRATION_CLOSED:
        return _describe("access_denied", _CLOSED), HTTPStatus.FORBIDDEN
    challenge = f"Bearer realm={quote_header_value(realm(), allow_token=False)}"
    if refusal.reason == Reason.WRONG_REGISTRATION_TOKEN:
        challenge += ', error="invalid_token"'
    headers = {"WWW-Authenticate": challenge}
    return _describe("invalid_token", _NO_ACCESS), HTTPStatus.UNAUTHORIZED, headers


def _throttle(throttled: RegistrationThrottled) -> ResponseReturnValue:
    seconds = throttled.retry_after
    _record("temporarily_unavailable", Reason.TOO_MANY_REGISTRATIONS)
    sentence = f"Too many clients registered from this address. Try again in {seconds} seconds."
    headers = {"Retry-After": str(seconds)}
    return (
        _describe("temporarily_unavailable", sentence),
        HTTPStatus.TOO_MANY_REQUESTS,
        headers,
    )


def _represent_error(error: RegistrationError) -> ResponseReturnValue:
    """Return the client registration error response (RFC 7591 §3.2.2)."""
    field, reason = next(iter(error.objections), None), Reason.INVALID_CLIENT_METADATA
    if field == "redirect_uris":
        reason = Reason.INVALID_REDIRECT_URI
    _record(reason.value, reason, detail=field)
    return _describe(reason.value, str(error)), HTTPStatus.BAD_REQUEST


def _describe(error: str, description: str) -> dict[str, str]:
    return {"error": error, "error_description": description}


def _record(error: str, reason: Reason, **fields: Field) -> None:
    record("request_refused", endpoint="/oauth/register", error=error, reason=reason, **fields)
