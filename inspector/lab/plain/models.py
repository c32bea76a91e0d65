"""The tables of the plain server: Authlib's mixins, with a column for the user."""

from authlib.integrations.sqla_oauth2 import (
    OAuth2AuthorizationCodeMixin,
    OAuth2ClientMixin,
    OAuth2TokenMixin,
)
from sqlalchemy import ForeignKey, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.pool import StaticPool


class Base(DeclarativeBase):
    """The base class of the tables."""


class User(Base):
    """A user with an account."""

    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str]
    password: Mapped[str]

    def get_user_id(self) -> int:
        """Return the id, for Authlib."""
        return self.id


class Client(Base, OAuth2ClientMixin):  # type: ignore[misc]  # Authlib is untyped
    """A registered application (RFC 6749 §2)."""

    __tablename__ = "oauth2_client"

    id: Mapped[int] = mapped_column(primary_key=True)


class AuthorizationCode(Base, OAuth2AuthorizationCodeMixin):  # type: ignore[misc]
    """An authorization code that was not redeemed yet."""

    __tablename__ = "oauth2_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))


class Token(Base, OAuth2TokenMixin):  # type: ignore[misc]
    """An access token and its refresh token."""

    __tablename__ = "oauth2_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    user: Mapped[User] = relationship()


class Photo(Base):
    """A photo, with only the columns that the lab needs."""

    __tablename__ = "photo"

    id: Mapped[str] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    title: Mapped[str]


def create_database() -> Session:
    """Return a session of a new database in memory, which only one thread at a time may use."""
    engine = create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    Base.metadata.create_all(engine)
    return Session(engine)
