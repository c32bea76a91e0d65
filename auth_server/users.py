"""Resource owners: create, find, list and delete them. Nothing here commits."""

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sqlalchemy import select

from auth_server import account_events, sign_in_records
from auth_server.client_metadata import check_name
from auth_server.digests import hash_password, new_identifier
from auth_server.errors import RegistrationError
from auth_server.grants import lock_grants
from auth_server.models import Client, Consent, Grant, User
from web import text
from web.clock import now
from web.database import Session
from web.event_log import record_on_commit
from web.text import TextError

#: Generated from the list of zxcvbn (MIT licence). A test compares them.
_COMMON_PASSWORDS = Path(__file__).with_name("common_passwords.txt")
#: As long as an address in a mail envelope can be (RFC 5321 §4.5.3.1.3).
MAX_EMAIL = 254
_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)*")
#: A stored hash that no password has.
_NO_PASSWORD = "none"  # noqa: S105 - it is no password


def create_user(
    db: Session, *, username: str, name: str, password: str, email: str | None = None
) -> User:
    """Create a resource owner with a subject that nobody had before.

    :raises RegistrationError: when the username is taken, or one of the values is not valid.
    """
    username, name = check_username(username), check_name(name)
    if email is not None:
        email = check_email(email)
    if db.scalar(select(User).where(User.username == username)) is not None:
        raise RegistrationError(f"There is a user {username} already.")
    user = User(
        id=new_identifier(),
        username=username,
        name=name,
        email=email,
        password_hash=hash_password(check_password(password)),
        created_at=now(),
    )
    db.add(user)
    record_on_commit(db, "user_created", sub=user.id)
    return user


def find_user(db: Session, username: str) -> User:
    """Return the resource owner with that username, however it is typed.

    :raises RegistrationError: when there is none.
    """
    with suppress(TextError):
        canonical = text.canonicalize_username(username)
        user: User | None = db.scalar(select(User).where(User.username == canonical))
        if user is not None:
            return user
    raise RegistrationError(f"There is no user {username}.")


def replace_password(db: Session, username: str, password: str) -> None:
    """Give the resource owner a new password, and end their sign-ins. Their grants stay.

    :raises RegistrationError: when there is no such user, or the password is not valid.
    """
    password = check_password(password)
    user = find_user(db, username)
    user.set_password(password)
    # Lock the user: a sign-in with the old password that is being stored must be found.
    db.flush()
    sign_in_records.end_all(db, user.id)
    account_events.note(db, user.id, "password_reset")


def disable_user(db: Session, username: str) -> User:
    """End the sign-ins of the resource owner, who cannot sign in any more.

    :raises RegistrationError: when there is no such user.
    """
    user = find_user(db, username)
    user.password_hash = _NO_PASSWORD
    # Lock the user: a sign-in that is being stored must be found.
    db.flush()
    sign_in_records.end_all(db, user.id)
    return user


def delete_user(db: Session, username: str) -> None:
    """Delete the resource owner with what is left of their grants, tokens and clients.

    :raises RegistrationError: when there is no such user.
    """
    user = find_user(db, username)
    owned = select(Client.client_id).where(Client.owner_id == user.id).order_by(Client.client_id)
    client_ids = db.scalars(owned.with_for_update()).all()
    lock_grants(db, (Grant.user_id == user.id) | Grant.client_id.in_(client_ids))
    # An authorization request locks the consents before it stores a grant, which locks the user.
    consents = select(Consent.scope).where(Consent.user_id == user.id)
    db.scalars(consents.order_by(Consent.client_id, Consent.scope).with_for_update()).all()
    db.delete(user)
    record_on_commit(db, "user_deleted", sub=user.id)


def all_users(db: Session) -> Sequence[User]:
    """Return every resource owner, ordered by username."""
    return db.scalars(select(User).order_by(User.username)).all()


def check_username(username: str) -> str:
    """Return the canonical form of a username, which is the one to store.

    :raises RegistrationError: when it is not valid.
    """
    try:
        return text.canonicalize_username(username)
    except TextError as error:
        raise RegistrationError(f"A username {error}") from None


def check_email(address: str) -> str:
    """Return the email address unchanged. Nobody has proved that the user reads it.

    :raises RegistrationError: when it is not a local part, an @ and a domain (RFC 5322 §3.4.1).
    """
    if len(address) > MAX_EMAIL or not _EMAIL.fullmatch(address) or not address.isprintable():
        raise RegistrationError(
            f"An email address has the form name@example.com, and at most {MAX_EMAIL} characters."
        )
    return address


def check_password(password: str) -> str:
    """Return the canonical form of a new password, which is the one to hash.

    The accounts of the demo have the passwords that its pages show, without this check.

    :raises RegistrationError: when it is not valid, or is one of the most common passwords.
    """
    try:
        canonical = text.canonicalize_password(password)
    except TextError as error:
        raise RegistrationError(f"A password {error}") from None
    if _is_common(canonical):
        raise RegistrationError(
            "A password must not be one of the 10,000 most common passwords. "
            "Use several unrelated words instead."
        )
    return canonical


def _is_common(password: str) -> bool:
    """Return whether the password is in the list, in upper or lower case.

    The list has those of the 10,000 most common passwords that are long enough. It is read when it
    is used, since passwords are seldom chosen.
    """
    return password.casefold() in _COMMON_PASSWORDS.read_text("ascii").splitlines()
