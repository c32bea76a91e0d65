"""The tables of this leg. A photo and its bytes live apart, so that a list of photos does not load them."""

from sqlalchemy import ForeignKey, Index, LargeBinary, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from web.database import NAMING_CONVENTION, Moment

ID_LENGTH = 32
TITLE_LENGTH = 200


class Base(DeclarativeBase):
    """What the revisions under `migrations/resource_api` are held to."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Photo(Base):
    """A photo of one person's. What is said about the image is true of the image as it is kept."""

    __tablename__ = "photo"
    # In the order in which a person's photos are listed.
    __table_args__ = (Index("ix_photo_owner_created_at_id", "owner", "created_at", "id"),)

    # Random: an id tells nothing and cannot be guessed.
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    # The `sub` of the resource owner, which the authorization server never gives to anyone else.
    owner: Mapped[str] = mapped_column(String(255))
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    content_type: Mapped[str] = mapped_column(String(32))
    width: Mapped[int]
    height: Mapped[int]
    size: Mapped[int]
    created_at: Mapped[Moment]

    image: Mapped["PhotoImage"] = relationship(passive_deletes="all")


class PhotoImage(Base):
    """The bytes of a photo's image; they go when the photo goes."""

    __tablename__ = "photo_image"

    photo_id: Mapped[str] = mapped_column(
        ForeignKey("photo.id", ondelete="CASCADE"), primary_key=True
    )
    data: Mapped[bytes] = mapped_column(LargeBinary)


class Seeding(Base):
    """A set of demo data that was once put in, so that what a person has deleted since does not come back."""

    __tablename__ = "seeding"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    seeded_at: Mapped[Moment]
