"""A leg's database: one engine per application, one session per request, and no global variable."""

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial, wraps
from typing import Annotated, ParamSpec, TypeVar

from flask import Flask, current_app, g
from sqlalchemy import Connection, DateTime, Dialect, event, func, orm, select, text
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.orm import mapped_column
from sqlalchemy.pool import NullPool
from sqlalchemy.types import TypeDecorator

from web import checkpoints, database_errors, event_log, service_threads
from web.engines import create_engine
from web.statements import Parameters
from web.transactions import Connections, Transaction

P = ParamSpec("P")
R = TypeVar("R")
#: How often a transaction is tried, and the seconds to wait at most after the first attempt.
ATTEMPTS = 5
LONGEST_PAUSE = 0.02
#: More than the threads that an application has.
POOL_SIZE = 32

#: Names for constraints, so that a migration can refer to them.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """A column type for a time with its time zone, which SQLite does not store.

    Times are stored in UTC. A value without a time zone is rejected.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the time in UTC.

        :raises ValueError: when `value` has no time zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the stored time with its time zone; a database without time zones holds UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            return value.replace(tzinfo=UTC)
        return value.astimezone(UTC)


Moment = Annotated[datetime, mapped_column(UtcDateTime())]


class Session(orm.Session):
    """An ORM session that also runs statements of `web/statements.py`, in its transaction."""

    @property
    def dialect(self) -> Dialect:
        """The kind of database."""
        dialect: Dialect = self.get_bind().dialect
        return dialect

    def run(self, sql: str, parameters: Parameters = ()) -> DBAPICursor:
        """Execute SQL with the driver's placeholders."""
        cursor = self.connection().connection.cursor()
        cursor.execute(sql, parameters)
        return cursor


event.listen(Session, "after_commit", lambda session: event_log.write_pending(session.info))
event.listen(Session, "after_rollback", lambda session: session.info.pop("events", None))


class Database:
    """The engine of one leg, and sessions for use in a request or outside one."""

    def __init__(self, url: str) -> None:
        self.engine = create_engine(url, pool_size=POOL_SIZE, pool_pre_ping=True)
        self._writing_engine = self.engine.execution_options(tripod_writing=True)
        # Each thread keeps its connection, so there is nothing to pool.
        self.thread_engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        self._connections = Connections(self.thread_engine)

    def init_app(self, app: Flask) -> None:
        """Make this the database of `app`, and close each request's session at its end.

        On SQLite, declare the thread that copies its log.
        """
        app.extensions["tripod.database"] = self
        app.teardown_appcontext(_close)
        if self.engine.dialect.name == "sqlite":
            for engine in (self.engine, self.thread_engine):
                event.listen(engine, "connect", _leave_log_to_thread)
            event.listen(self.engine, "commit", self._note_commit)
            keep_copying = partial(checkpoints.keep_copying, self._connections)
            service_threads.add(app, "checkpoints", keep_copying)

    def _note_commit(self, _connection: Connection) -> None:
        self._connections.commits += 1

    def session(self, *, writing: bool) -> Session:
        """Return a new ORM session for reading, or for a transaction that writes."""
        bind = self.engine
        if writing:
            bind = self._writing_engine
        return Session(bind, expire_on_commit=False, autoflush=False)

    def transaction(self, *, writing: bool) -> Transaction:
        """Return a new transaction for statements that were made once, without an ORM session."""
        return Transaction(self._connections, writing=writing)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session for one writing transaction outside a request.

        The transaction commits at the end, and rolls back on an exception.
        """
        with self.session(writing=True) as session, session.begin():
            yield session

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()
        self._connections.close()

    def check(self) -> None:
        """Execute a trivial query.

        :raises sqlalchemy.exc.SQLAlchemyError: when the database does not answer.
        """
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))


def _leave_log_to_thread(connection: sqlite3.Connection, _record: object) -> None:
    """Let no COMMIT copy the log."""
    connection.execute("PRAGMA wal_autocheckpoint=0")


def lock(db: Session | Connection, name: str) -> None:
    """Wait until no other writing transaction has the lock with this name, until it ends.

    On SQLite, there is only one writing transaction.
    """
    if db.dialect.name == "postgresql":
        db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def get_db() -> Session:
    """Return the session of the current request or command.

    It is for reading, unless the view is marked with `writing`.
    """
    session: Session | None = g.get("db")
    if session is None:
        session = g.db = get_database().session(writing=g.get("writing", False))
    return session


def get_transaction() -> Transaction:
    """Return the transaction of the current request, without an ORM session.

    It is for reading, unless the view is marked with `writing`.
    """
    transaction: Transaction | None = g.get("transaction")
    if transaction is None:
        transaction = g.transaction = get_database().transaction(writing=g.get("writing", False))
    return transaction


def get_reader() -> Transaction:
    """Return what reads beside the transaction of the current request, without locking anything."""
    return get_database().transaction(writing=False)


def end_transaction() -> None:
    """Roll back the transaction of the current request. The next statement begins another one."""
    _close(None)


def writing(view: Callable[P, R]) -> Callable[P, R]:
    """Mark a view that writes to the database.

    Its transaction starts as a writing one. The view itself commits. If another transaction was in
    the way, such as in a deadlock, the view is called again, `ATTEMPTS` times in all.
    """

    @wraps(view)
    def writing_view(*args: P.args, **kwargs: P.kwargs) -> R:
        g.writing = True
        for attempt in range(1, ATTEMPTS):
            try:
                return view(*args, **kwargs)
            except Exception as error:
                if not database_errors.is_retryable(error):
                    raise
            _close(None)
            time.sleep(random.uniform(0, attempt * LONGEST_PAUSE))  # noqa: S311 - not a secret
        return view(*args, **kwargs)

    return writing_view


def get_database() -> Database:
    """Return the database of the current application."""
    database: Database = current_app.extensions["tripod.database"]
    return database


def _close(_error: BaseException | None) -> None:
    session: Session | None = g.pop("db", None)
    if session is not None:
        _close_session(session)
    transaction: Transaction | None = g.pop("transaction", None)
    if transaction is not None:
        transaction.rollback()


def _close_session(session: Session) -> None:
    """Close the session. A connection that the database has closed has nothing to roll back."""
    try:
        session.close()
    except Exception as error:
        session.invalidate()
        if not database_errors.is_unavailable(error):
            raise
