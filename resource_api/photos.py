"""List, add, rename and delete the photos of one user; independent of how access was authorized.

Every query names the owner, so that it does not find another user's photos.
"""

import re
import secrets
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from typing import NamedTuple, TypeVar

from sqlalchemy import String, bindparam, delete, func, select, tuple_, update

from resource_api import models
from resource_api.errors import InvalidRequest, InvalidTitle, PhotoNotFound
from resource_api.images import CleanImage
from resource_api.models import ID_LENGTH, TITLE_LENGTH
from resource_api.reasons import Reason, UploadRefused
from web import text
from web.clock import now
from web.database import Database, UtcDateTime
from web.statements import Change, Executor, Query
from web.text import TextError

T = TypeVar("T")

#: What one user may store.
MAX_PHOTOS = 500
MAX_TOTAL_BYTES = 500 * 1024 * 1024
#: The bytes in each part of an image, except the last one.
PART_BYTES = 256 * 1024

_ID = re.compile(rf"[0-9a-f]{{{ID_LENGTH}}}")


class Photo(NamedTuple):
    """A photo without its image."""

    id: str
    title: str
    content_type: str
    width: int
    height: int
    size: int
    created_at: datetime


class Usage(NamedTuple):
    """What one user has stored."""

    photos: int
    bytes: int


_photos = models.Photo.__table__.c
_images = models.PhotoImage.__table__.c
_is_own = _photos.owner == bindparam("owner_sub")
_is_this_one = _is_own & (_photos.id == bindparam("photo_id"))
_described = select(*(_photos[name] for name in Photo._fields))
_newest_first = (
    _described.where(_is_own)
    .order_by(_photos.created_at.desc(), _photos.id.desc())
    .limit(bindparam("at_most"))
)
_LIST_FIRST = Query(_newest_first, Photo)
_LIST_NEXT = Query(
    _newest_first.where(
        tuple_(_photos.created_at, _photos.id)
        < tuple_(bindparam("last_created_at", type_=UtcDateTime()), bindparam("last_id"))
    ),
    Photo,
)
_FIND = Query(_described.where(_is_this_one), Photo)
_READ_PART = Query(
    select(_images.data).where(
        _images.photo_id == bindparam("photo_id"), _images.number == bindparam("part_number")
    ),
    bytes,
)
_MEASURE = Query(
    select(func.count(), func.coalesce(func.sum(_photos.size), 0)).where(_is_own), Usage
)
_LOCK = Query(
    select(
        func.pg_advisory_xact_lock(func.hashtextextended(bindparam("lock_name", type_=String()), 0))
    ),
    str,
)
_STORE = Change.insert(models.Photo, *Photo._fields, "owner")
_STORE_PART = Change.insert(models.PhotoImage, "photo_id", "number", "data")
_RENAME = Change(update(models.Photo).where(_is_this_one).values(title=bindparam("new_title")))
_REMOVE = Change(delete(models.Photo).where(_is_this_one))


def list_page(
    db: Executor, owner: str, *, limit: int, after: str | None
) -> tuple[list[Photo], str | None]:
    """Return at most `limit` photos, newest first, that follow the photo with the id `after`.

    The second value is the `after` of the next page, or None when there is no other page.

    :raises InvalidRequest: when `after` is not the id of one of the owner's photos.
    """
    # One photo more than requested tells whether there is another page.
    photos = _list(db, owner, at_most=limit + 1, after=after)
    if len(photos) > limit:
        return photos[:limit], photos[limit - 1].id
    return photos, None


def find(db: Executor, owner: str, photo_id: str) -> Photo:
    """Return the photo.

    :raises PhotoNotFound: when the owner has no such photo.
    """
    return _find(_FIND, db, owner, photo_id)


def read_image(database: Database, photo: Photo) -> Iterator[bytes]:
    """Yield the parts of the photo's image. Stop early if it is deleted meanwhile.

    It is read in parts, because slow clients would otherwise keep whole images in memory.
    """
    for number in count():
        reader = database.transaction(writing=False)
        part = _READ_PART.one(reader, photo_id=photo.id, part_number=number)
        if part is None:
            return
        yield part


def add(
    db: Executor, owner: str, title: str, image: CleanImage, created_at: datetime | None = None
) -> Photo:
    """Store a new photo, in a writing transaction. `check_title` has checked its title.

    :raises UploadRefused: when the owner has no room for it.
    """
    # Otherwise uploads at the same moment would all find the room that is left. On SQLite, there is
    # only one writing transaction.
    if db.dialect.name == "postgresql":
        _LOCK.one(db, lock_name=f"photos of {owner}")
    check_room(db, owner, len(image.data))
    photo = Photo(
        id=secrets.token_hex(ID_LENGTH // 2),
        title=title,
        content_type=image.content_type,
        width=image.width,
        height=image.height,
        size=len(image.data),
        created_at=created_at or now(),
    )
    _STORE.run(db, owner=owner, **photo._asdict())
    for number, first in enumerate(range(0, len(image.data), PART_BYTES)):
        part = image.data[first : first + PART_BYTES]
        _STORE_PART.run(db, photo_id=photo.id, number=number, data=part)
    return photo


def check_room(db: Executor, owner: str, size: int = 1) -> None:
    """Raise `UploadRefused` unless the owner may store another photo of `size` bytes."""
    usage = _MEASURE.one(db, owner_sub=owner)
    assert usage is not None  # noqa: S101 - an aggregate always has a row
    if usage.photos >= MAX_PHOTOS:
        raise UploadRefused(Reason.TOO_MANY_PHOTOS)
    if usage.bytes + size > MAX_TOTAL_BYTES:
        raise UploadRefused(Reason.STORAGE_FULL)


def rename(db: Executor, owner: str, photo_id: str, title: str) -> Photo:
    """Change the title, in a writing transaction, and return the photo.

    :raises PhotoNotFound: when the owner has no such photo.
    """
    # The change comes first: after it, no other transaction can delete the photo.
    _RENAME.run(db, owner_sub=owner, photo_id=_check_id(photo_id), new_title=title)
    return find(db, owner, photo_id)


def remove(db: Executor, owner: str, photo_id: str) -> None:
    """Delete the photo and its image.

    :raises PhotoNotFound: when the owner has no such photo.
    """
    if _REMOVE.run(db, owner_sub=owner, photo_id=_check_id(photo_id)) == 0:
        raise PhotoNotFound


def check_title(presented_title: object) -> str:
    """Return the title if it is valid.

    :raises InvalidTitle: when it is not a string, or `web.text` does not accept it.
    """
    if not isinstance(presented_title, str):
        raise InvalidTitle("title must be a string.")
    try:
        return text.check_title(presented_title, TITLE_LENGTH)
    except TextError as error:
        raise InvalidTitle(f"title {error}") from None


def _list(db: Executor, owner: str, *, at_most: int, after: str | None) -> list[Photo]:
    if after is None:
        return _LIST_FIRST.all(db, owner_sub=owner, at_most=at_most)
    try:
        last = find(db, owner, after)
    except PhotoNotFound:
        raise InvalidRequest("after must be the id of one of the photos.") from None
    return _LIST_NEXT.all(
        db, owner_sub=owner, at_most=at_most, last_created_at=last.created_at, last_id=last.id
    )


def _find(query: Query[T], db: Executor, owner: str, photo_id: str) -> T:
    found = query.one(db, owner_sub=owner, photo_id=_check_id(photo_id))
    if found is None:
        raise PhotoNotFound
    return found


def _check_id(presented_id: str) -> str:
    """Return the id if it has the form of one.

    Some other values would make the query fail.

    :raises PhotoNotFound: when it has another form.
    """
    if not _ID.fullmatch(presented_id):
        raise PhotoNotFound
    return presented_id
