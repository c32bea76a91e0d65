"""What the resource API's answers say, read with care: little of what comes back is taken on trust."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, TypeVar
from urllib.parse import parse_qs, urlsplit

import requests

from client_app.api_errors import NONSENSE, NoSuchPhotoError, PhotoApiUnreachableError
from client_app.reasons import Reason

T = TypeVar("T")

#: What may pass on to a browser: pictures that run no script.
IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/webp"})
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


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


def checked_id(photo_id: str) -> str:
    """The id, if it can be one: nothing else may become part of an address.

    :raises NoSuchPhotoError: when it cannot.
    """
    if not _ID.fullmatch(photo_id):
        raise NoSuchPhotoError("that is no photo's id")
    return photo_id


def read_name(me: dict[str, Any]) -> str:
    """Of `/me`; raises one of `NONSENSE`."""
    if not isinstance(me["name"], str):
        raise TypeError("not a name")
    return me["name"]


def read_object(document: Any) -> dict[str, Any]:
    """A JSON object, whatever is in it; raises one of `NONSENSE`."""
    if not isinstance(document, dict):
        raise TypeError("not an object")
    return document


def read_as(parse: Callable[[Any], T], response: requests.Response) -> T:
    """What `parse` makes of the answer.

    :raises PhotoApiUnreachableError: when that is nothing.
    """
    try:
        return parse(response.json())
    except NONSENSE as error:
        raise PhotoApiUnreachableError(
            Reason.PHOTO_API_BAD_ANSWER, "the API's answer is nonsense"
        ) from error
