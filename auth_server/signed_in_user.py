"""The signed-in user as a request uses it: found once, and never changed."""

from dataclasses import dataclass

from flask_login import UserMixin
from sqlalchemy import bindparam, select

from auth_server.models import User
from web.statements import Executor, Query


@dataclass(frozen=True)
class SignedInUser(UserMixin):  # type: ignore[misc]  # Flask-Login is untyped
    """A resource owner who has signed in."""

    id: str
    username: str
    name: str
    epoch: int
    is_demo: bool

    def get_id(self) -> str:
        """Return what Flask-Login stores in the session: the subject and the current epoch."""
        return f"{self.id}.{self.epoch}"


_FIND = Query(
    select(User.id, User.username, User.name, User.epoch, User.is_demo).where(
        User.id == bindparam("user_id")
    ),
    SignedInUser,
)


def find_signed_in_user(db: Executor, session_value: str) -> SignedInUser | None:
    """Return the user of what `get_id` returned, unless their sign-ins have ended since."""
    user_id, _, _ = session_value.rpartition(".")
    user = _FIND.one(db, user_id=user_id)
    if user is None or user.get_id() != session_value:
        return None
    return user
