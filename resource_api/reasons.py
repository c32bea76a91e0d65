"""The reason codes of this leg: why it refused access, or an uploaded photo.

The `reason` field of an `access_refused` or an `upload_refused` event holds one of these codes. The
caller learns less about a token: the descriptions in `protection.py` do not say which check failed.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Each code, with its meaning beside it."""

    # The request holds no usable credentials.
    NO_CREDENTIALS = "no_credentials"  # There is no Bearer access token in the request.
    MALFORMED_CREDENTIALS = "malformed_credentials"  # The Authorization header is not valid.

    # A web page sent the message of an agent.
    FOREIGN_ORIGIN = "foreign_origin"  # The header Origin names another origin.

    # The introspection response does not confirm the token.
    NOT_ACTIVE = "not_active"  # The authorization server says that the token is not active.
    # The token is of another kind, such as a refresh token.
    NOT_AN_ACCESS_TOKEN = "not_an_access_token"  # noqa: S105 - a code, not a secret
    OTHER_ISSUER = "other_issuer"  # Another authorization server issued the token.
    OTHER_AUDIENCE = "other_audience"  # The token is meant for another API.
    NO_SUBJECT = "no_subject"  # The response does not name the resource owner.

    # The authorization server gave no usable answer.
    NO_ANSWER = "no_answer"  # The server could not be reached, or did not answer in time.
    SERVER_FAILED = "server_failed"  # The server answered with status 5xx or 429.
    # The server refused the API's own credentials: status 401 or 403, or `invalid_client`.
    CREDENTIALS_REFUSED = "credentials_refused"
    NO_INTROSPECTION = "no_introspection"  # Its answer is not an introspection response.

    # The token is valid, but not for this request.
    SCOPE_NOT_GRANTED = "scope_not_granted"  # The resource owner did not grant this scope.

    # The uploaded file must not be stored.
    TOO_MANY_BYTES = "too_many_bytes"  # The file has more than 10 MiB.
    TOO_MANY_PIXELS = "too_many_pixels"  # The image has more than 24 megapixels.
    TOO_MANY_SCANS = "too_many_scans"  # The JPEG has more than 100 scans.
    # Decoding it takes too much time or memory, or the decoder crashed.
    IMAGE_TOO_COMPLEX = "image_too_complex"
    UNSUPPORTED_IMAGE = "unsupported_image"  # The file is damaged, or of another format.
    HEIC_IMAGE = "heic_image"  # The file has the format HEIC.

    # There is no room for the photo.
    TOO_MANY_UPLOADS = "too_many_uploads"  # Too many images are being decoded at this moment.
    TOO_MANY_PHOTOS = "too_many_photos"  # The user has 500 photos.
    STORAGE_FULL = "storage_full"  # The user's photos would have more than 500 MiB.


class UploadRefused(Exception):
    """The photo is not stored. `uploads.py` answers the client; `detail` is for the event log."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail
