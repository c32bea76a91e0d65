"""The log of a SQLite database is copied into its file, so that no request has to."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.engine.interfaces import DBAPICursor

from web import checkpoints
from web.checkpoints import copy_log, copy_what_is_new
from web.database import Database
from web.transactions import Connections, Transaction


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "photos.sqlite3"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{path}")
    with database.writing() as db:
        db.execute(text("CREATE TABLE notes (note TEXT)"))
    yield database
    database.close()


@pytest.fixture
def copier(database: Database) -> Iterator[DBAPICursor]:
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
    """Return the number of pages that were logged since the log was begun anew."""
    cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
    return int(cursor.fetchall()[0][1])


def size_of_log(path: Path) -> int:
    return path.with_name(f"{path.name}-wal").stat().st_size


def test_a_commit_does_not_copy_the_log(
    database: Database, copier: DBAPICursor, path: Path
) -> None:
    copy_log(copier)
    for _ in range(20):
        write(database, pages=100)

    assert count_notes_in_the_file(path) == 0


def test_the_log_is_copied_into_the_file(
    database: Database, copier: DBAPICursor, path: Path
) -> None:
    write(database)

    copy_log(copier)

    assert count_notes_in_the_file(path) == 1


def test_a_log_that_was_copied_is_begun_anew(
    database: Database, copier: DBAPICursor, path: Path
) -> None:
    write(database, pages=checkpoints.FEW_PAGES + 1)
    copy_log(copier)
    size = size_of_log(path)
    for _ in range(5):
        write(database, pages=checkpoints.FEW_PAGES)
        copy_log(copier)

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
    database: Database, copier: DBAPICursor, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "FEW_PAGES", 10)
    for _ in range(20):
        copy_log(cast(DBAPICursor, BusyCursor(copier, database)))

    assert size_of_log(path) < 40 * 4096


def test_nobody_waits_while_a_transaction_reads_for_long(
    database: Database, copier: DBAPICursor, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.engines.BUSY_TIMEOUT_MS", 0)
    with database.session(writing=False) as reader:
        reader.execute(text("SELECT * FROM notes"))
        write(database, pages=checkpoints.FEW_PAGES + 1)

        copy_log(copier)
        write(database)

    copy_log(copier)
    assert count_notes_in_the_file(path) == 2


def test_the_thread_itself_begins_the_log_anew(database: Database, copier: DBAPICursor) -> None:
    """The transaction that does so waits for the disk."""
    write(database, pages=10)

    copy_log(copier)

    assert count_pages_of_log(copier) == 1


def test_nothing_is_copied_unless_this_process_has_written(
    database: Database, copier: DBAPICursor, path: Path
) -> None:
    """Otherwise the threads of two processes would copy each other's changes, without an end."""
    copy_log(copier)
    connections = Connections(database.thread_engine)
    write(database)
    copy_what_is_new(connections, copier)
    assert count_notes_in_the_file(path) == 0

    transaction = Transaction(connections, writing=True)
    transaction.run("INSERT INTO notes VALUES ('')")
    transaction.commit()
    copy_what_is_new(connections, copier)

    assert count_notes_in_the_file(path) == 2
    assert not connections.has_written


def test_what_a_reader_prevents_is_copied_later(
    database: Database, copier: DBAPICursor, path: Path
) -> None:
    connections = Connections(database.thread_engine)
    connections.has_written = True
    with database.session(writing=False) as reader:
        reader.execute(text("SELECT * FROM notes"))
        write(database)
        copy_what_is_new(connections, copier)
        assert connections.has_written

    copy_what_is_new(connections, copier)
    assert count_notes_in_the_file(path) == 1


def test_orm_sessions_are_copied_too(path: Path) -> None:
    app, database = Flask("leg"), Database(f"sqlite:///{path}")
    database.init_app(app)
    connections = database._connections

    with database.writing() as db:
        db.execute(text("CREATE TABLE notes (note TEXT)"))

    assert connections.has_written
    database.close()
