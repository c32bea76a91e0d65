"""Records of browsers in an SQL database: one table, with a row for each browser.

The table is a cache of what users can create again by connecting. It needs no migrations.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from client_app.session_store import LEASE, StoreUnavailableError
from web.clock import now
from web.database import Database, UtcDateTime, lock
from web.purging import Step, make_lease_table, make_step
from web.statements import Change, Query
from web.transactions import Transaction

#: `leased_until` of a record that no request holds.
NOT_LEASED = datetime(1970, 1, 1, tzinfo=UTC)

metadata = sa.MetaData()
sessions = sa.Table(
    "client_sessions",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("leased_by", sa.String(32), nullable=False),
    sa.Column("leased_until", UtcDateTime(), nullable=False),
    sa.Column("expires_at", UtcDateTime(), nullable=False, index=True),
)
make_lease_table(metadata)


class _Row(NamedTuple):
    """What is read of a record."""

    data: bytes
    leased_until: datetime
    expires_at: datetime


_columns = sessions.c
_is_it = _columns.digest == sa.bindparam("browser")
_is_held = _is_it & (_columns.leased_by == sa.bindparam("holder"))
# A lease that ends after `latest` is from before the clock was set back.
_is_free = (_columns.leased_until <= sa.bindparam("now")) | (
    _columns.leased_until > sa.bindparam("latest")
)
_READ = Query(sa.select(*(_columns[name] for name in _Row._fields)).where(_is_it), _Row)
_TAKE_LEASE = Change(
    sa.update(sessions)
    .where(_is_it, _is_free)
    .values(leased_by=sa.bindparam("holder"), leased_until=sa.bindparam("until"))
)
_RENEW = Change(sa.update(sessions).where(_is_held).values(leased_until=sa.bindparam("until")))
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


def _is_over() -> sa.ColumnElement[bool]:
    moment = now()
    return (_columns.expires_at <= moment) & (_columns.leased_until <= moment)


#: The step that deletes expired records. Redis deletes them by itself.
PURGE: Step = make_step(_columns.digest, _is_over, order=_columns.expires_at)


class _RecordExistsError(Exception):
    """Another request has added the record."""


class SqlRecords:
    """The records in a database, whose table is created if it does not exist."""

    def __init__(self, database: Database) -> None:
        self.database = database
        # Of two processes that start together, one waits.
        with database.writing() as db:
            lock(db, sessions.name)
            metadata.create_all(db.connection())

    def find(self, digest: str) -> bytes | None:
        """Return the encrypted record, or None when there is none or it has expired."""
        row = self._select(digest)
        if row is None or row.expires_at <= now():
            return None
        return row.data

    def take_lease(self, digest: str, holder: str) -> bool:
        """Lease the record to `holder`; return False when another request holds the lease."""
        row = self._select(digest)
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

    def renew_lease(self, digest: str, holder: str) -> bool:
        """Renew the lease, unless `holder` has lost it."""
        with self._transaction(writing=True) as db:
            changed = _RENEW.run(db, browser=digest, holder=holder, until=now() + LEASE)
        return changed == 1

    def store(self, digest: str, holder: str, data: bytes, lifetime: timedelta) -> bool:
        """Store the record and release its lease, unless `holder` has lost the lease."""
        with self._transaction(writing=True) as db:
            changed = _STORE.run(
                db,
                browser=digest,
                holder=holder,
                ciphertext=data,
                not_leased=NOT_LEASED,
                end=now() + lifetime,
            )
        return changed == 1

    def delete(self, digest: str, holder: str) -> bool:
        """Delete the record with its lease, unless `holder` has lost the lease."""
        with self._transaction(writing=True) as db:
            deleted = _DELETE.run(db, browser=digest, holder=holder)
        return deleted == 1

    def check(self) -> None:
        """Ask the database whether it can serve."""
        try:
            self.database.check()
        except SQLAlchemyError as error:
            raise StoreUnavailableError("the session store does not answer") from error

    def close(self) -> None:
        """Close all connections."""
        self.database.close()

    def _add(self, digest: str, holder: str) -> bool:
        """Add a record under a lease, and return whether this request was first."""
        until = now() + LEASE
        try:
            with self._transaction(writing=True) as db:
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

    def _select(self, digest: str) -> _Row | None:
        with self._transaction(writing=False) as db:
            return _READ.one(db, browser=digest)

    @contextmanager
    def _transaction(self, *, writing: bool) -> Iterator[Transaction]:
        """Give a transaction that commits at the end, and rolls back on an exception.

        :raises _RecordExistsError: when another request has added the record.
        :raises StoreUnavailableError: when the database raises any other error.
        """
        db = self.database.transaction(writing=writing)
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
