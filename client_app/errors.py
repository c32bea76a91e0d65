"""The error handlers of this leg: a page for each error, which says what the user can do next."""

import logging
from http import HTTPStatus

from flask import Flask, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge

from client_app.access import ConnectionEndedError, NotConnectedError
from client_app.api_errors import InsufficientScopeError, NoSuchPhotoError, PhotoApiError
from client_app.oauth import (
    BadResponseError,
    BadTokenError,
    NotUnderstoodError,
    RefusedError,
    UnreachableError,
)
from client_app.print_shop import print_shop
from client_app.reasons import Reason, reason_for
from client_app.return_to import ALBUM, checked_return_to, connect_again_url, connect_url, this_page
from client_app.scope_uses import uses_of
from client_app.session_store import StoreUnavailableError
from client_app.uploads import MAX_IMAGE_MIB, is_upload
from web import event_log
from web.form_tokens import FormRefused
from web.pages import page

Answer = tuple[str, int]
AnswerWithHeaders = tuple[str, int, dict[str, str]]

log = logging.getLogger("tripod")
RETRY_AFTER = {"Retry-After": "10"}

#: What an error of the authorization server means to the user. `{issuer}` is the server's name.
SENTENCES = {
    Reason.INVALID_SCOPE: "{issuer} does not offer the access that Print Shop requested.",
    Reason.INVALID_CLIENT: "{issuer} did not accept the credentials of Print Shop. The operator of "
    "Print Shop must correct them.",
    Reason.INVALID_GRANT: "The code from {issuer} is no longer valid.",
    Reason.SERVER_ERROR: "Something went wrong at {issuer}.",
    Reason.TEMPORARILY_UNAVAILABLE: "{issuer} is too busy at the moment.",
}
#: Why an ID token is refused. `{issuer}` is the server's name.
ID_TOKEN_SENTENCES = {
    Reason.JWT_MISSING: "The response contains no ID token.",
    Reason.SIGN_IN_CHANGED: "The ID token is about another sign-in.",
    Reason.JWT_MALFORMED: "The ID token cannot be read.",
    Reason.JWT_ALGORITHM: "The ID token is not signed in a way that Print Shop accepts.",
    Reason.JWT_KEY: "The ID token is not signed with a key of {issuer}.",
    Reason.JWT_SIGNATURE: "The signature of the ID token is wrong.",
    Reason.JWT_ISSUER: "The ID token is not from {issuer}.",
    Reason.JWT_AUDIENCE: "The ID token was issued to another app.",
    Reason.JWT_EXPIRED: "The ID token has expired.",
    Reason.JWT_FROM_THE_FUTURE: "The ID token was issued in the future. A clock may be wrong.",
    Reason.NONCE_MISMATCH: "The ID token belongs to another sign-in.",
    Reason.AT_HASH_MISMATCH: "The ID token belongs to another access token.",
    Reason.SIGN_IN_TOO_OLD: "You signed in longer ago than Print Shop requires.",
}
OTHER_SENTENCE = "{issuer} did not accept the request of Print Shop."
_PHOTO_API_OUTCOMES = {
    Reason.PHOTO_API_BAD_ANSWER: "not understood",
    Reason.PHOTO_API_REFUSED: "refused",
    Reason.ACCESS_TOKEN_REFUSED: "refused",
}


def init_app(app: Flask) -> None:
    """Register a handler for each error that a view of `app` can raise."""
    app.register_error_handler(NotConnectedError, _not_connected)
    app.register_error_handler(ConnectionEndedError, _connection_ended)
    app.register_error_handler(BadResponseError, _bad_authorization_response)
    app.register_error_handler(BadTokenError, _bad_id_token)
    app.register_error_handler(RefusedError, _refused)
    app.register_error_handler(UnreachableError, _auth_server_unreachable)
    app.register_error_handler(InsufficientScopeError, _insufficient_scope)
    app.register_error_handler(NoSuchPhotoError, _no_such_photo)
    app.register_error_handler(PhotoApiError, _photo_api_unreachable)
    app.register_error_handler(StoreUnavailableError, _store_unavailable)
    app.register_error_handler(FormRefused, _form_refused)
    app.register_error_handler(RequestEntityTooLarge, _form_too_large)


def _not_connected(_error: NotConnectedError) -> Answer:
    return page("not_connected.html", HTTPStatus.FORBIDDEN)


def _connection_ended(_error: ConnectionEndedError) -> Answer:
    return page("connection_ended.html", HTTPStatus.FORBIDDEN)


def _bad_authorization_response(error: BadResponseError) -> Answer:
    return page("bad_authorization_response.html", HTTPStatus.BAD_REQUEST, reason=error.code)


def _bad_id_token(error: BadTokenError) -> Answer:
    retry_address = connect_again_url(error.request)
    why = ID_TOKEN_SENTENCES[Reason(error.code)].format(issuer=print_shop().issuer_name)
    status = HTTPStatus.BAD_REQUEST
    return page("bad_id_token.html", status, why=why, error=error, retry_address=retry_address)


def _refused(error: RefusedError) -> Answer:
    retry_address, reason = connect_again_url(error.request), reason_for(error)
    if reason is Reason.ACCESS_DENIED:
        return_to = (error.request and error.request.return_to) or url_for(ALBUM)
        return page(
            "denied.html", HTTPStatus.FORBIDDEN, retry_address=retry_address, return_to=return_to
        )
    sentence = SENTENCES.get(reason, OTHER_SENTENCE).format(issuer=print_shop().issuer_name)
    return page(
        "refused.html",
        HTTPStatus.BAD_REQUEST,
        error=error,
        sentence=sentence,
        retry_address=retry_address,
    )


def _auth_server_unreachable(error: UnreachableError) -> Answer | AnswerWithHeaders:
    """Say whether the server is out of reach, was not understood, or refused this client."""
    outcome = "out of reach"
    if isinstance(error, NotUnderstoodError):
        outcome = "not understood"
    elif reason_for(error) is Reason.CLIENT_REFUSED:
        outcome = "refused"
    context = {"reason": error, "outcome": outcome}
    if request.endpoint == "client_app.authorization_response":
        # The status is 424 and not 503: a 503 invites the browser to send the request again, and
        # with it a code that may be spent.
        retry_address = connect_again_url(error.request)
        status = HTTPStatus.FAILED_DEPENDENCY
        return page("auth_server_failed.html", status, retry_address=retry_address, **context)
    if request.endpoint == "client_app.connect":
        return_to = checked_return_to(request.args.get("return_to"))
        retry_address = connect_url(
            request.args.get("scope"), return_to, request.args.get("prompt")
        )
    else:
        retry_address = this_page() or url_for(ALBUM)
    status = HTTPStatus.SERVICE_UNAVAILABLE
    answer = page("auth_server_failed.html", status, retry_address=retry_address, **context)
    return *answer, RETRY_AFTER


def _insufficient_scope(error: InsufficientScopeError) -> Answer:
    needed = error.scope.split()
    return page(
        "more_needed.html",
        HTTPStatus.FORBIDDEN,
        needed=needed,
        actions=[use.action for use in uses_of(needed)],
        was_asked=set(needed) <= set(print_shop().default_scope.split()),
    )


def _no_such_photo(_error: NoSuchPhotoError) -> Answer:
    return page("no_such_photo.html", HTTPStatus.NOT_FOUND)


def _photo_api_unreachable(error: PhotoApiError) -> AnswerWithHeaders:
    event_log.record("photo_api_unreachable", reason=error.reason, detail=str(error))
    status = HTTPStatus.SERVICE_UNAVAILABLE
    outcome = _PHOTO_API_OUTCOMES.get(error.reason, "out of reach")
    return *page("photos_unreachable.html", status, reason=error, outcome=outcome), RETRY_AFTER


def _store_unavailable(error: StoreUnavailableError) -> AnswerWithHeaders:
    log.error("The session store is not available.", exc_info=error)
    return *page("store_unavailable.html", HTTPStatus.SERVICE_UNAVAILABLE), RETRY_AFTER


def _form_refused(error: FormRefused) -> Answer:
    return page("form_refused.html", HTTPStatus.BAD_REQUEST, reason=error.reason)


def _form_too_large(_error: RequestEntityTooLarge) -> Answer:
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return page("form_too_large.html", status, is_upload=is_upload(), mib=MAX_IMAGE_MIB)
