"""Every way in which a page can fail, and the page that tells the person so, with what to do next."""

import logging
from http import HTTPStatus

from flask import Flask, render_template, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import NotFound

from client_app import visitor
from client_app.connection import ConnectionEndedError, NotConnectedError
from client_app.oauth import BadResponseError, RefusedError, UnreachableError
from client_app.photo_api import InsufficientScopeError, NoSuchPhotoError, PhotoApiError
from client_app.print_shop import print_shop
from client_app.session_store import StoreUnavailableError
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
    app.context_processor(lambda: {"has_connection": visitor.connection_id() is not None})


def _not_connected(_error: NotConnectedError) -> Page:
    return page("not_connected.html", HTTPStatus.FORBIDDEN)


def _connection_ended(_error: ConnectionEndedError) -> Page:
    return page("connection_ended.html", HTTPStatus.FORBIDDEN)


def _bad_authorization_response(error: BadResponseError) -> Page:
    return page("bad_authorization_response.html", HTTPStatus.BAD_REQUEST, reason=str(error))


def _refused(error: RefusedError) -> Page:
    if error.error == "access_denied":
        return page("denied.html", HTTPStatus.FORBIDDEN)
    return page("refused.html", HTTPStatus.BAD_REQUEST, error=error, sentence=SENTENCES.get(error.error, ANY_OTHER))


def _tripod_id_unreachable(error: UnreachableError) -> PageWithHeaders:
    again = url_for("client_app.album" if visitor.connection_id() else "client_app.connect")
    return *page("tripod_id_unreachable.html", HTTPStatus.SERVICE_UNAVAILABLE, reason=error, again=again), RETRY_AFTER


def _insufficient_scope(error: InsufficientScopeError) -> Page:
    wanted = f"{print_shop().default_scope} {error.scope}".split()
    return page("more_needed.html", HTTPStatus.FORBIDDEN, needed=error.scope, wanted=" ".join(dict.fromkeys(wanted)))


def _no_such_photo(_error: NoSuchPhotoError) -> Page:
    return render_template("error.html", error=NotFound()), HTTPStatus.NOT_FOUND


def _photo_api_unreachable(error: PhotoApiError) -> PageWithHeaders:
    event_log.record("photo_api_unreachable", reason=str(error))
    return *page("photos_unreachable.html", HTTPStatus.SERVICE_UNAVAILABLE, reason=error), RETRY_AFTER


def _store_unavailable(error: StoreUnavailableError) -> PageWithHeaders:
    log.error("the session store", exc_info=error)
    return *page("store_unavailable.html", HTTPStatus.SERVICE_UNAVAILABLE), RETRY_AFTER


def _form_refused(_error: CSRFError) -> Page:
    return page("form_refused.html", HTTPStatus.BAD_REQUEST)
