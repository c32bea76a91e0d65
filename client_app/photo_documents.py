"""The answers of the resource API. They are validated, because the API might be another's."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, TypeVar
from urllib.parse import parse_qs, urlsplit

import requests

from client_app.api_errors import INVALID_DOCUMENT, NoSuchPhotoError, PhotoApiUnreachableError
from client_app.reasons import Reason
from web import json_answers

T = TypeVar("T")

#: The image types that are passed on to a browser, because they cannot run a script.
IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/webp", "image/avif"})
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class InvalidMemberError(ValueError):
    """A member is not what it should be. The text says which, and never its value."""


@dataclass(frozen=True)
class Photo:
    """One photo, without its image."""

    id: str
    title: str
    created_at: datetime

    @classmethod
    def read(cls, document: dict[str, Any]) -> Self:
        """Read the JSON of the API; raise one of `INVALID_DOCUMENT` when it is not a photo."""
        photo_id, title = _read_text(document, "id"), _read_text(document, "title")
        if not _ID.fullmatch(photo_id):
            raise InvalidMemberError("id is not valid")
        return cls(photo_id, title, datetime.fromisoformat(_read_text(document, "created_at")))


@dataclass(frozen=True)
class PhotosPage:
    """Some photos, newest first. `next_after` is the id that the next page follows, or None."""

    photos: list[Photo]
    next_after: str | None

    @classmethod
    def read(cls, document: dict[str, Any]) -> Self:
        """Read the JSON of the API, and raise errors as `Photo.read` does."""
        photos = [Photo.read(photo) for photo in document["photos"]]
        next_page = parse_qs(urlsplit(document.get("next") or "").query)
        return cls(photos, next_page.get("after", [None])[0])


@dataclass(frozen=True)
class Image:
    """A stream of an image. Call `close` when it has been sent, or when it is not needed."""

    content_type: str
    chunks: Iterator[bytes]
    close: Callable[[], None]


def checked_id(photo_id: str) -> str:
    """Return the id if it has the form of one, so that it is safe as a part of an address.

    :raises NoSuchPhotoError: when it has another form.
    """
    if not _ID.fullmatch(photo_id):
        raise NoSuchPhotoError("that is not the id of a photo")
    return photo_id


def read_name(me: dict[str, Any]) -> str:
    """Return the name in the JSON of `/me`; raise one of `INVALID_DOCUMENT` without one."""
    return _read_text(me, "name")


def read_object(document: Any) -> dict[str, Any]:
    """Return any JSON object; raise one of `INVALID_DOCUMENT` for another value."""
    if not isinstance(document, dict):
        raise TypeError("not an object")
    return document


def _read_text(document: dict[str, Any], member: str) -> str:
    value = document.get(member)
    if not isinstance(value, str):
        raise InvalidMemberError(f"{member} is {json_answers.name_kind(value)}")
    return value


def read_as(parse: Callable[[Any], T], response: requests.Response) -> T:
    """Return the answer's JSON, read by `parse`.

    :raises PhotoApiUnreachableError: when it cannot be read.
    """
    try:
        return parse(json_answers.parse(response))
    except INVALID_DOCUMENT as error:
        detail = json_answers.describe(response)
        if isinstance(error, InvalidMemberError):
            detail = str(error)
        raise PhotoApiUnreachableError(Reason.PHOTO_API_BAD_ANSWER, detail) from error
