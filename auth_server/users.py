"""Resource owners: create, find, list and delete them. Nothing here commits."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth_server import account_events
from auth_server.client_metadata import check_name
from auth_server.digests import hash_password, new_identifier
from auth_server.errors import RegistrationError
from auth_server.models import User
from auth_server.sign_in import USERNAME
from web.clock import now
from web.event_log import record_on_commit


def create_user(db: Session, *, username: str, name: str, password: str) -> User:
    """Create a resource owner with a subject that nobody had before.

    :raises RegistrationError: when the username is taken, or one of the values is not valid.
    """
    check_username(username)
    check_name(name)
    if db.scalar(select(User).where(User.username == username)) is not None:
        raise RegistrationError(f"There is a user {username} already.")
    check_password(password)
    user = User(
        id=new_identifier(),
        username=username,
        name=name.strip(),
        password_hash=hash_password(password),
        created_at=now(),
    )
    db.add(user)
    record_on_commit(db, "user_created", sub=user.id)
    return user


def find_user(db: Session, username: str) -> User:
    """Return the resource owner with that username.

    :raises RegistrationError: when there is none.
    """
    user: User | None = db.scalar(select(User).where(User.username == username))
    if user is None:
        raise RegistrationError(f"There is no user {username}.")
    return user


def replace_password(db: Session, username: str, password: str) -> None:
    """Give the resource owner a new password, and end their sign-ins. Their grants stay.

    :raises RegistrationError: when there is no such user, or the password is not valid.
    """
    check_password(password)
    user = find_user(db, username)
    user.set_password(password)
    account_events.note(db, user.id, "password_reset")


def delete_user(db: Session, username: str) -> None:
    """Delete the resource owner with their sign-ins, consents, grants and tokens.

    :raises RegistrationError: when there is no such user.
    """
    user = find_user(db, username)
    db.delete(user)
    record_on_commit(db, "user_deleted", sub=user.id)


def all_users(db: Session) -> Sequence[User]:
    """Return every resource owner, ordered by username."""
    return db.scalars(select(User).order_by(User.username)).all()


def check_username(username: str) -> None:
    """Reject a username that the login page would not accept.

    :raises RegistrationError: when it is not valid.
    """
    if not USERNAME.fullmatch(username):
        raise RegistrationError(
            "A username has 1 to 64 characters of a-z, 0-9 and . _ @ + -, "
            "and begins with a letter or digit."
        )


def check_password(password: str) -> None:
    """Reject a password that is too short or too long.

    :raises RegistrationError: when it is not valid.
    """
    if not 8 <= len(password) <= 1024:
        raise RegistrationError("A password has 8 to 1024 characters.")
