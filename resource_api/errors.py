"""The errors of this leg, all in one JSON form: `error` and `error_description`.

Each exception becomes a response to the client. Errors with a challenge (RFC 6750) are in
`protection.py`.
"""

from http import HTTPStatus
from typing import ClassVar

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as WerkzeugResponse

from web.pages import find_failure

#: Seconds after which a caller may try again; a server restarts within that time.
RETRY_AFTER = 5

#: The codes for errors that Flask raises.
HTTP_ERRORS = {
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    503: "temporarily_unavailable",
}


class ApiError(Exception):
    """An error response.

    The description is one sentence for the developer of the client, in ASCII and without quotes,
    since it can become part of a header.
    """

    status: ClassVar[HTTPStatus]
    error: ClassVar[str]
    #: The description, for an error that has only one.
    description = ""

    def __init__(self, description: str = "") -> None:
        self.description = description or self.description
        super().__init__(self.description)

    def body(self) -> dict[str, str]:
        """Return the members of the JSON object."""
        return {"error": self.error, "error_description": self.description}

    def headers(self) -> dict[str, str]:
        """Return the headers that belong to the error."""
        return {}


class InvalidRequest(ApiError):
    """A part of the request is missing, duplicated or malformed."""

    status = HTTPStatus.BAD_REQUEST
    error = "invalid_request"


class PhotoNotFound(ApiError):
    """There is no such photo, or it belongs to another user.

    Both cases get the same response, so that nobody learns which photos exist.
    """

    status = HTTPStatus.NOT_FOUND
    error = "not_found"
    description = "There is no such photo."


class TooLarge(ApiError):
    """The image has more bytes or pixels than allowed, or takes too long to decode."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    error = "too_large"


class UnsupportedImage(ApiError):
    """The upload does not decode as one of the formats."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    error = "unsupported_media_type"


class InvalidTitle(ApiError):
    """The request is well formed, but its title is not valid."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    error = "invalid_title"


class InsufficientStorage(ApiError):
    """The user has too many photos to store another one."""

    status = HTTPStatus.INSUFFICIENT_STORAGE
    error = "insufficient_storage"


class TemporarilyUnavailable(ApiError):
    """The same request can succeed later.

    A service that this leg needs does not answer, or too many images are being decoded.
    """

    status = HTTPStatus.SERVICE_UNAVAILABLE
    error = "temporarily_unavailable"

    def headers(self) -> dict[str, str]:
        """Return the time to wait, in seconds."""
        return {"Retry-After": str(RETRY_AFTER)}


def init_app(app: Flask) -> None:
    """Return every error of `app` as JSON, where the other legs show pages."""
    app.register_error_handler(ApiError, answer_with)
    app.register_error_handler(HTTPException, _handle_http_error)
    app.register_error_handler(Exception, _handle_unexpected_error)


def answer_with(error: ApiError) -> tuple[Response, int, dict[str, str]]:
    """Return the response for an error."""
    return jsonify(error.body()), error.status, error.headers()


def _handle_http_error(error: HTTPException) -> WerkzeugResponse:
    response = error.get_response()  # It has the headers of the error, such as Allow.
    if error.code is None or error.code < 400:
        return response
    response.data = jsonify(error=_find_code(error.code), error_description=error.description).data
    response.mimetype = "application/json"
    return response


def _find_code(status: int) -> str:
    default = "invalid_request"
    if status >= 500:
        default = "server_error"
    return HTTP_ERRORS.get(status, default)


def _handle_unexpected_error(error: Exception) -> WerkzeugResponse:
    return _handle_http_error(find_failure(error))
