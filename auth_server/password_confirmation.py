"""Confirm a change with the password, so that a copied cookie or an open browser is not enough.

The field for the password is on the form itself, so nothing that the user typed is lost. It counts
for this form only. A user who has just signed in is not asked.
"""

from datetime import timedelta
from http import HTTPStatus

from flask import request

from auth_server import sign_in
from auth_server.password_errors import PasswordRefused, TooBusy
from auth_server.signed_in_user import SignedInUser
from auth_server.throttling import TooManyFailures
from web.clock import now
from web.database import Session
from web.event_log import record

RECENT = timedelta(minutes=10)


def is_needed(user: SignedInUser) -> bool:
    """Return whether the user must confirm changes, because they did not sign in just now."""
    return now() - user.signed_in_at > RECENT


def confirm(db: Session, user: SignedInUser) -> None:
    """Check the password in the form of the request, unless the user has just signed in.

    This may commit or roll back, so nothing may have been changed before.

    :raises PasswordRefused: when it is missing or wrong, or cannot be checked now.
    """
    if not is_needed(user):
        return
    # Hashing must not block the database.
    db.rollback()
    typed = request.form.get("password", "")
    if not typed:
        raise PasswordRefused(HTTPStatus.FORBIDDEN, "Type your password to confirm the change.")
    check_password(db, user, typed, "confirmation")


def check_password(db: Session, user: SignedInUser, typed: str, event: str) -> None:
    """Check the password of the signed-in user, and commit. A wrong one is a failed sign-in.

    A refusal is logged under a name that begins with `event`.

    :raises PasswordRefused: when it is wrong, or cannot be checked now.
    """
    fields = {"sub": user.id, "address": request.remote_addr}
    try:
        is_right = sign_in.authenticate(db, user.username, typed) is not None
    except TooManyFailures as error:
        record(f"{event}_throttled", **fields)
        raise PasswordRefused(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"Too many attempts. Try again in {error.retry_after} seconds.",
            error.retry_after,
        ) from None
    except TooBusy:
        record(f"{event}_postponed", **fields)
        raise
    if not is_right:
        record(f"{event}_refused", **fields)
        raise PasswordRefused(HTTPStatus.FORBIDDEN, "That is not your current password.")
    db.commit()
