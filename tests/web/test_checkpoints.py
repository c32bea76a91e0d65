"""The log of a SQLite database is copied into its file, so that no request has to."""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.engine.interfaces import DBAPICursor

from web import checkpoints
from web.checkpoints import copy_wal, copy_what_is_new
from web.database import Database
from web.transactions import Connections, Transaction


@pytest.fixture(autouse=True)
def small_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "LONG_WAL", 100)
    monkeypatch.setattr(checkpoints, "FEW_COMMITS", 3)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "photos.sqlite3"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{path}")
    database.init_app(Flask("leg"))
    with database.writing() as db:
        db.execute(text("CREATE TABLE notes (note TEXT)"))
    yield database
    database.close()


@pytest.fixture
def copying_cursor(database: Database) -> Iterator[DBAPICursor]:
    """Return the cursor of the thread that copies."""
    with closing(database.thread_engine.raw_connection()) as connection:
        yield connection.cursor()


def write(database: Database, pages: int = 1) -> None:
    with database.writing() as db:
        db.execute(text("INSERT INTO notes VALUES (:note)"), {"note": "x" * 4096 * pages})


def count_notes_in_the_file(path: Path) -> int:
    """Return the number of notes that are there without the log."""
    alone = shutil.copy(path, path.with_name("alone.sqlite3"))
    with closing(sqlite3.connect(alone)) as connection:
        return int(connection.execute("SELECT count(*) FROM notes").fetchone()[0])


def count_pages_of_log(cursor: DBAPICursor) -> int:
    """Return the number of pages that were logged since the log was restarted."""
    cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
    return int(cursor.fetchall()[0][1])


def size_of_log(path: Path) -> int:
    return path.with_name(f"{path.name}-wal").stat().st_size


def test_a_commit_does_not_copy_the_log(
    database: Database, copying_cursor: DBAPICursor, path: Path
) -> None:
    copy_wal(copying_cursor)
    for _ in range(20):
        write(database, pages=100)

    assert count_notes_in_the_file(path) == 0


def test_the_log_is_copied_into_the_file(
    database: Database, copying_cursor: DBAPICursor, path: Path
) -> None:
    write(database)

    copy_wal(copying_cursor)

    assert count_notes_in_the_file(path) == 1


def test_a_log_that_was_copied_is_restarted(
    database: Database, copying_cursor: DBAPICursor, path: Path
) -> None:
    write(database, pages=checkpoints.LONG_WAL + 1)
    copy_wal(copying_cursor)
    size = size_of_log(path)
    for _ in range(5):
        write(database, pages=checkpoints.LONG_WAL)
        copy_wal(copying_cursor)

    assert size_of_log(path) == size


class BusyCursor:
    """A cursor of the thread that copies. Another transaction writes after each statement."""

    def __init__(self, cursor: DBAPICursor, database: Database) -> None:
        self._cursor = cursor
        self._database = database
        self.fetchall = cursor.fetchall

    def execute(self, statement: str) -> None:
        self._cursor.execute(statement)
        write(self._database, pages=10)


def test_the_log_stays_short_while_others_write_without_a_pause(
    database: Database, copying_cursor: DBAPICursor, path: Path
) -> None:
    for _ in range(50):
        copy_wal(cast(DBAPICursor, BusyCursor(copying_cursor, database)))

    assert size_of_log(path) < 200 * 4096


def test_a_long_read_does_not_make_writers_wait(
    database: Database, copying_cursor: DBAPICursor, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.engines.BUSY_TIMEOUT_MS", 0)
    with database.session(writing=False) as reader:
        reader.execute(text("SELECT * FROM notes"))
        write(database, pages=checkpoints.LONG_WAL + 1)

        copy_wal(copying_cursor)
        write(database)

    copy_wal(copying_cursor)
    assert count_notes_in_the_file(path) == 2


def test_the_thread_itself_restarts_the_log(
    database: Database, copying_cursor: DBAPICursor
) -> None:
    """The transaction that restarts it waits for the disk, so it must not be that of a request."""
    write(database, pages=10)

    copy_wal(copying_cursor)

    assert count_pages_of_log(copying_cursor) == 1


def test_the_log_is_copied_after_some_commits_of_this_process(
    database: Database, copying_cursor: DBAPICursor, path: Path
) -> None:
    """Otherwise the threads of two processes would copy each other's changes again and again."""
    copy_wal(copying_cursor)
    connections = Connections(database.thread_engine)
    for _ in range(5):
        write(database)
    copy_what_is_new(connections, copying_cursor)
    assert count_notes_in_the_file(path) == 0

    for _ in range(checkpoints.FEW_COMMITS):
        transaction = Transaction(connections, writing=True)
        transaction.run("INSERT INTO notes VALUES ('')")
        transaction.commit()
    copy_what_is_new(connections, copying_cursor)

    assert count_notes_in_the_file(path) == 8
    assert connections.commits == 0


def test_a_large_log_is_copied_after_one_commit(
    database: Database, copying_cursor: DBAPICursor, path: Path
) -> None:
    """A photo can have some MiB."""
    connections = Connections(database.thread_engine)
    connections.commits = 1
    write(database, pages=checkpoints.LARGE_WAL // 4096)

    copy_what_is_new(connections, copying_cursor)

    assert count_notes_in_the_file(path) == 1


def test_a_copy_that_a_reader_prevents_is_made_later(
    database: Database, copying_cursor: DBAPICursor, path: Path
) -> None:
    connections = Connections(database.thread_engine)
    connections.commits = checkpoints.FEW_COMMITS
    with database.session(writing=False) as reader:
        reader.execute(text("SELECT * FROM notes"))
        write(database)
        copy_what_is_new(connections, copying_cursor)
        assert connections.commits

    copy_what_is_new(connections, copying_cursor)
    assert count_notes_in_the_file(path) == 1


def test_a_copy_that_another_process_prevents_is_made_later(
    database: Database, copying_cursor: DBAPICursor, path: Path
) -> None:
    """The other one is copying, and waits until a transaction has stopped reading."""

    def restart() -> None:
        with closing(sqlite3.connect(path, timeout=30)) as connection:
            # It does not wait if the copy below is running.
            while connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()[0]:
                time.sleep(0.001)

    def is_copying() -> bool:
        copying_cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
        return bool(copying_cursor.fetchall()[0][0])

    write(database)
    with ThreadPoolExecutor(1) as threads:
        with database.session(writing=False) as reader:
            reader.execute(text("SELECT * FROM notes"))
            other = threads.submit(restart)
            while not is_copying():
                assert not other.done()

            assert not copy_wal(copying_cursor)
        other.result()


def test_commits_of_orm_sessions_count_too(path: Path) -> None:
    app, database = Flask("leg"), Database(f"sqlite:///{path}")
    database.init_app(app)
    connections = database._connections

    with database.writing() as db:
        db.execute(text("CREATE TABLE notes (note TEXT)"))

    assert connections.commits == 1
    database.close()
