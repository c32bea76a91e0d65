"""The events of a user's account, which only that user can read.

An event is stored in the transaction of the change that it reports, and is deleted with the user.
The event log, in contrast, is for the administrator and names no user.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import bindparam, delete, func, insert, literal, select

from auth_server.models import AccountEvent, User
from web.clock import now
from web.database import Session, UtcDateTime
from web.statements import Change, Executor

KEPT_FOR = timedelta(days=90)
SHOWN = 50
#: Of each account, only the newest failures are kept, so that guesses cannot fill the database.
FAILURES_KEPT = 20

Event = Literal[
    "signed_in",
    "sign_in_failed",
    "app_allowed",
    "app_removed",
    "permission_withdrawn",
    "app_left",
    "app_revoked",
    "password_changed",
    "password_reset",
    "signed_out_everywhere",
    "sign_in_ended",
]
SENTENCES: dict[str, str] = {
    "signed_in": "You signed in.",
    "sign_in_failed": "Someone typed a wrong password for your account.",
    "app_allowed": "You gave {client} access.",
    "app_removed": (
        "You removed {client}'s access. Its codes and tokens stopped working immediately."
    ),
    "permission_withdrawn": (
        "You withdrew a permission from {client}. Its tokens lost it immediately."
    ),
    "app_left": "{client} gave up its own access.",
    "app_revoked": (
        "Access for {client} was revoked because a code or token was used twice. "
        "Someone may have copied it; {client} must ask you again."
    ),
    "password_changed": "You changed your password. You were signed out in every other browser.",
    "password_reset": ("An administrator reset your password. You were signed out everywhere."),
    "signed_out_everywhere": "You signed out everywhere else.",
    "sign_in_ended": "You signed out one browser.",
}


_STORE = Change.insert(AccountEvent, "user_id", "at", "event", "client_name", "address")
_user_id = select(User.id).where(User.username == bindparam("of_user")).scalar_subquery()
_failures = select(AccountEvent.id).where(
    AccountEvent.user_id == _user_id, AccountEvent.event == "sign_in_failed"
)
_STORE_FAILURE = Change(
    insert(AccountEvent).from_select(
        ["user_id", "at", "event", "address"],
        select(
            User.id,
            bindparam("moment", type_=UtcDateTime),
            literal("sign_in_failed", AccountEvent.event.type),
            bindparam("from_address", type_=AccountEvent.address.type),
        ).where(User.username == bindparam("of_user")),
    )
)
_DELETE_OLD_FAILURES = Change(
    delete(AccountEvent).where(
        AccountEvent.id.in_(_failures.order_by(AccountEvent.id.desc()).offset(FAILURES_KEPT))
    )
)
_DELETE_FAILURE = Change(
    delete(AccountEvent).where(
        AccountEvent.id
        == _failures.where(AccountEvent.at == bindparam("moment"))
        .with_only_columns(func.max(AccountEvent.id))
        .scalar_subquery()
    )
)


@dataclass(frozen=True)
class Entry:
    """One event as a sentence. `address` is the address of the browser, if there was one."""

    at: datetime
    sentence: str
    address: str | None
    is_alarming: bool


def note(
    db: Executor,
    user_id: str,
    event: Event,
    *,
    client_name: str | None = None,
    address: str | None = None,
) -> None:
    """Store an event, in the current transaction."""
    _STORE.run(db, user_id=user_id, at=now(), event=event, client_name=client_name, address=address)


def note_failure(db: Executor, username: str, at: datetime, address: str | None) -> None:
    """Store that a password for this account was wrong, until `forget_failure` removes it.

    The statements are the same for a username that nobody has, so that they take the same time.
    """
    _STORE_FAILURE.run(db, of_user=username, moment=at, from_address=address)
    _DELETE_OLD_FAILURES.run(db, of_user=username)


def forget_failure(db: Executor, username: str, at: datetime) -> None:
    """Remove a failure that was stored at this time, because the password was right."""
    _DELETE_FAILURE.run(db, of_user=username, moment=at)


def recent(db: Session, user_id: str) -> Sequence[Entry]:
    """Return the last events of the user, newest first."""
    statement = select(AccountEvent).where(
        AccountEvent.user_id == user_id, AccountEvent.event.in_(SENTENCES)
    )
    newest_first = statement.order_by(AccountEvent.at.desc(), AccountEvent.id.desc()).limit(SHOWN)
    return [_entry(event) for event in db.scalars(newest_first)]


def _entry(event: AccountEvent) -> Entry:
    sentence = SENTENCES[event.event].format(client=event.client_name)
    return Entry(event.at, sentence, event.address, is_alarming=event.event == "app_revoked")
