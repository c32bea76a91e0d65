"""A leg's database: one engine per application, one session per request, no global.

On SQLite a writing transaction starts as one (`BEGIN IMMEDIATE`), since a transaction that reads first and then writes
fails when another has written in between; a reading one does not, so readers never wait. PostgreSQL needs neither.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Annotated, ParamSpec, TypeVar

from flask import Flask, current_app, g
from sqlalchemy import Connection, DateTime, Dialect, Engine, create_engine, event, make_url, text
from sqlalchemy.orm import Session, mapped_column
from sqlalchemy.types import TypeDecorator

from web import event_log

P = ParamSpec("P")
R = TypeVar("R")
BUSY_TIMEOUT_MS = 10_000

#: Constraints need names that a migration can refer to.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in time. SQLite forgets time zones; this column type does not, and refuses a naive value."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and (
            value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        )


Moment = Annotated[datetime, mapped_column(UtcDateTime())]


class Database:
    """The engine of one leg. `reading` and `writing` give sessions outside a request, as the command line needs."""

    def __init__(self, url: str) -> None:
        # hide_parameters: an exception's text must not carry a digest, a name or an address into a log.
        self.engine = _engine(url)
        self._writing_engine = self.engine.execution_options(tripod_writing=True)

    def init_app(self, app: Flask) -> None:
        """Make this the database of `app`; each request's session closes with it."""
        app.extensions["tripod.database"] = self
        app.teardown_appcontext(_close)

    def session(self, *, writing: bool) -> Session:
        """A session that reads, or one whose transaction starts as a writing one."""
        bind = self._writing_engine if writing else self.engine
        return event_log.watch(Session(bind, expire_on_commit=False, autoflush=False))

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session outside a request whose transaction commits at the end, or rolls back on an exception."""
        with self.session(writing=True) as session, session.begin():
            yield session

    def check(self) -> None:
        """Ask the database for nothing in particular.

        :raises sqlalchemy.exc.SQLAlchemyError: when it does not answer.
        """
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))


def get_db() -> Session:
    """The session of this request (or of this command): a reading one, unless the view is marked `writing`."""
    if "db" not in g:
        database: Database = current_app.extensions["tripod.database"]
        g.db = database.session(writing=g.get("writing", False))
    session: Session = g.db
    return session


def writing(view: Callable[P, R]) -> Callable[P, R]:
    """Mark a view that writes: its transaction starts as a writing one. The view commits; nobody else does."""

    @wraps(view)
    def writing_view(*args: P.args, **kwargs: P.kwargs) -> R:
        g.writing = True
        return view(*args, **kwargs)

    return writing_view


def _close(_error: BaseException | None) -> None:
    session: Session | None = g.pop("db", None)
    if session is not None:
        session.close()


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, hide_parameters=True)
    if parsed.database:
        _create_private_file(Path(parsed.database))
    engine = create_engine(url, pool_size=32, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _create_private_file(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # no BEGIN of the driver's: _begin_sqlite says which
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    is_writing = connection.get_execution_options().get("tripod_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")
