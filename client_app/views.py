"""Print Shop's pages. What can go wrong in them is answered in `errors.py`."""

from http import HTTPStatus

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response as WerkzeugResponse

from client_app import visitor
from client_app.connection import Access, ConnectionEndedError, NotConnectedError
from client_app.oauth import SCOPE, UnreachableError
from client_app.print_shop import print_shop
from web.pages import page

bp = Blueprint("client_app", __name__)
MAX_SCOPE_LENGTH = 200


@bp.get("/")
def home() -> tuple[str, int]:
    """What Print Shop is, and a button to connect."""
    visitor.introduce()
    return page("home.html", is_connected=_is_connected())


@bp.get("/connect")
def connect() -> WerkzeugResponse:
    """A1 – The resource owner uses the client to reach a resource (RFC 6749 §4.1)."""
    scope = request.args.get("scope") or print_shop().default_scope
    if not SCOPE.fullmatch(scope) or len(scope) > MAX_SCOPE_LENGTH:
        abort(HTTPStatus.BAD_REQUEST, description="That scope is not one: it must be words with single spaces between.")
    return redirect(print_shop().flow.begin(visitor.introduce(), scope))


@bp.get("/callback")
def authorization_response() -> WerkzeugResponse | tuple[str, int]:
    """A7 – Authorization response (RFC 6749 §4.1.2). Answers 303, so that the code leaves the address bar at once."""
    parameters = request.args.items(multi=True)
    try:
        connection = print_shop().flow.finish(visitor.browser_id(), visitor.connection_id(), parameters)
    except UnreachableError as error:
        # 424, not 503 as elsewhere: this endpoint answers 303 or a 4xx, and invites nobody to send again what may hold
        # a spent code.
        return page("tripod_id_unreachable.html", HTTPStatus.FAILED_DEPENDENCY, reason=error, again=url_for(".connect"))
    visitor.connect(connection)
    return redirect(url_for(".album"), HTTPStatus.SEE_OTHER)


@bp.get("/photos")
def album() -> tuple[str, int]:
    """The album, or a page of it."""
    access, shop = _access(), print_shop()
    photos = access.call(lambda token: shop.api.photos(token, request.args.get("after")))
    owner = _owner(access)
    tokens = access.tokens()
    return page("album.html", album=photos, owner=owner, tokens=tokens, left=round(tokens.left(shop.clock())))


@bp.get("/photos/<photo_id>/image")
def image(photo_id: str) -> Response:
    """One photo's image, passed on as it comes: the browser has no token to fetch it with."""
    picture = _access().call(lambda token: print_shop().api.image(token, photo_id))
    response = Response(picture.chunks, content_type=picture.content_type)
    response.headers["Cache-Control"] = "private, no-store"
    response.call_on_close(picture.close)
    return response


@bp.post("/refresh")
def refresh() -> WerkzeugResponse:
    """Refresh now, without need."""
    access = _access()
    access.refresh(access.tokens())
    return redirect(url_for(".album"), HTTPStatus.SEE_OTHER)


@bp.post("/disconnect")
def disconnect() -> WerkzeugResponse:
    """Revoke the tokens and forget them; the next page says whether Tripod ID has heard of it."""
    if visitor.connection_id():
        flash("revoked" if _access().disconnect() else "only forgotten")
        visitor.disconnect()
    return redirect(url_for(".home"), HTTPStatus.SEE_OTHER)


@bp.app_template_filter()
def spelled(seconds: int) -> str:
    """1:34, as `tripod.js` goes on to spell it."""
    return (
        f"{seconds // 3600} h {seconds % 3600 // 60} min" if seconds >= 3600 else f"{seconds // 60}:{seconds % 60:02}"
    )


def _access() -> Access:
    connection = visitor.connection_id()
    if connection is None:
        raise NotConnectedError
    return print_shop().access(visitor.browser_id(), connection)


def _is_connected() -> bool:
    try:
        _access().tokens()
    except (NotConnectedError, ConnectionEndedError):
        return False
    return True


def _owner(access: Access) -> str | None:
    """The first name of the person whose album it is, if she lets Print Shop know it."""
    if "profile" not in access.tokens().scope.split():
        return None
    names = access.call(print_shop().api.name).split()
    return names[0] if names else None
