"""The album and its images, with the forms that stand on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as WerkzeugResponse

from client_app.orders import MAX_COPIES, MAX_PHOTOS, SIZES
from client_app.page_access import access, call, needs
from client_app.print_shop import print_shop
from client_app.views import bp
from web.pages import page


@dataclass(frozen=True)
class RefusedForm:
    """One of the album's forms that was refused: `name` is `add`, `order`, or the id of the photo to rename.

    `field` is the one that `sentence` is about, `typed` what the person put into the fields.
    """

    name: str
    field: str
    sentence: str
    typed: Mapping[str, object]


@bp.get("/photos")
@needs("photos:read")
def album() -> tuple[str, int]:
    """The album, or a page of it."""
    return album_page(request.args.get("after"))


@bp.get("/photos/<photo_id>/image")
def image(photo_id: str) -> Response:
    """One photo's image, passed on as it comes: the browser has no token to fetch it with."""
    picture = call(print_shop().api.image, photo_id)
    response = Response(picture.chunks, content_type=picture.content_type)
    response.headers["Cache-Control"] = "private, no-store"
    response.call_on_close(picture.close)
    return response


def album_page(
    after: str | None, status: int = HTTPStatus.OK, refused: RefusedForm | None = None
) -> tuple[str, int]:
    """The album behind the photo `after`; with what was typed into a form that was `refused`, and why."""
    photos, name = call(print_shop().api.photos, after), owners_name()
    tokens = access().tokens()
    return page(
        "album.html",
        status,
        album=photos,
        after=after,
        owner=name.split()[0] if name else None,
        tokens=tokens,
        left=round(tokens.left(print_shop().clock())),
        may_write="photos:write" in tokens.scope.split(),
        orders=access().orders(),
        refused=refused,
        sizes=SIZES,
        max_photos=MAX_PHOTOS,
        max_copies=MAX_COPIES,
    )


def back_to_album(photo_id: str | None = None) -> WerkzeugResponse:
    """303 to the page of the album on which the form stood, and there to the photo."""
    after, anchor = request.form.get("after") or None, photo_id and f"photo-{photo_id}"
    return redirect(url_for("client_app.album", after=after, _anchor=anchor), HTTPStatus.SEE_OTHER)


def owners_name() -> str | None:
    """The name of the person whose album it is, if she lets Print Shop know it and has one."""
    return call(print_shop().api.name).strip() or None if "profile" in access().scopes() else None
