"""The server's side of a browser's session: one encrypted record for each browser, in a table.

Tokens must not be values in an ordinary session, which a slow request reads, keeps and writes back: it would undo the
refresh in between, and the next one would present a spent refresh token. So a record is changed under a **lease**: by
one holder at a time across threads, processes and machines, who reads it anew first. A holder that died is waited for
until its lease runs out; one that was too slow and lost its lease writes nothing.

`read` and `change` are the whole interface, so that another kind of store can stand beside this one. The table is a
cache of what people make again by connecting: it needs no migrations, and losing it costs them a click.
"""

import hashlib
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from client_app.models import REQUEST_LIFETIME, Record
from client_app.record_cipher import RecordCipher
from web import SIGN_IN_LIFETIME
from web.clock import now
from web.database import Database, UtcDateTime

T = TypeVar("T")

#: Longer than what is done under it takes: three HTTP requests, each with its timeouts.
LEASE = timedelta(seconds=40)
#: Seconds to wait for another holder, and between two looks.
PATIENCE = 15.0
POLL = 0.02
#: Whoever adds a record takes away up to so many that have expired.
PURGED_AT_ONCE = 10
FREE = datetime(1970, 1, 1, tzinfo=UTC)

metadata = sa.MetaData()
sessions = sa.Table(
    "client_sessions",
    metadata,
    # SHA-256 of the browser's id: who reads the table cannot pass for a browser.
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("leased_by", sa.String(32), nullable=False),
    sa.Column("leased_until", UtcDateTime(), nullable=False),
    sa.Column("expires_at", UtcDateTime(), nullable=False, index=True),
)


class StoreUnavailableError(Exception):
    """The store does not answer, or another request holds the record and does not let go."""


def _never(_record: Record) -> None:
    return None


class SessionStore:
    """Browsers' records, found by the random id in the browser's cookie."""

    def __init__(self, database: Database, cipher: RecordCipher) -> None:
        self._database, self._cipher = database, cipher
        _create_table(database)

    def read(self, browser: str) -> Record:
        """The record as it is; an empty one when there is none. What is done to it is not kept."""
        return self._open(self._row(_digest(browser)))

    def change(
        self, browser: str, how: Callable[[Record], T], peek: Callable[[Record], T | None] = _never
    ) -> T:
        """What `how` answers, given the record under a lease; what it did to the record is kept, even if it raises.

        `peek` is asked at every look at the record, the one under the lease included. Any answer but None makes `how`
        needless: another request has done the work.

        :raises StoreUnavailableError: when the store or the record cannot be had; the record is as it was.
        """
        digest, holder, deadline = (
            _digest(browser),
            secrets.token_hex(16),
            time.monotonic() + PATIENCE,
        )
        while True:
            row = self._row(digest)
            answer = peek(self._open(row))
            if answer is not None:
                return answer
            if self._take(digest, holder, row):
                return self._change(digest, holder, how, peek)
            if time.monotonic() > deadline:
                raise StoreUnavailableError("another request holds the record")
            time.sleep(POLL)

    def _change(
        self,
        digest: str,
        holder: str,
        how: Callable[[Record], T],
        peek: Callable[[Record], T | None],
    ) -> T:
        record = self._open(self._row(digest))
        try:
            answer = peek(record)
            return how(record) if answer is None else answer
        finally:
            self._put(digest, holder, record)

    def _take(self, digest: str, holder: str, row: sa.Row[Any] | None) -> bool:
        lease = {"leased_by": holder, "leased_until": now() + LEASE}
        if row is None:
            return self._add({"digest": digest, "data": b"", "expires_at": now() + LEASE} | lease)
        is_free = sessions.c.leased_until <= now()
        return row.leased_until <= now() and self._write(_update(digest, lease).where(is_free)) == 1

    def _add(self, values: Mapping[str, object]) -> bool:
        over = (sessions.c.expires_at <= now()) & (sessions.c.leased_until <= now())
        some = sa.select(sessions.c.digest).where(over).limit(PURGED_AT_ONCE)
        purge = sa.delete(sessions).where(sessions.c.digest.in_(some), over)
        try:
            return self._write(purge, sa.insert(sessions).values(values)) == 1
        except IntegrityError:
            return False

    def _put(self, digest: str, holder: str, record: Record) -> None:
        """Keep the record and let it go, if it is still held: or else somebody else is at work on it."""
        lifetime = SIGN_IN_LIFETIME if record.connections else timedelta(seconds=REQUEST_LIFETIME)
        values = {
            "data": self._cipher.seal(record),
            "leased_by": "",
            "leased_until": FREE,
            "expires_at": now() + lifetime,
        }
        statement = _delete(digest) if record.is_empty else _update(digest, values)
        if self._write(statement.where(sessions.c.leased_by == holder)) != 1:
            raise StoreUnavailableError("the lease ran out")

    def _open(self, row: sa.Row[Any] | None) -> Record:
        return Record() if row is None or row.expires_at <= now() else self._cipher.open(row.data)

    def _row(self, digest: str) -> sa.Row[Any] | None:
        with _answering(), self._database.engine.connect() as connection:
            return connection.execute(
                sa.select(sessions).where(sessions.c.digest == digest)
            ).one_or_none()

    def _write(self, *statements: sa.Insert | sa.Update | sa.Delete) -> int:
        """Do these in one transaction; how many rows the last one touched."""
        with _answering(), self._database.writing() as db:
            results = [db.connection().execute(statement) for statement in statements]
            return results[-1].rowcount


def _update(digest: str, values: Mapping[str, object]) -> sa.Update:
    return sa.update(sessions).where(sessions.c.digest == digest).values(values)


def _delete(digest: str) -> sa.Delete:
    return sa.delete(sessions).where(sessions.c.digest == digest)


def _digest(browser: str) -> str:
    return hashlib.sha256(browser.encode()).hexdigest()


def _create_table(database: Database) -> None:
    """Make the table unless it is there. SQLite lets one start at a time do so; on PostgreSQL a loser looks again."""
    try:
        with database.writing() as db:
            metadata.create_all(db.connection())
    except SQLAlchemyError:
        with database.writing() as db:
            metadata.create_all(db.connection())


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise
    except SQLAlchemyError as error:
        raise StoreUnavailableError("the session store does not answer") from error
