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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from client_app.models import REQUEST_LIFETIME, Record
from client_app.record_cipher import RecordCipher
from web.application import SIGN_IN_LIFETIME
from web.clock import now
from web.database import Database, UtcDateTime, lock
from web.statements import Change, Query
from web.transactions import Transaction

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


class _Row(NamedTuple):
    """What is read of a record."""

    data: bytes
    leased_until: datetime
    expires_at: datetime


_columns = sessions.c
_now = sa.bindparam("now", type_=UtcDateTime())
_is_it = _columns.digest == sa.bindparam("browser")
_is_held = _is_it & (_columns.leased_by == sa.bindparam("holder"))
_has_no_lease = _columns.leased_until <= _now
# A lease that ends after `latest` is from before the clock was set back.
_is_free = _has_no_lease | (_columns.leased_until > sa.bindparam("latest"))
_is_over = _has_no_lease & (_columns.expires_at <= _now)
_READ = Query(sa.select(*(_columns[name] for name in _Row._fields)).where(_is_it), _Row)
_TAKE_LEASE = Change(
    sa.update(sessions)
    .where(_is_it, _is_free)
    .values(leased_by=sa.bindparam("holder"), leased_until=sa.bindparam("until"))
)
_PURGE = Change(
    sa.delete(sessions).where(
        _columns.digest.in_(
            sa.select(_columns.digest)
            .where(_is_over)
            .limit(sa.bindparam("at_most"))
            .with_for_update(skip_locked=True)  # Another request deletes the others.
        ),
        _is_over,
    )
)
_ADD = Change.insert(sessions, "digest", "data", "leased_by", "leased_until", "expires_at")
_STORE = Change(
    sa.update(sessions)
    .where(_is_held)
    .values(
        data=sa.bindparam("ciphertext"),
        leased_by="",
        leased_until=sa.bindparam("not_leased"),
        expires_at=sa.bindparam("end"),
    )
)
_DELETE = Change(sa.delete(sessions).where(_is_held))


class StoreUnavailableError(Exception):
    """The store does not answer, or another request holds the record for too long."""


class _RecordExistsError(Exception):
    """Another request has added the record."""


def find_nothing(_record: Record) -> None:
    """Return None: no other request has done the work."""


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
        peek: Callable[[Record], T | None] = find_nothing,
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

    def _take_lease(self, digest: str, holder: str, row: _Row | None) -> bool:
        """Return whether `holder` got the lease of the record that was just read as `row`."""
        if row is None:
            return self._add(digest, holder)
        latest = now() + 2 * LEASE
        if now() < row.leased_until <= latest:
            return False
        with self._transaction(writing=True) as db:
            taken = _TAKE_LEASE.run(
                db, browser=digest, holder=holder, until=now() + LEASE, now=now(), latest=latest
            )
        return taken == 1

    def _add(self, digest: str, holder: str) -> bool:
        """Add a leased record and delete expired ones; return whether this request was first."""
        until = now() + LEASE
        try:
            with self._transaction(writing=True) as db:
                _PURGE.run(db, now=now(), at_most=PURGE_LIMIT)
                _ADD.run(
                    db,
                    digest=digest,
                    data=b"",
                    leased_by=holder,
                    leased_until=until,
                    expires_at=until,
                )
        except _RecordExistsError:
            return False
        return True

    def _store(self, digest: str, holder: str, record: Record) -> None:
        """Store the record and release the lease, unless another request holds it by now."""
        with self._transaction(writing=True) as db:
            if record.is_empty:
                changed = _DELETE.run(db, browser=digest, holder=holder)
            else:
                changed = _STORE.run(
                    db,
                    browser=digest,
                    holder=holder,
                    ciphertext=self._cipher.encrypt(record),
                    not_leased=NOT_LEASED,
                    end=now() + _find_lifetime(record),
                )
        if changed != 1:
            raise StoreUnavailableError("the lease ran out")

    def _decrypt(self, row: _Row | None) -> Record:
        if row is None or row.expires_at <= now():
            return Record()
        return self._cipher.decrypt(row.data)

    def _select(self, digest: str) -> _Row | None:
        with self._transaction(writing=False) as db:
            return _READ.one(db, browser=digest)

    @contextmanager
    def _transaction(self, *, writing: bool) -> Iterator[Transaction]:
        """Give a transaction that commits at the end, and rolls back on an exception.

        :raises _RecordExistsError: when another request has added the record.
        :raises StoreUnavailableError: when the database raises any other error.
        """
        db = self._database.transaction(writing=writing)
        driver = db.dialect.loaded_dbapi
        try:
            yield db
            db.commit()
        except driver.IntegrityError as error:
            raise _RecordExistsError from error
        except (driver.Error, SQLAlchemyError) as error:
            raise StoreUnavailableError("the session store does not answer") from error
        finally:
            db.rollback()


def _find_lifetime(record: Record) -> timedelta:
    if record.connections:
        return SIGN_IN_LIFETIME
    return timedelta(seconds=REQUEST_LIFETIME)


def _digest(browser: str) -> str:
    return hashlib.sha256(browser.encode()).hexdigest()


def _create_table(database: Database) -> None:
    """Create the table if it does not exist. Of two processes that start together, one waits."""
    with database.writing() as db:
        lock(db, sessions.name)
        metadata.create_all(db.connection())
