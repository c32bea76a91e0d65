"""Users, their sign-ins, and what happened to their accounts."""

from sqlalchemy import ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from auth_server import digests
from auth_server.models.base import DIGEST, IDENTIFIER, Base
from web.database import Moment


class User(Base):
    """A resource owner. Requests of a signed-in user use `signed_in_user.SignedInUser` instead."""

    __tablename__ = "users"

    # The `sub` of RFC 7662: random, and never given to another user.
    id: Mapped[str] = mapped_column(IDENTIFIER, primary_key=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    # The address was not verified: nobody has proved that the user reads it.
    email: Mapped[str | None] = mapped_column(String(254))
    password_hash: Mapped[str] = mapped_column(String(255))
    # Outside the demo, this user cannot sign in, and their tokens do not work.
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Moment]

    def set_password(self, password: str) -> None:
        """Set a new password. It ends no sign-in."""
        self.password_hash = digests.hash_password(password)


class SignIn(Base):
    """One sign-in of a user in one browser. It ends when its row is deleted, or by its age."""

    __tablename__ = "sign_ins"

    # Names the sign-in on pages. It is not a secret.
    id: Mapped[str] = mapped_column(IDENTIFIER, primary_key=True)
    # The digest of the identifier that is in the cookie of the browser.
    digest: Mapped[str] = mapped_column(DIGEST, unique=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    # When the user typed their password: `auth_time` in OpenID Connect Core §2.
    signed_in_at: Mapped[Moment]
    # When it was last used. A use is stored once a minute, so the last one can be a minute later.
    used_at: Mapped[Moment] = mapped_column(index=True)
    address: Mapped[str | None] = mapped_column(String(64))


class SignInFailure(Base):
    """One failed sign-in, stored as long as it counts towards the limit.

    The username is stored as a keyed digest, since users sometimes type their password there.
    """

    __tablename__ = "sign_in_failures"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    # The network that counts as one client: an IPv4 address, or the /64 of an IPv6 address.
    address: Mapped[str] = mapped_column(String(64), index=True)
    account_digest: Mapped[str] = mapped_column(DIGEST)
    at: Mapped[Moment] = mapped_column(index=True)


class AccountEvent(Base):
    """One event of a user's account that the user can read, such as a sign-in."""

    __tablename__ = "account_events"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    at: Mapped[Moment]
    event: Mapped[str] = mapped_column(String(40))
    # The name at that time: the client may have been deleted since.
    client_name: Mapped[str | None] = mapped_column(String(200))
    address: Mapped[str | None] = mapped_column(String(64))
