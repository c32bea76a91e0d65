"""The plain server's tables: Authlib's mixins, with the owner that everybody adds."""

from authlib.integrations.sqla_oauth2 import (
    OAuth2AuthorizationCodeMixin,
    OAuth2ClientMixin,
    OAuth2TokenMixin,
)
from sqlalchemy import ForeignKey, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.pool import StaticPool


class Base(DeclarativeBase):
    """What the plain server keeps."""


class User(Base):
    """Somebody with an account."""

    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str]
    password: Mapped[str]

    def get_user_id(self) -> int:
        """As Authlib asks for it."""
        return self.id


class Client(Base, OAuth2ClientMixin):  # type: ignore[misc]  # Authlib is untyped
    """A registered application (RFC 6749 §2)."""

    __tablename__ = "oauth2_client"

    id: Mapped[int] = mapped_column(primary_key=True)


class AuthorizationCode(Base, OAuth2AuthorizationCodeMixin):  # type: ignore[misc]
    """A code that has not been redeemed."""

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
    """A photo, as far as the lab needs one."""

    __tablename__ = "photo"

    id: Mapped[str] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    title: Mapped[str]


def in_memory() -> Session:
    """An empty database of its own, gone when the session is closed. One thread at a time works on it."""
    engine = create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    Base.metadata.create_all(engine)
    return Session(engine)
