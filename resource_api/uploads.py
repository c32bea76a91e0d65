"""Answer uploads that are refused: the error and the sentence for each reason."""

from flask import Flask, Response

from resource_api.errors import (
    InsufficientStorage,
    TemporarilyUnavailable,
    TooLarge,
    UnsupportedImage,
    answer_with,
)
from resource_api.protection import resource_owner
from resource_api.reasons import Reason, UploadRefused
from web import event_log

_ERRORS = {
    Reason.TOO_MANY_BYTES: TooLarge("image must be at most 10 MiB."),
    Reason.TOO_MANY_PIXELS: TooLarge("image must have at most 24 million pixels."),
    Reason.TOO_MANY_SCANS: TooLarge("image must have at most 100 scans."),
    Reason.IMAGE_TOO_COMPLEX: TooLarge(
        "image takes too much time or memory to decode. Save it again as an ordinary JPEG."
    ),
    Reason.UNSUPPORTED_IMAGE: UnsupportedImage(
        "image must be a complete and valid PNG, JPEG, WebP or AVIF image."
    ),
    Reason.HEIC_IMAGE: UnsupportedImage(
        "image is in the format HEIC, which is not supported. Convert it to JPEG first."
    ),
    Reason.TOO_MANY_UPLOADS: TemporarilyUnavailable(
        "Too many images are being decoded. The photo was not stored. Send it again later."
    ),
    Reason.TOO_MANY_PHOTOS: InsufficientStorage("The user has 500 photos, which is the limit."),
    Reason.STORAGE_FULL: InsufficientStorage(
        "The photos of the user would have more than 500 MiB, which is the limit."
    ),
}


def init_app(app: Flask) -> None:
    """Answer each `UploadRefused` that a view of `app` raises."""
    app.register_error_handler(UploadRefused, _handle_upload_refused)


def _handle_upload_refused(refused: UploadRefused) -> tuple[Response, int, dict[str, str]]:
    error, owner = _ERRORS[refused.reason], resource_owner()
    fields = {"client_id": owner.client_id, "sub": owner.sub}
    if refused.detail:
        fields["detail"] = refused.detail
    event_log.record("upload_refused", error=error.error, reason=refused.reason, **fields)
    return answer_with(error)
