"""Engines for both kinds of database.

On SQLite, a writing transaction starts with `BEGIN IMMEDIATE`: a transaction that reads first and
writes later fails when another one has written in between. A reading transaction starts with
`BEGIN`, so that readers never wait. PostgreSQL needs no such distinction.
"""

import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, Engine, event, make_url

from web import database_errors, secret_files
from web.waiting import check_may_wait

BUSY_TIMEOUT_MS = 10_000
#: Seconds between two attempts to begin a writing transaction. A transaction takes about 0.5 ms.
#: Later pauses are longer, so that a long wait uses little CPU time.
FIRST_PAUSE = 0.001
LONGEST_PAUSE = 0.02
#: Held by the thread that tries to begin a transaction. A process writes to one database, so one
#: lock is enough.
_queue = threading.Lock()
#: Seconds in which PostgreSQL must accept a connection. The URL can set another limit.
CONNECT_TIMEOUT = "5"


def create_engine(url: str, **options: Any) -> Engine:
    """Return the engine of a database. Create the file of an SQLite database if necessary."""
    # hide_parameters: the text of an exception can reach a log, where no digest, name or address
    # may appear.
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        parsed = parsed.set(query={"connect_timeout": CONNECT_TIMEOUT, **parsed.query})
        return sqlalchemy.create_engine(parsed, hide_parameters=True, **options)
    if parsed.database:
        path = Path(parsed.database)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        secret_files.create_empty(path)
    engine = sqlalchemy.create_engine(url, hide_parameters=True, **options)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # The driver sends no BEGIN, _begin_sqlite does.
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    _switch_to_wal(cursor)
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _switch_to_wal(cursor: sqlite3.Cursor) -> None:
    """Switch a new database to its write-ahead log.

    Several processes can start at the same moment. SQLite refuses all but one without waiting.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if not database_errors.is_busy(error) or time.monotonic() >= deadline:
                raise
        time.sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    if connection.get_execution_options().get("tripod_writing", False):
        begin_immediate(connection.exec_driver_sql)
    else:
        connection.exec_driver_sql("BEGIN")


def begin_immediate(execute: Callable[[str], object]) -> None:
    """Begin a writing transaction on SQLite as soon as no other transaction is writing.

    SQLite itself would wait with pauses that grow to 100 ms. Of the threads of a process, only the
    first one attempts to begin, and the others queue. Otherwise all of them would be in a pause
    when the database becomes free.

    :raises Exception: the error of `execute`, at once, or after `BUSY_TIMEOUT_MS` if the database
        was locked.
    :raises WouldWait: when another one is writing, and the running code must not wait.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    has_turn = _queue.acquire(blocking=False)
    if not has_turn:
        check_may_wait()
        has_turn = _queue.acquire(timeout=BUSY_TIMEOUT_MS / 1000)
    try:
        execute("PRAGMA busy_timeout=0")
        _wait_for_begin(execute, deadline)
    finally:
        if has_turn:
            _queue.release()
        execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")


def _wait_for_begin(execute: Callable[[str], object], deadline: float) -> None:
    pause = FIRST_PAUSE
    while not _has_begun(execute, deadline):
        check_may_wait()
        time.sleep(pause)
        pause = min(pause * 1.1, LONGEST_PAUSE)


def _has_begun(execute: Callable[[str], object], deadline: float) -> bool:
    try:
        execute("BEGIN IMMEDIATE")
    except Exception as error:
        if not database_errors.is_busy(error) or time.monotonic() >= deadline:
            raise
        return False
    return True
