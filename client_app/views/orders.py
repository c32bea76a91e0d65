"""Ordering prints: the form on the album, and the order sheet that one can look at and print."""

from http import HTTPStatus

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from client_app.api_errors import NoSuchPhotoError
from client_app.orders import BadOrderError, Order, Print, Wish
from client_app.page_access import access, call, needs
from client_app.print_shop import print_shop
from client_app.views import bp
from client_app.views.album import RefusedForm, album_page, owners_name
from web.pages import page


@bp.post("/orders")
@needs("photos:read")
def new_order() -> Response | tuple[str, int]:
    """Make an order of the photos that are ticked, once the image of each has come from Photo API."""
    photo_ids, size, copies = (
        request.form.getlist("photo"),
        request.form.get("size", ""),
        request.form.get("copies", ""),
    )
    try:
        wish = Wish.read(photo_ids, size, copies)
        prints = [_fetched(photo_id) for photo_id in wish.photo_ids]
    except (BadOrderError, NoSuchPhotoError) as error:
        sentence = (
            str(error)
            if isinstance(error, BadOrderError)
            else "One of these photos is not there any more."
        )
        refused = RefusedForm(
            "order", "photo", sentence, {"photo": photo_ids, "size": size, "copies": copies}
        )
        return album_page(
            request.form.get("after") or None, HTTPStatus.UNPROCESSABLE_ENTITY, refused
        )
    order = Order.of(wish, prints, owners_name(), print_shop().clock())
    access().keep(order)
    return redirect(url_for(".order_sheet", number=order.number), HTTPStatus.SEE_OTHER)


@bp.get("/orders/<number>")
@needs("photos:read")
def order_sheet(number: str) -> tuple[str, int]:
    """The sheet of one of this connection's orders."""
    order = next((order for order in access().orders() if order.number == number), None)
    if order is None:
        return page("no_such_order.html", HTTPStatus.NOT_FOUND)
    return page("order.html", order=order)


def _fetched(photo_id: str) -> Print:
    """One photo, fetched in full, so that nothing is ordered that could not be printed."""
    photo = call(print_shop().api.photo, photo_id)
    content_type, size = call(print_shop().api.whole_image, photo_id)
    return Print(photo.id, photo.title, content_type, size)
