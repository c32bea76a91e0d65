"""The events of a user's account, which only that user can read.

An event is stored in the transaction of the change that it reports, and is deleted with the user.
The event log, in contrast, is for the administrator and names no user.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select

from auth_server.models import AccountEvent
from web.clock import now
from web.database import Session
from web.statements import Change, Executor

KEPT_FOR = timedelta(days=90)
SHOWN = 50

Event = Literal[
    "signed_in",
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
