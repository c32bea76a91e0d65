"""Every way in which a page can fail, and the page that tells the person so, with what to do next."""

import logging
from http import HTTPStatus

from flask import Flask, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import RequestEntityTooLarge

from client_app.access import ConnectionEndedError, NotConnectedError
from client_app.api_errors import InsufficientScopeError, NoSuchPhotoError, PhotoApiError
from client_app.oauth import BadResponseError, RefusedError, UnreachableError
from client_app.print_shop import print_shop
from client_app.return_to import ALBUM, checked_return_to, connect_again_url, connect_url, this_page
from client_app.session_store import StoreUnavailableError
from client_app.uploads import MAX_IMAGE_MIB, is_upload
from web import event_log
from web.pages import page

Page = tuple[str, int]
PageWithHeaders = tuple[str, int, dict[str, str]]

log = logging.getLogger("tripod")
RETRY_AFTER = {"Retry-After": "10"}

#: What an authorization server's `error` means to a person (RFC 6749 §4.1.2.1 and §5.2).
SENTENCES = {
    "invalid_scope": "Tripod ID does not know what Print Shop asked to see, or may not give it.",
    "invalid_grant": "What Tripod ID sent along with you was no longer good.",
    "server_error": "Something went wrong at Tripod ID.",
    "temporarily_unavailable": "Tripod ID has too much to do just now.",
}
ANY_OTHER = "Tripod ID does not accept what Print Shop asked."

#: What Print Shop could do with a scope, after "you have not allowed it to".
DEEDS = {
    "profile": "know your name",
    "photos:read": "look at your photos",
    "photos:write": "add, rename and delete photos",
}


def init_app(app: Flask) -> None:
    """Answer for each of these failures wherever in `app` it happens."""
    app.register_error_handler(NotConnectedError, _not_connected)
    app.register_error_handler(ConnectionEndedError, _connection_ended)
    app.register_error_handler(BadResponseError, _bad_authorization_response)
    app.register_error_handler(RefusedError, _refused)
    app.register_error_handler(UnreachableError, _tripod_id_unreachable)
    app.register_error_handler(InsufficientScopeError, _insufficient_scope)
    app.register_error_handler(NoSuchPhotoError, _no_such_photo)
    app.register_error_handler(PhotoApiError, _photo_api_unreachable)
    app.register_error_handler(StoreUnavailableError, _store_unavailable)
    app.register_error_handler(CSRFError, _form_refused)
    app.register_error_handler(RequestEntityTooLarge, _form_too_large)


def _not_connected(_error: NotConnectedError) -> Page:
    return page("not_connected.html", HTTPStatus.FORBIDDEN)


def _connection_ended(_error: ConnectionEndedError) -> Page:
    return page("connection_ended.html", HTTPStatus.FORBIDDEN)


def _bad_authorization_response(error: BadResponseError) -> Page:
    return page("bad_authorization_response.html", HTTPStatus.BAD_REQUEST, reason=error.code)


def _refused(error: RefusedError) -> Page:
    again = connect_again_url(error.request)
    if error.error == "access_denied":
        return_to = error.request.return_to if error.request else None
        return page(
            "denied.html", HTTPStatus.FORBIDDEN, again=again, return_to=return_to or url_for(ALBUM)
        )
    sentence = SENTENCES.get(error.error, ANY_OTHER)
    return page("refused.html", HTTPStatus.BAD_REQUEST, error=error, sentence=sentence, again=again)


def _tripod_id_unreachable(error: UnreachableError) -> PageWithHeaders:
    if request.endpoint == "client_app.connect":
        again = connect_url(
            request.args.get("scope"), checked_return_to(request.args.get("return_to"))
        )
    else:
        again = this_page() or url_for(ALBUM)
    return *page(
        "tripod_id_unreachable.html", HTTPStatus.SERVICE_UNAVAILABLE, reason=error, again=again
    ), RETRY_AFTER


def _insufficient_scope(error: InsufficientScopeError) -> Page:
    needed = error.scope.split()
    deeds = [DEEDS[scope] for scope in needed if scope in DEEDS]
    was_asked = set(needed) <= set(print_shop().default_scope.split())
    return page(
        "more_needed.html", HTTPStatus.FORBIDDEN, needed=needed, deeds=deeds, was_asked=was_asked
    )


def _no_such_photo(_error: NoSuchPhotoError) -> Page:
    return page("no_such_photo.html", HTTPStatus.NOT_FOUND)


def _photo_api_unreachable(error: PhotoApiError) -> PageWithHeaders:
    event_log.record("photo_api_unreachable", reason=error.reason, detail=str(error))
    return *page(
        "photos_unreachable.html", HTTPStatus.SERVICE_UNAVAILABLE, reason=error
    ), RETRY_AFTER


def _store_unavailable(error: StoreUnavailableError) -> PageWithHeaders:
    log.error("the session store", exc_info=error)
    return *page("store_unavailable.html", HTTPStatus.SERVICE_UNAVAILABLE), RETRY_AFTER


def _form_refused(_error: CSRFError) -> Page:
    return page("form_refused.html", HTTPStatus.BAD_REQUEST)


def _form_too_large(_error: RequestEntityTooLarge) -> Page:
    return page(
        "form_too_large.html",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        is_upload=is_upload(),
        mib=MAX_IMAGE_MIB,
    )
