"""The start page, and the connection from its beginning to its end."""

from http import HTTPStatus

from flask import abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from client_app import browser_session
from client_app.oauth import SCOPE, UnreachableError
from client_app.page_access import access, granted_scopes
from client_app.print_shop import print_shop
from client_app.return_to import checked_return_to, connect_again_url
from client_app.views import bp
from web.pages import page

MAX_SCOPE_LENGTH = 200


@bp.get("/")
def home() -> tuple[str, int]:
    """What Print Shop is, and a button to connect."""
    browser_session.introduce()
    return page("home.html", is_connected=granted_scopes() is not None)


@bp.get("/connect")
def connect() -> Response:
    """A1 – The resource owner uses the client to reach a resource (RFC 6749 §4.1)."""
    scope = request.args.get("scope") or print_shop().default_scope
    if not SCOPE.fullmatch(scope) or len(scope) > MAX_SCOPE_LENGTH:
        abort(
            HTTPStatus.BAD_REQUEST,
            description="That scope is not one: it must be words with single spaces between.",
        )
    return_to = checked_return_to(request.args.get("return_to"))
    return redirect(print_shop().flow.begin(browser_session.introduce(), scope, return_to))


@bp.get("/callback")
def authorization_response() -> Response | tuple[str, int]:
    """A7 – Authorization response (RFC 6749 §4.1.2). Answers 303, so that the code leaves the address bar at once."""
    parameters = request.args.items(multi=True)
    try:
        made = print_shop().flow.finish(
            browser_session.browser_id(), browser_session.connection_id(), parameters
        )
    except UnreachableError as error:
        # 424, not 503 as elsewhere: this endpoint answers 303 or a 4xx, and invites nobody to send again what may hold
        # a spent code.
        again = connect_again_url(error.request)
        return page(
            "tripod_id_unreachable.html", HTTPStatus.FAILED_DEPENDENCY, reason=error, again=again
        )
    browser_session.connect(made.connection_id)
    return redirect(made.return_to or url_for(".album"), HTTPStatus.SEE_OTHER)


@bp.post("/refresh")
def refresh() -> Response:
    """Refresh now, without need."""
    connection = access()
    connection.refresh(connection.tokens())
    return redirect(url_for(".album"), HTTPStatus.SEE_OTHER)


@bp.post("/disconnect")
def disconnect() -> Response:
    """Revoke the tokens and forget them; the next page says whether Tripod ID has heard of it."""
    if browser_session.connection_id():
        flash("revoked" if access().disconnect() else "only forgotten")
        browser_session.disconnect()
    return redirect(url_for(".home"), HTTPStatus.SEE_OTHER)
