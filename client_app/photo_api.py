"""The resource API as this client sees it: `/me`, the photos, and the images. Knows access tokens, and no Flask."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, TypeVar
from urllib.parse import parse_qs, urlsplit

import requests

from client_app.oauth import SCOPE

T = TypeVar("T")

#: What may pass on to a browser: pictures that run no script.
IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/webp"})
CHUNK = 64 * 1024
#: What reading a JSON document raises when it is not what it should be.
NONSENSE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class PhotoApiError(Exception):
    """The API did not give what was asked for."""


class PhotoApiUnreachableError(PhotoApiError):
    """No usable answer: no network, an overloaded server, nonsense."""


class InvalidTokenError(PhotoApiError):
    """The access token does not open the API, or no longer (RFC 6750 §3.1)."""


class InsufficientScopeError(PhotoApiError):
    """The person did not grant `scope`, which this needs (RFC 6750 §3.1)."""

    def __init__(self, scope: str) -> None:
        super().__init__(scope)
        self.scope = scope


class NoSuchPhotoError(PhotoApiError):
    """The person has no such photo."""


@dataclass(frozen=True)
class Photo:
    """One photo, without its image."""

    id: str
    title: str
    created_at: datetime

    @classmethod
    def read(cls, document: dict[str, Any]) -> Self:
        """Of the API's JSON; raises one of `NONSENSE`."""
        photo_id, title = document["id"], document["title"]
        if not (_ID.fullmatch(photo_id) and isinstance(title, str)):
            raise ValueError("not a photo")
        return cls(photo_id, title, datetime.fromisoformat(document["created_at"]))


@dataclass(frozen=True)
class PhotosPage:
    """Some photos, newest first. `next_after` is the id after which the next page begins."""

    photos: list[Photo]
    next_after: str | None

    @classmethod
    def read(cls, document: dict[str, Any]) -> Self:
        """Of the API's JSON, like `Photo.read`."""
        photos = [Photo.read(photo) for photo in document["photos"]]
        return cls(photos, parse_qs(urlsplit(document["next"] or "").query).get("after", [None])[0])


@dataclass(frozen=True)
class Image:
    """An image on its way. `close` when it has been sent, or will not be."""

    content_type: str
    chunks: Iterator[bytes]
    close: Callable[[], None]


@dataclass(frozen=True)
class PhotoApi:
    """The API at `url`. `http` gives the session to use: one of each thread's own."""

    url: str
    http: Callable[[], requests.Session]

    def name(self, access_token: str) -> str:
        """The name of the person whose photos these are."""
        return _read(_name, self._get("/me", access_token))

    def photos(self, access_token: str, after: str | None = None) -> PhotosPage:
        """A page of the person's photos."""
        query = {"after": _checked_id(after)} if after is not None else {}
        return _read(PhotosPage.read, self._get("/photos", access_token, params=query))

    def image(self, access_token: str, photo_id: str) -> Image:
        """One photo's image, unread: it passes through in pieces."""
        response = self._get(f"/photos/{_checked_id(photo_id)}/image", access_token, stream=True)
        content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if content_type not in IMAGE_TYPES:
            response.close()
            raise PhotoApiUnreachableError("that is not an image")
        return Image(content_type, response.iter_content(CHUNK), response.close)

    def _get(self, path: str, access_token: str, **options: Any) -> requests.Response:
        """R1 – The client sends the access token to the resource API (RFC 6750 §2.1)."""
        headers = {"Authorization": f"Bearer {access_token}", "Accept-Encoding": "identity"}
        try:
            response = self.http().get(self.url + path, headers=headers, **options)
        except requests.RequestException as error:
            raise PhotoApiUnreachableError(f"{type(error).__name__} at {path}") from error
        if response.status_code != 200:
            raise _refusal(response)
        return response


def _checked_id(photo_id: str) -> str:
    if not _ID.fullmatch(photo_id):
        raise NoSuchPhotoError("that is no photo's id")
    return photo_id


def _name(me: dict[str, Any]) -> str:
    if not isinstance(me["name"], str):
        raise TypeError("not a name")
    return me["name"]


def _read(parse: Callable[[Any], T], response: requests.Response) -> T:
    try:
        return parse(response.json())
    except NONSENSE as error:
        raise PhotoApiUnreachableError("the API's answer is nonsense") from error


def _refusal(response: requests.Response) -> PhotoApiError:
    """What an answer other than 200 means."""
    with response:
        match response.status_code:
            case 401:
                return InvalidTokenError("the API refused the access token")
            case 403 if scope := _needed_scope(response):
                return InsufficientScopeError(scope)
            case 400 | 404:
                return NoSuchPhotoError("the API knows no such photo")
            case status:
                return PhotoApiUnreachableError(f"the API answered {status}")


def _needed_scope(response: requests.Response) -> str | None:
    try:
        document = response.json()
        is_it = document["error"] == "insufficient_scope" and SCOPE.fullmatch(document["scope"])
        return document["scope"] if is_it else None
    except (*NONSENSE, requests.RequestException):
        return None
