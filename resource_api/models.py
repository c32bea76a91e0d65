"""The tables of this leg.

A photo and its bytes are in separate tables, so that a list of photos does not load the bytes.
"""

from sqlalchemy import ForeignKey, Index, LargeBinary, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from web.database import NAMING_CONVENTION, Moment

ID_LENGTH = 32
TITLE_LENGTH = 200


class Base(DeclarativeBase):
    """The base of the models; a test compares it with `migrations/resource_api`."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Photo(Base):
    """A photo of one user. Type, width, height and size describe the stored image."""

    __tablename__ = "photo"
    # The order in which a user's photos are listed.
    __table_args__ = (Index("ix_photo_owner_created_at_id", "owner", "created_at", "id"),)

    # The id is random, so that it cannot be guessed.
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    # The `sub` of the resource owner; the authorization server never reuses it.
    owner: Mapped[str] = mapped_column(String(255))
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    content_type: Mapped[str] = mapped_column(String(32))
    width: Mapped[int]
    height: Mapped[int]
    size: Mapped[int]
    created_at: Mapped[Moment]


class PhotoImage(Base):
    """A part of a photo's image, deleted together with the photo. The first has the number 0."""

    __tablename__ = "photo_image"

    photo_id: Mapped[str] = mapped_column(
        ForeignKey("photo.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class Seeding(Base):
    """A set of demo data that was added once, so that deleted photos are not added again."""

    __tablename__ = "seeding"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    seeded_at: Mapped[Moment]
