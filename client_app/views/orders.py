"""The order form of the album, and the order sheets."""

from http import HTTPStatus

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from client_app.api_errors import NoSuchPhotoError
from client_app.orders import BadOrderError, Order, OrderForm, Print
from client_app.page_access import call, current_access, needs
from client_app.print_shop import print_shop
from client_app.views.album import RefusedForm, album_page, form_page, owner_name
from client_app.views.blueprint import bp
from web.pages import page


@bp.post("/orders")
@needs("photos:read")
def new_order() -> Response | tuple[str, int]:
    """Order the chosen photos, after the image of each has been fetched from Photo API."""
    photo_ids = request.form.getlist("photo")
    size, copies = request.form.get("size", ""), request.form.get("copies", "")
    try:
        form = OrderForm.read(photo_ids, size, copies)
        prints = [_fetch_print(photo_id) for photo_id in form.photo_ids]
    except BadOrderError as error:
        return _refused(str(error))
    except NoSuchPhotoError:
        return _refused("One of these photos does not exist any more.")
    order = Order.create(form, prints, owner_name(), print_shop().clock())
    current_access().add_order(order)
    return redirect(url_for(".order_sheet", number=order.number), HTTPStatus.SEE_OTHER)


@bp.get("/orders/<number>")
@needs("photos:read")
def order_sheet(number: str) -> tuple[str, int]:
    """Show the sheet of one order of this connection."""
    for order in current_access().orders():
        if order.number == number:
            return page("order.html", order=order)
    return page("no_such_order.html", HTTPStatus.NOT_FOUND)


def _fetch_print(photo_id: str) -> Print:
    """Fetch a photo and its whole image, so that nothing is ordered that cannot be printed."""
    photo = call(print_shop().api.photo, photo_id)
    content_type, size = call(print_shop().api.whole_image, photo_id)
    return Print(photo.id, photo.title, content_type, size)


def _refused(sentence: str) -> tuple[str, int]:
    """Show the album again, with the form as it was sent."""
    typed = {
        "photo": request.form.getlist("photo"),
        "size": request.form.get("size", ""),
        "copies": request.form.get("copies", ""),
    }
    refused = RefusedForm("order", "photo", sentence, typed)
    return album_page(form_page(), HTTPStatus.UNPROCESSABLE_ENTITY, refused)
