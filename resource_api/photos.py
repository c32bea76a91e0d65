"""List, add, rename and delete the photos of one user; independent of how access was authorized.

Every query names the owner, so that it does not find another user's photos.
"""

import re
import secrets
from datetime import datetime

from sqlalchemy import ColumnElement, Select, delete, literal, select, tuple_, update
from sqlalchemy.orm import Session, joinedload

from resource_api.errors import InvalidRequest, InvalidTitle, PhotoNotFound
from resource_api.images import CleanImage
from resource_api.models import ID_LENGTH, TITLE_LENGTH, Photo, PhotoImage
from web import text
from web.clock import now
from web.text import TextError

_ID = re.compile(rf"[0-9a-f]{{{ID_LENGTH}}}")


def list_page(
    db: Session, owner: str, *, limit: int, after: str | None
) -> tuple[list[Photo], str | None]:
    """Return at most `limit` photos, newest first, that follow the photo with the id `after`.

    The second value is the `after` of the next page, or None when there is no other page.

    :raises InvalidRequest: when `after` is not the id of one of the owner's photos.
    """
    query = _photos_of(owner).order_by(Photo.created_at.desc(), Photo.id.desc())
    if after is not None:
        query = query.where(_follows(db, owner, after))
    # One photo more than requested tells whether there is another page.
    photos = list(db.scalars(query.limit(limit + 1)))
    if len(photos) > limit:
        return photos[:limit], photos[limit - 1].id
    return photos, None


def find(db: Session, owner: str, photo_id: str) -> Photo:
    """Return the photo, without its image.

    :raises PhotoNotFound: when the owner has no such photo.
    """
    return _find_one(db, _photos_of(owner), photo_id)


def find_with_image(db: Session, owner: str, photo_id: str) -> Photo:
    """Return the photo with its image.

    :raises PhotoNotFound: when the owner has no such photo.
    """
    return _find_one(db, _photos_of(owner).options(joinedload(Photo.image)), photo_id)


def add(
    db: Session, owner: str, title: str, image: CleanImage, created_at: datetime | None = None
) -> Photo:
    """Store a new photo. `check_title` has checked its title."""
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
    """Change the title in one statement, so that the photo cannot be deleted meanwhile.

    :raises PhotoNotFound: when the owner has no such photo.
    """
    photo: Photo | None = db.scalar(
        update(Photo)
        .where(Photo.id == _check_id(photo_id), Photo.owner == owner)
        .values(title=title)
        .returning(Photo)
    )
    if photo is None:
        raise PhotoNotFound
    return photo


def remove(db: Session, owner: str, photo_id: str) -> None:
    """Delete the photo and its image.

    :raises PhotoNotFound: when the owner has no such photo.
    """
    deleted = db.scalar(
        delete(Photo)
        .where(Photo.id == _check_id(photo_id), Photo.owner == owner)
        .returning(Photo.id)
    )
    if deleted is None:
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


def _photos_of(owner: str) -> Select[Photo]:
    return select(Photo).where(Photo.owner == owner)


def _find_one(db: Session, photos: Select[Photo], photo_id: str) -> Photo:
    photo = db.scalar(photos.where(Photo.id == _check_id(photo_id)))
    if photo is None:
        raise PhotoNotFound
    return photo


def _check_id(presented_id: str) -> str:
    """Return the id if it has the form of one.

    Some other values would make the query fail.

    :raises PhotoNotFound: when it has another form.
    """
    if not _ID.fullmatch(presented_id):
        raise PhotoNotFound
    return presented_id


def _follows(db: Session, owner: str, after: str) -> ColumnElement[bool]:
    try:
        last = find(db, owner, after)
    except PhotoNotFound:
        raise InvalidRequest("after must be the id of one of the photos.") from None
    return tuple_(Photo.created_at, Photo.id) < tuple_(
        literal(last.created_at, Photo.created_at.type), last.id
    )
