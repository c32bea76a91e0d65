"""The server's side of a browser's session: a table with one encrypted record for each browser.

Tokens must not be in an ordinary session. A slow request reads such a session, changes it and
writes it back; it would undo a refresh that happened meanwhile, and the next refresh would present
a spent refresh token. So a record is changed only under a **lease**. One request at a time holds
it, across threads, processes and machines, and reads the record again first. If the holder stops,
the others wait until its lease expires. A holder that was too slow and lost its lease writes
nothing.

`read` and `change` are the whole interface, so that another kind of store can replace this one.
The table is a cache of what users can create again by connecting. It needs no migrations.
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

#: Longer than a holder's work takes: three HTTP requests, each with its timeouts.
LEASE = timedelta(seconds=40)
#: Seconds to wait for a lease that another request holds, and seconds between two attempts.
MAX_WAIT = 15.0
POLL_INTERVAL = 0.02
#: The number of expired records that are deleted when a record is added.
PURGE_LIMIT = 10
#: `leased_until` of a record that no request holds.
NOT_LEASED = datetime(1970, 1, 1, tzinfo=UTC)

metadata = sa.MetaData()
sessions = sa.Table(
    "client_sessions",
    metadata,
    # SHA-256 of the browser's id, so that a person who reads the table cannot act as a browser.
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("leased_by", sa.String(32), nullable=False),
    sa.Column("leased_until", UtcDateTime(), nullable=False),
    sa.Column("expires_at", UtcDateTime(), nullable=False, index=True),
)


class StoreUnavailableError(Exception):
    """The store does not answer, or another request holds the record for too long."""


def _find_nothing(_record: Record) -> None:
    return None


class SessionStore:
    """The records of browsers. The key is the random id in the browser's cookie."""

    def __init__(self, database: Database, cipher: RecordCipher) -> None:
        self._database, self._cipher = database, cipher
        _create_table(database)

    def read(self, browser: str) -> Record:
        """Return a copy of the record, or an empty record when there is none."""
        return self._decrypt(self._select(_digest(browser)))

    def change(
        self,
        browser: str,
        update: Callable[[Record], T],
        peek: Callable[[Record], T | None] = _find_nothing,
    ) -> T:
        """Call `update` with the record under a lease, store the record, and return the result.

        The record is stored even if `update` raises. `peek` is called with the record each time
        that it is read, before and after the lease is taken. If `peek` returns anything but None,
        another request has done the work: return that, and do not call `update`.

        :raises StoreUnavailableError: when the store or the lease is not available. The record is
            unchanged then.
        """
        digest, holder = _digest(browser), secrets.token_hex(16)
        deadline = time.monotonic() + MAX_WAIT
        while True:
            row = self._select(digest)
            found = peek(self._decrypt(row))
            if found is not None:
                return found
            if self._take_lease(digest, holder, row):
                return self._change_leased(digest, holder, update, peek)
            if time.monotonic() > deadline:
                raise StoreUnavailableError("another request holds the record")
            time.sleep(POLL_INTERVAL)

    def _change_leased(
        self,
        digest: str,
        holder: str,
        update: Callable[[Record], T],
        peek: Callable[[Record], T | None],
    ) -> T:
        record = self._decrypt(self._select(digest))
        try:
            found = peek(record)
            if found is not None:
                return found
            return update(record)
        finally:
            self._store(digest, holder, record)

    def _take_lease(self, digest: str, holder: str, row: sa.Row[Any] | None) -> bool:
        """Return whether `holder` got the lease of the record that was just read as `row`."""
        lease = {"leased_by": holder, "leased_until": now() + LEASE}
        if row is None:
            return self._insert(
                {"digest": digest, "data": b"", "expires_at": now() + LEASE} | lease
            )
        if now() < row.leased_until <= now() + 2 * LEASE:
            return False
        # A lease that ends later is from before the clock was set back.
        until = sessions.c.leased_until
        is_free = (until <= now()) | (until > now() + 2 * LEASE)
        return self._write(_update(digest, lease).where(is_free)) == 1

    def _insert(self, values: Mapping[str, object]) -> bool:
        """Insert a record and delete some expired ones; return whether this request was first."""
        is_over = (sessions.c.expires_at <= now()) & (sessions.c.leased_until <= now())
        some = sa.select(sessions.c.digest).where(is_over).limit(PURGE_LIMIT)
        some = some.with_for_update(skip_locked=True)  # Another request deletes the others.
        purge = sa.delete(sessions).where(sessions.c.digest.in_(some), is_over)
        try:
            self._write(purge, sa.insert(sessions).values(values))
        except IntegrityError:
            return False
        return True

    def _store(self, digest: str, holder: str, record: Record) -> None:
        """Store the record and release the lease, unless another request holds it by now."""
        statement: sa.Update | sa.Delete = _delete(digest)
        if not record.is_empty:
            statement = _update(digest, self._values(record))
        if self._write(statement.where(sessions.c.leased_by == holder)) != 1:
            raise StoreUnavailableError("the lease ran out")

    def _values(self, record: Record) -> dict[str, object]:
        lifetime = timedelta(seconds=REQUEST_LIFETIME)
        if record.connections:
            lifetime = SIGN_IN_LIFETIME
        return {
            "data": self._cipher.encrypt(record),
            "leased_by": "",
            "leased_until": NOT_LEASED,
            "expires_at": now() + lifetime,
        }

    def _decrypt(self, row: sa.Row[Any] | None) -> Record:
        if row is None or row.expires_at <= now():
            return Record()
        return self._cipher.decrypt(row.data)

    def _select(self, digest: str) -> sa.Row[Any] | None:
        statement = sa.select(sessions).where(sessions.c.digest == digest)
        with _translate_errors(), self._database.engine.connect() as connection:
            return connection.execute(statement).one_or_none()

    def _write(self, *statements: sa.Insert | sa.Update | sa.Delete) -> int:
        """Run the statements in one transaction; return the row count of the last one.

        An INSERT has no row count on PostgreSQL.
        """
        with _translate_errors(), self._database.writing() as db:
            results = [db.connection().execute(statement) for statement in statements]
            return results[-1].rowcount


def _update(digest: str, values: Mapping[str, object]) -> sa.Update:
    return sa.update(sessions).where(sessions.c.digest == digest).values(values)


def _delete(digest: str) -> sa.Delete:
    return sa.delete(sessions).where(sessions.c.digest == digest)


def _digest(browser: str) -> str:
    return hashlib.sha256(browser.encode()).hexdigest()


def _create_table(database: Database) -> None:
    """Create the table if it does not exist.

    On PostgreSQL, of two processes that start together one fails; it tries again and finds it.
    """
    try:
        with database.writing() as db:
            metadata.create_all(db.connection())
    except SQLAlchemyError:
        with database.writing() as db:
            metadata.create_all(db.connection())


@contextmanager
def _translate_errors() -> Iterator[None]:
    """Raise database errors as `StoreUnavailableError`; callers need `IntegrityError` as it is."""
    try:
        yield
    except IntegrityError:
        raise
    except SQLAlchemyError as error:
        raise StoreUnavailableError("the session store does not answer") from error
