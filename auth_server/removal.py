"""Remove a client or a user: first end all access, then delete the rows in small steps.

The first transaction is short, whatever belongs to the client or the user. After it, the client
cannot authenticate and has no redirect URI, and the user cannot sign in, so nothing new begins.
Then every grant ends, and each step is committed. So nothing that a client sends can prevent its
removal, and no other request waits for it.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, delete, select, update

from auth_server import clients, users
from auth_server.errors import RegistrationError
from auth_server.expired_rows import delete_grants
from auth_server.grants import lock_grants
from auth_server.models import AccountEvent, Client, Consent, Grant
from auth_server.reasons import Reason
from web.clock import now
from web.database import Database
from web.purging import PAUSE, ROWS, delete_rows

T = TypeVar("T")


def remove_client(database: Database, client_id: str) -> None:
    """Remove the client with its consents, grants and tokens.

    :raises RegistrationError: when there is no such client.
    """
    with database.writing() as db:
        clients.disable_client(db, client_id)
    _remove_grants(database, Grant.client_id == client_id, Reason.CLIENT_DELETED)
    _remove_consents(database, client_id)
    with database.writing() as db:
        clients.delete_client(db, client_id)


def remove_user(database: Database, username: str) -> None:
    """Remove the user with their sign-ins, consents, grants, tokens, events and clients.

    :raises RegistrationError: when there is no such user.
    """
    with database.writing() as db:
        user_id = users.disable_user(db, username).id
    with database.session(writing=False) as db:
        owned = db.scalars(select(Client.client_id).where(Client.owner_id == user_id)).all()
    _remove_grants(database, Grant.user_id == user_id, Reason.USER_DELETED)
    for client_id in owned:
        with suppress(RegistrationError):  # Its owner has just deleted it.
            remove_client(database, client_id)
    _repeat(
        database, select(AccountEvent.id).where(AccountEvent.user_id == user_id), _delete_events
    )
    with database.writing() as db:
        users.delete_user(db, username)


def _remove_grants(database: Database, condition: ColumnElement[bool], reason: Reason) -> None:
    _repeat(database, select(Grant.id).where(condition, Grant.ended_at.is_(None)), _end(reason))
    _repeat(database, select(Grant.id).where(condition), delete_grants)


def _end(reason: Reason) -> Callable[[Database, Sequence[str]], object]:
    def end(database: Database, grant_ids: Sequence[str]) -> None:
        with database.writing() as db:
            locked = lock_grants(db, Grant.id.in_(grant_ids))
            unended = update(Grant).where(Grant.id.in_(locked), Grant.ended_at.is_(None))
            db.execute(unended.values(ended_at=now(), end_reason=reason.value))

    return end


def _remove_consents(database: Database, client_id: str) -> None:
    of_client = Consent.client_id == client_id

    def forget(database: Database, user_ids: Sequence[str]) -> None:
        with database.writing() as db:
            db.execute(delete(Consent).where(of_client, Consent.user_id.in_(user_ids)))

    _repeat(database, select(Consent.user_id).where(of_client).distinct(), forget)


def _delete_events(database: Database, event_ids: Sequence[int]) -> None:
    with database.writing() as db:
        delete_rows(db, AccountEvent.__table__.c.id, event_ids)


def _repeat(
    database: Database,
    find: Select[T],
    change: Callable[[Database, Sequence[T]], object],
) -> None:
    """Call `change` with at most `ROWS` keys at a time, until `find` finds no more."""
    while True:
        with database.session(writing=False) as db:
            keys = db.scalars(find.limit(ROWS)).all()
        if not keys:
            return
        change(database, keys)
        time.sleep(PAUSE)
