"""How the resource API can fail this client, and which answer of its means what."""

from http import HTTPStatus

import requests

from client_app.oauth import SCOPE
from client_app.reasons import Reason

#: What reading a JSON document raises when it is not what it should be.
NONSENSE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


class PhotoApiError(Exception):
    """The API did not give what was asked for. `reason` is what the event log says of it."""

    reason = Reason.PHOTO_API_REFUSED


class PhotoApiUnreachableError(PhotoApiError):
    """No usable answer: no network, an overloaded server, nonsense."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class InvalidTokenError(PhotoApiError):
    """The access token does not open the API, or no longer (RFC 6750 §3.1)."""

    reason = Reason.ACCESS_TOKEN_REFUSED


class InsufficientScopeError(PhotoApiError):
    """The person did not grant `scope`, which this needs (RFC 6750 §3.1)."""

    def __init__(self, scope: str) -> None:
        super().__init__(scope)
        self.scope = scope


class NoSuchPhotoError(PhotoApiError):
    """The person has no such photo."""


class TooLargeError(PhotoApiError):
    """The image has more bytes or pixels than the API takes."""


class NotAnImageError(PhotoApiError):
    """What was uploaded is no image of a kind that the API takes, or a broken one."""


class BadTitleError(PhotoApiError):
    """The API takes no such title."""


def refusal(response: requests.Response) -> PhotoApiError:
    """What an answer that is no success means."""
    with response:
        match response.status_code:
            case HTTPStatus.UNAUTHORIZED:
                return InvalidTokenError("the API refused the access token")
            case HTTPStatus.FORBIDDEN if scope := _needed_scope(response):
                return InsufficientScopeError(scope)
            case HTTPStatus.BAD_REQUEST | HTTPStatus.NOT_FOUND:
                return NoSuchPhotoError("the API knows no such photo")
            case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                return TooLargeError("the API takes no image of that size")
            case HTTPStatus.UNSUPPORTED_MEDIA_TYPE:
                return NotAnImageError("the API takes no such image")
            case HTTPStatus.UNPROCESSABLE_ENTITY:
                return BadTitleError("the API takes no such title")
            case status:
                return PhotoApiUnreachableError(
                    Reason.PHOTO_API_FAILED, f"the API answered {status}"
                )


def _needed_scope(response: requests.Response) -> str | None:
    try:
        document = response.json()
        is_it = document["error"] == "insufficient_scope" and SCOPE.fullmatch(document["scope"])
        return document["scope"] if is_it else None
    except (*NONSENSE, requests.RequestException):
        return None
