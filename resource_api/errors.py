"""Every refusal of this leg, and the one JSON form that all of them have: `error` and `error_description`.

What is raised here is meant for the caller. The refusals that carry a challenge (RFC 6750) are in `protection.py`.
"""

import logging
from http import HTTPStatus
from typing import ClassVar

from flask import Flask, Response, jsonify
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as WerkzeugResponse

log = logging.getLogger("tripod")

#: Seconds after which a caller may try again: long enough for a server to start again.
RETRY_AFTER = 5

#: What HTTP itself refuses, in the words of the refusals below.
HTTP_ERRORS = {
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
}


class ApiError(Exception):
    """A refusal. Its description is one ASCII sentence for the developer who calls, without quotes: it may be a header."""

    status: ClassVar[HTTPStatus]
    error: ClassVar[str]

    def __init__(self, description: str) -> None:
        super().__init__(description)
        self.description = description

    def body(self) -> dict[str, str]:
        """The members of the JSON object."""
        return {"error": self.error, "error_description": self.description}

    def headers(self) -> dict[str, str]:
        """The headers that go with it."""
        return {}


class InvalidRequest(ApiError):
    """Something in the request is missing, doubled or malformed."""

    status = HTTPStatus.BAD_REQUEST
    error = "invalid_request"


class PhotoNotFound(ApiError):
    """No such photo, or another person's: the two read the same, so that nobody learns which photos exist."""

    status = HTTPStatus.NOT_FOUND
    error = "not_found"

    def __init__(self) -> None:
        super().__init__("There is no such photo.")


class TooLarge(ApiError):
    """More bytes or more pixels than a photo may have."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    error = "too_large"


class UnsupportedImage(ApiError):
    """What was sent does not decode as one of the formats."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    error = "unsupported_media_type"


class InvalidTitle(ApiError):
    """The request is well formed; its title is not one."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    error = "invalid_title"


class TemporarilyUnavailable(ApiError):
    """Something that this leg needs does not answer, and will again. Nobody gets in meanwhile."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    error = "temporarily_unavailable"

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(RETRY_AFTER)}


def init_app(app: Flask) -> None:
    """Answer every error of `app` as JSON, in place of the pages that the other legs show."""
    app.register_error_handler(ApiError, _api_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(Exception, _unexpected_error)


def _api_error(error: ApiError) -> tuple[Response, int, dict[str, str]]:
    return jsonify(error.body()), error.status, error.headers()


def _http_error(error: HTTPException) -> WerkzeugResponse:
    response = error.get_response()  # with the headers that belong to it, such as Allow
    if error.code is None or error.code < 400:
        return response
    code = HTTP_ERRORS.get(error.code, "invalid_request" if error.code < 500 else "server_error")
    response.data = jsonify(error=code, error_description=error.description).data
    response.mimetype = "application/json"
    return response


def _database_away(error: OperationalError) -> tuple[Response, int, dict[str, str]]:
    log.error("the database does not answer", exc_info=error)
    return _api_error(TemporarilyUnavailable("The photos cannot be reached."))


def _unexpected_error(error: Exception) -> tuple[Response, int]:
    log.error("unexpected error", exc_info=error)
    body = jsonify(
        error="server_error",
        error_description="Something broke here. It is not the request's doing.",
    )
    return body, HTTPStatus.INTERNAL_SERVER_ERROR
