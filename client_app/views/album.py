"""The album and its images."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

import requests
from flask import Response, request, url_for
from werkzeug.wrappers import Response as WerkzeugResponse

from client_app import outcomes
from client_app.orders import MAX_COPIES, MAX_PHOTOS, SIZES
from client_app.page_access import call, current_access, needs
from client_app.print_shop import print_shop
from client_app.views.blueprint import bp
from web import text
from web.pages import page


@dataclass(frozen=True)
class RefusedForm:
    """A form of the album that was refused.

    `name` is `add`, `order`, or the id of the photo to rename. `sentence` says what is wrong with
    `field`. `typed` contains what the user entered.
    """

    name: str
    field: str
    sentence: str
    typed: Mapping[str, object]


@bp.get("/photos")
@needs("photos:read")
def album() -> tuple[str, int]:
    """Show the album, or one page of it."""
    return album_page(request.args.get("after"))


@bp.get("/photos/<photo_id>/image")
def image(photo_id: str) -> Response:
    """Pass on the image of one photo, because the browser has no token to fetch it with."""
    picture = call(print_shop().api.image, photo_id)
    response = Response(_until_cut_off(picture.chunks), content_type=picture.content_type)
    response.headers["Cache-Control"] = "private, no-store"
    response.call_on_close(picture.close)
    return response


def _until_cut_off(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the parts of an image. They end early if the photo is deleted meanwhile."""
    with suppress(requests.RequestException):
        yield from chunks


def album_page(
    after: str | None, status: int = HTTPStatus.OK, refused: RefusedForm | None = None
) -> tuple[str, int]:
    """Return the page of the album that follows the photo `after`.

    A form that was `refused` is shown with what the user entered.
    """
    photos, name = call(print_shop().api.photos, after), owner_name()
    tokens = current_access().tokens()
    automatic = outcomes.automatic_refresh(current_access().replaced, tokens)
    return page(
        "album.html",
        status,
        album=photos,
        after=after,
        owner=name and name.split()[0],
        tokens=tokens,
        seconds_left=round(tokens.seconds_left(print_shop().clock())),
        may_write="photos:write" in tokens.scope.split(),
        orders=current_access().orders(),
        refused=refused,
        done=[one for one in (outcomes.take_outcome(), automatic) if one],
        sizes=SIZES,
        max_photos=MAX_PHOTOS,
        max_copies=MAX_COPIES,
    )


def form_page() -> str | None:
    """Return the `after` of the album page from which the current form was sent."""
    return request.form.get("after") or None


def back_to_album(outcome: outcomes.Outcome, photo_id: str | None = None) -> WerkzeugResponse:
    """Redirect to the album page from which the form was sent, and there to the photo."""
    anchor = photo_id and f"photo-{photo_id}"
    address = url_for("client_app.album", after=form_page(), _anchor=anchor)
    return outcomes.redirect_with(outcome, address)


def owner_name() -> str | None:
    """Return the name of the album's owner, or None if they did not share it or have none."""
    if "profile" not in current_access().scopes():
        return None
    name = call(print_shop().api.name).strip()
    if not text.is_visible(name):
        return None
    return name
