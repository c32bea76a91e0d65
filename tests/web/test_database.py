"""A leg's database: transactions, sessions of requests, times, and files."""

import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import QueuePool

from web.database import Database, Moment, get_db, writing
from web.engines import BUSY_TIMEOUT_MS

NOON = datetime(2031, 3, 4, 12, 0, tzinfo=UTC)


class Base(DeclarativeBase):
    """Base class of the models in these tests."""


class Visit(Base):
    """A model with a time."""

    __tablename__ = "visits"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[Moment]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "visits.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{path}")
    Base.metadata.create_all(database.engine)
    yield database
    database.close()


@pytest.fixture
def impatient_database(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """Return the same database with connections that do not wait for a lock."""
    monkeypatch.setattr("web.engines.BUSY_TIMEOUT_MS", 0)
    impatient = Database(f"sqlite:///{path}")
    yield impatient
    impatient.close()


def count_visits(database: Database) -> int:
    """Return the number of rows that are committed."""
    with database.session(writing=False) as db:
        return db.scalar(select(func.count()).select_from(Visit)) or 0


# Transactions


def test_a_writing_transaction_locks_at_its_start(
    database: Database, impatient_database: Database
) -> None:
    """A write after a read would fail if another transaction had written in between."""
    with (
        database.session(writing=True) as first,
        impatient_database.session(writing=True) as second,
    ):
        first.execute(text("SELECT 1"))

        with pytest.raises(OperationalError, match="locked"):
            second.execute(text("SELECT 1"))


def test_reading_does_not_wait_for_a_writer(
    database: Database, impatient_database: Database
) -> None:
    with database.writing() as writer:
        writer.add(Visit(at=NOON))
        writer.flush()

        assert count_visits(impatient_database) == 0

    assert count_visits(impatient_database) == 1


def test_parallel_writers_lose_no_update(database: Database) -> None:
    def add_visit(_: int) -> None:
        with database.writing() as db:
            number = db.scalar(select(func.count()).select_from(Visit)) or 0
            db.add(Visit(id=number + 1, at=NOON))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(add_visit, range(40)))

    assert count_visits(database) == 40


def test_a_writer_tries_again_after_short_pauses(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite itself would soon wait for 100 ms each time."""
    pauses: list[float] = []

    with database.session(writing=True) as first, database.session(writing=True) as second:
        first.execute(text("SELECT 1"))

        def sleep(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 20:
                first.commit()

        monkeypatch.setattr("web.engines.time.sleep", sleep)

        assert second.scalar(text("PRAGMA busy_timeout")) == BUSY_TIMEOUT_MS
    assert pauses[0] == 0.001
    assert max(pauses) < 0.01


def test_writers_that_wait_begin_in_the_order_in_which_they_came(database: Database) -> None:
    """Otherwise a request could wait for seconds while later ones are answered."""
    begun: list[int] = []

    def write(number: int) -> None:
        with database.session(writing=True) as db:
            db.execute(text("SELECT 1"))
            begun.append(number)
            time.sleep(0.01)

    with database.session(writing=True) as first, ThreadPoolExecutor(8) as threads:
        first.execute(text("SELECT 1"))
        for number in range(8):
            threads.submit(write, number)
            time.sleep(0.05)
        first.commit()

    assert begun == list(range(8))


def test_a_failed_transaction_writes_nothing(database: Database) -> None:
    def write_and_fail() -> None:
        with database.writing() as db:
            db.add(Visit(at=NOON))
            db.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()

    assert count_visits(database) == 0


def test_foreign_keys_are_enforced(database: Database) -> None:
    with database.writing() as db:
        assert db.scalar(text("PRAGMA foreign_keys")) == 1


# Requests


@pytest.fixture
def sessions() -> list[Session]:
    """Return the sessions of the leg's requests."""
    return []


@pytest.fixture
def leg(database: Database, sessions: list[Session]) -> Flask:
    """Return an application with views that read, write and fail."""
    leg = Flask("leg")
    database.init_app(leg)

    def read() -> str:
        sessions.extend((get_db(), get_db()))
        return str(get_db().scalar(select(func.count()).select_from(Visit)))

    def write() -> str:
        get_db().add(Visit(at=NOON))
        get_db().commit()
        return "written"

    def fail() -> str:
        sessions.append(get_db())
        get_db().add(Visit(at=NOON))
        get_db().flush()
        raise RuntimeError

    leg.add_url_rule("/read", view_func=read)
    leg.add_url_rule("/read-before-writing", "read_before_writing", view_func=writing(read))
    leg.add_url_rule("/write", view_func=writing(write))
    leg.add_url_rule("/fail", view_func=writing(fail))
    return leg


def test_a_request_has_one_session_and_closes_it(
    leg: Flask, sessions: list[Session], database: Database
) -> None:
    assert leg.test_client().get("/read").text == "0"

    assert sessions[0] is sessions[1]
    assert _connections_in_use(database) == 0


def test_a_view_that_writes_commits(leg: Flask, database: Database) -> None:
    leg.test_client().get("/write")

    assert count_visits(database) == 1


def test_a_failed_view_writes_nothing_and_releases_its_connection(
    leg: Flask, sessions: list[Session], database: Database
) -> None:
    assert leg.test_client().get("/fail").status_code == 500

    assert count_visits(database) == 0
    assert len(sessions) == 1
    assert _connections_in_use(database) == 0


def test_a_writing_view_locks_before_it_reads(leg: Flask, impatient_database: Database) -> None:
    impatient_database.init_app(leg)

    with impatient_database.session(writing=True) as other:
        other.execute(text("SELECT 1"))

        assert leg.test_client().get("/read").status_code == 200
        assert leg.test_client().get("/read-before-writing").status_code == 500


def _connections_in_use(database: Database) -> int:
    assert isinstance(database.engine.pool, QueuePool)
    return database.engine.pool.checkedout()


# Times


@pytest.mark.parametrize(
    "zone", [UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))]
)
def test_a_time_is_loaded_as_the_same_time_in_utc(zone: timezone, database: Database) -> None:
    with database.writing() as db:
        db.add(Visit(id=1, at=NOON.astimezone(zone)))

    with database.session(writing=False) as db:
        at = db.get_one(Visit, 1).at

    assert (at, at.tzinfo) == (NOON, UTC)


def test_times_with_different_zones_compare_correctly_in_the_database(database: Database) -> None:
    east = timezone(timedelta(hours=9))
    with database.writing() as db:
        db.add(Visit(at=NOON))

    with database.session(writing=False) as db:
        later = db.scalars(
            select(Visit).where(Visit.at > (NOON - timedelta(seconds=1)).astimezone(east))
        ).all()
        earlier = db.scalars(
            select(Visit).where(Visit.at < (NOON + timedelta(seconds=1)).astimezone(east))
        ).all()

    assert len(later) == len(earlier) == 1


def test_a_time_without_a_time_zone_is_rejected(database: Database) -> None:
    with database.session(writing=True) as db:
        db.add(Visit(at=NOON.replace(tzinfo=None)))

        with pytest.raises(StatementError, match="a time needs a time zone"):
            db.flush()


# Files and errors


def test_only_the_owner_can_read_the_files(database: Database, path: Path) -> None:
    with database.writing() as db:
        db.add(Visit(at=NOON))
        db.flush()
        files = list(path.parent.iterdir())

    assert len(files) == 3, "the database, its write-ahead log, and the index of the log"
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


COUNT_IN_ANOTHER_PROCESS = """
import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute("SELECT count(*) FROM visits").fetchone()[0])
"""


def count_in_another_process(path: Path) -> int:
    """Open the database in another process, close it at once, and return the number of rows."""
    command = [sys.executable, "-c", COUNT_IN_ANOTHER_PROCESS, str(path)]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(finished.stdout)


def test_opening_the_file_again_keeps_its_locks(database: Database, path: Path) -> None:
    """Without its locks, the other process would delete the write-ahead log that is in use."""
    with database.writing() as db:
        db.add(Visit(at=NOON))
    Database(f"sqlite:///{path}")
    count_in_another_process(path)

    with database.writing() as db:
        db.add(Visit(at=NOON))

    assert count_in_another_process(path) == 2


def test_an_exception_does_not_contain_the_written_values(database: Database) -> None:
    with pytest.raises(IntegrityError) as failure, database.writing() as db:
        db.execute(text("INSERT INTO visits (id, at) VALUES (:id, NULL)"), {"id": "private"})

    assert "private" not in str(failure.value)


def test_healthz_checks_the_database(
    start: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    leg = start()
    assert leg.test_client().get("/healthz").status_code == 200

    database: Database = leg.extensions["tripod.database"]
    monkeypatch.setattr(database.engine, "connect", _raise_no_connection)

    response = leg.test_client().get("/healthz")
    assert response.status_code == 503
    assert response.json == {"status": "the database does not answer"}


def _raise_no_connection() -> None:
    raise OperationalError("SELECT 1", {}, Exception("no connection"))


def test_livez_does_not_ask_the_database(
    start: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    leg = start()
    database: Database = leg.extensions["tripod.database"]
    for engine in (database.engine, database.thread_engine):
        monkeypatch.setattr(engine, "connect", _raise_no_connection)
        monkeypatch.setattr(engine, "raw_connection", _raise_no_connection)

    response = leg.test_client().get("/livez")

    assert response.status_code == 200
    assert response.json == {"status": "ok"}
