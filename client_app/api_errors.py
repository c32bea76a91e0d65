"""The errors of the resource API, and how each is recognized in a response."""

from contextlib import suppress
from http import HTTPStatus

import requests
from werkzeug.datastructures import WWWAuthenticate

from client_app.reasons import Reason
from web import json_answers, text
from web.text import TextError

#: The exceptions that reading an unexpected JSON document can raise.
INVALID_DOCUMENT = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


class PhotoApiError(Exception):
    """The API did not do what was requested. `reason` is the code for the event log."""

    reason = Reason.PHOTO_API_REFUSED


class PhotoApiUnreachableError(PhotoApiError):
    """The network or the API failed, or its response could not be read."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class PhotoApiBusyError(PhotoApiUnreachableError):
    """The API says that it did nothing, and that the same request can succeed later."""


class InvalidTokenError(PhotoApiError):
    """The API rejected the access token (RFC 6750 §3.1)."""

    reason = Reason.ACCESS_TOKEN_REFUSED


class InsufficientScopeError(PhotoApiError):
    """The request needs `scope`, which the user did not grant (RFC 6750 §3.1)."""

    def __init__(self, scope: str) -> None:
        super().__init__(scope)
        self.scope = scope


class NoSuchPhotoError(PhotoApiError):
    """The user has no such photo."""


class TooLargeError(PhotoApiError):
    """The image has more bytes or pixels than the API accepts, or takes too long to decode."""


class NotAnImageError(PhotoApiError):
    """The file is not an image of a type that the API accepts, or it is damaged."""


class StorageFullError(PhotoApiError):
    """The API stores no more photos for this user."""


class BadTitleError(PhotoApiError):
    """The API does not accept the title."""


#: The errors for which the status is enough.
_ERRORS: dict[int, tuple[type[PhotoApiError], str]] = {
    HTTPStatus.UNAUTHORIZED: (InvalidTokenError, "the API rejected the access token"),
    HTTPStatus.BAD_REQUEST: (NoSuchPhotoError, "the API has no such photo"),
    HTTPStatus.NOT_FOUND: (NoSuchPhotoError, "the API has no such photo"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (TooLargeError, "the API rejected the image's size"),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: (NotAnImageError, "the API rejected the image's type"),
    HTTPStatus.INSUFFICIENT_STORAGE: (StorageFullError, "the API stores no more photos"),
    HTTPStatus.UNPROCESSABLE_ENTITY: (BadTitleError, "the API rejected the title"),
}


def error_for(response: requests.Response) -> PhotoApiError:
    """Return the error for an unsuccessful response, and close the response."""
    with response:
        status = response.status_code
        if status == HTTPStatus.FORBIDDEN:
            scope = _required_scope(response)
            if scope:
                return InsufficientScopeError(scope)
        if status in _ERRORS:
            error, detail = _ERRORS[status]
            return error(detail)
        unreachable = PhotoApiUnreachableError
        if status == HTTPStatus.SERVICE_UNAVAILABLE and _is_temporary(response):
            unreachable = PhotoApiBusyError
        return unreachable(Reason.PHOTO_API_FAILED, f"the API answered {status}")


def _is_temporary(response: requests.Response) -> bool:
    answer = json_answers.parse(response)
    return isinstance(answer, dict) and answer.get("error") == "temporarily_unavailable"


def _required_scope(response: requests.Response) -> str | None:
    """Return the scope that an `insufficient_scope` response names, or None.

    RFC 6750 §3 puts it into the challenge. Some APIs put it into the body as well.
    """
    challenge = WWWAuthenticate.from_header(response.headers.get("WWW-Authenticate"))
    answers: list[object] = [json_answers.parse(response)]
    if challenge is not None:
        answers.append(challenge.parameters)
    for answer in answers:
        if isinstance(answer, dict) and answer.get("error") == "insufficient_scope":
            with suppress(KeyError, TypeError, TextError):
                return text.check_scope(answer["scope"])
    return None
