"""People's photos: listing, adding, renaming, deleting. Nothing here knows how the owner was authorized.

Every question names the owner, so another person's photo is simply not there.
"""

import re
import secrets
import unicodedata
from datetime import datetime

from sqlalchemy import ColumnElement, Select, delete, literal, select, tuple_, update
from sqlalchemy.orm import Session, joinedload

from resource_api.errors import InvalidRequest, InvalidTitle, PhotoNotFound
from resource_api.images import CleanImage
from resource_api.models import ID_LENGTH, TITLE_LENGTH, Photo, PhotoImage
from web.clock import now

_ID = re.compile(rf"[0-9a-f]{{{ID_LENGTH}}}")
#: Control characters, which PostgreSQL refuses (NUL) or a page garbles, and halves of surrogate pairs, which are no text.
_UNPRINTABLE = {"Cc", "Cs"}


def listed(
    db: Session, owner: str, *, limit: int, after: str | None
) -> tuple[list[Photo], str | None]:
    """At most `limit` photos, newest first, from behind the photo `after`; and what to ask `after` for the rest, if any."""
    query = _photos_of(owner).order_by(Photo.created_at.desc(), Photo.id.desc())
    if after is not None:
        query = query.where(_comes_behind(db, owner, after))
    photos = list(
        db.scalars(query.limit(limit + 1))
    )  # one more than asked for tells whether there is more
    return photos[:limit], photos[limit - 1].id if len(photos) > limit else None


def found(db: Session, owner: str, photo_id: str) -> Photo:
    """The photo, without its image.

    :raises PhotoNotFound: when there is none, or it is another's.
    """
    return _only(db, _photos_of(owner), photo_id)


def found_with_image(db: Session, owner: str, photo_id: str) -> Photo:
    """The photo, its image loaded along with it.

    :raises PhotoNotFound: when there is none, or it is another's.
    """
    return _only(db, _photos_of(owner).options(joinedload(Photo.image)), photo_id)


def add(
    db: Session, owner: str, title: str, image: CleanImage, created_at: datetime | None = None
) -> Photo:
    """Keep a new photo; its title is one that `checked_title` let through."""
    photo = Photo(
        id=secrets.token_hex(ID_LENGTH // 2),
        owner=owner,
        title=title,
        content_type=image.content_type,
        width=image.width,
        height=image.height,
        size=len(image.data),
        created_at=created_at or now(),
        image=PhotoImage(data=image.data),
    )
    db.add(photo)
    return photo


def rename(db: Session, owner: str, photo_id: str, title: str) -> Photo:
    """Give the photo another title, in one statement: it cannot be deleted between the look and the change.

    :raises PhotoNotFound: when there is none, or it is another's.
    """
    photo: Photo | None = db.scalar(
        update(Photo)
        .where(Photo.id == _checked_id(photo_id), Photo.owner == owner)
        .values(title=title)
        .returning(Photo)
    )
    if photo is None:
        raise PhotoNotFound
    return photo


def remove(db: Session, owner: str, photo_id: str) -> None:
    """Delete the photo and its image.

    :raises PhotoNotFound: when there is none, or it is another's.
    """
    deleted = db.scalar(
        delete(Photo)
        .where(Photo.id == _checked_id(photo_id), Photo.owner == owner)
        .returning(Photo.id)
    )
    if deleted is None:
        raise PhotoNotFound


def checked_title(presented_title: object) -> str:
    """The title, if it is one.

    :raises InvalidTitle: when it is not.
    """
    if not isinstance(presented_title, str) or not 1 <= len(presented_title) <= TITLE_LENGTH:
        raise InvalidTitle(f"title must be a string of 1 to {TITLE_LENGTH} characters.")
    if presented_title.isspace():
        raise InvalidTitle("title must not be blank.")
    if any(unicodedata.category(character) in _UNPRINTABLE for character in presented_title):
        raise InvalidTitle("title must not contain control characters.")
    return presented_title


def _photos_of(owner: str) -> Select[Photo]:
    return select(Photo).where(Photo.owner == owner)


def _only(db: Session, photos: Select[Photo], photo_id: str) -> Photo:
    photo = db.scalar(photos.where(Photo.id == _checked_id(photo_id)))
    if photo is None:
        raise PhotoNotFound
    return photo


def _checked_id(presented_id: str) -> str:
    """What cannot be an id names no photo, and is not worth a query, which some of it would break."""
    if not _ID.fullmatch(presented_id):
        raise PhotoNotFound
    return presented_id


def _comes_behind(db: Session, owner: str, after: str) -> ColumnElement[bool]:
    try:
        last = found(db, owner, after)
    except PhotoNotFound:
        raise InvalidRequest("after must be the id of one of the photos.") from None
    return tuple_(Photo.created_at, Photo.id) < tuple_(
        literal(last.created_at, Photo.created_at.type), last.id
    )
