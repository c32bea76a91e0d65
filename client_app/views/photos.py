"""The forms that add, rename and delete photos. They need the scope `photos:write`."""

from http import HTTPStatus

from flask import request, url_for
from werkzeug.wrappers import Response

from client_app.api_errors import (
    BadTitleError,
    NotAnImageError,
    PhotoApiBusyError,
    PhotoApiError,
    StorageFullError,
    TooLargeError,
)
from client_app.outcomes import Outcome, redirect_with
from client_app.page_access import call, needs
from client_app.print_shop import print_shop
from client_app.uploads import MAX_IMAGE_MIB, accepts_uploads
from client_app.views.album import RefusedForm, album_page, back_to_album, form_page
from client_app.views.blueprint import bp
from web.pages import page

#: For each error of the API: the status of the page, the wrong field, and the sentence beside it.
REFUSALS: dict[type[PhotoApiError], tuple[HTTPStatus, str, str]] = {
    BadTitleError: (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "title",
        "A title must have 1 to 200 characters. At least one must be visible, and none may be a "
        "control character.",
    ),
    TooLargeError: (
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "image",
        f"That image is too large: Photo API accepts up to {MAX_IMAGE_MIB} MiB and 24 megapixels. "
        "If yours is smaller, save it again as an ordinary JPEG.",
    ),
    NotAnImageError: (
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "image",
        "Photo API cannot read that file. Choose a complete PNG, JPEG, WebP or AVIF image, or save "
        "a HEIC photo as JPEG first.",
    ),
    # The user can resolve the conflict, so the page has no status of a server error.
    StorageFullError: (
        HTTPStatus.CONFLICT,
        "image",
        "Your album is full: Photo API stores up to 500 photos and 500 MiB for you. Delete photos "
        "to make room.",
    ),
    PhotoApiBusyError: (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "image",
        "Photo API is busy, so your photo was not added. Try again in a few seconds.",
    ),
}


@bp.post("/photos")
@accepts_uploads
@needs("photos:write")
def new_photo() -> Response | tuple[str, int]:
    """Add a photo and redirect to it in the album."""
    title, image = request.form.get("title", ""), request.files.get("image")
    if not image or not image.filename:
        missing = RefusedForm("add", "image", "Choose an image to add.", {"title": title})
        return album_page(form_page(), HTTPStatus.UNPROCESSABLE_ENTITY, missing)
    try:
        photo = call(print_shop().api.add, title, image.stream)
    except tuple(REFUSALS) as error:
        return _refused("add", error, title)
    return redirect_with(Outcome.ADDED, url_for(".album", _anchor=f"photo-{photo.id}"))


@bp.post("/photos/<photo_id>/title")
@needs("photos:write")
def new_title(photo_id: str) -> Response | tuple[str, int]:
    """Rename a photo and redirect to it in the album."""
    title = request.form.get("title", "")
    try:
        call(print_shop().api.rename, photo_id, title)
    except BadTitleError as error:
        return _refused(photo_id, error, title)
    return back_to_album(Outcome.RENAMED, photo_id)


@bp.get("/photos/<photo_id>/delete")
@needs("photos:write")
def photo_removal_page(photo_id: str) -> tuple[str, int]:
    """Ask the user to confirm that the photo should be deleted."""
    return page(
        "delete_photo.html",
        photo=call(print_shop().api.photo, photo_id),
        after=request.args.get("after"),
    )


@bp.post("/photos/<photo_id>/delete")
@needs("photos:write")
def photo_removal(photo_id: str) -> Response:
    """Delete a photo and redirect to the album."""
    call(print_shop().api.delete, photo_id)
    return back_to_album(Outcome.DELETED)


def _refused(form: str, error: PhotoApiError, title: str) -> tuple[str, int]:
    status, field, sentence = REFUSALS[type(error)]
    return album_page(form_page(), status, RefusedForm(form, field, sentence, {"title": title}))
