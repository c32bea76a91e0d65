"""Statements that are made once, in transactions and in ORM sessions, on both databases."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from world.postgresql import ON_BOTH_DATABASES

from web import event_log
from web.database import Database, Moment
from web.statements import Change, Query

NOON = datetime(2031, 3, 4, 12, 0, tzinfo=UTC)


class Base(DeclarativeBase):
    """Base class of the models in these tests."""


class Visit(Base):
    """A model with a time."""

    __tablename__ = "visits"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    at: Mapped[Moment]
    note: Mapped[str | None]


class Row(NamedTuple):
    """A visit as a query returns it."""

    name: str
    at: datetime


ADD = Change.insert(Visit, "id", "name", "at")
FIND = Query(select(Visit.name, Visit.at).where(Visit.id == bindparam("visit")), Row)
LIST = Query(select(Visit.name).order_by(Visit.id), str)
MOVE = Change(update(Visit).where(Visit.name == bindparam("visitor")).values(at=bindparam("time")))
LATEST = Change(update(Visit).where(Visit.at < bindparam("time")).values(at=bindparam("time")))
RESET = Change(update(Visit).values(at=NOON))
FORGET_NOTES = Change(update(Visit).values(note=None))


@pytest.fixture(params=ON_BOTH_DATABASES)
def database(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/visits.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql").create_database(secrets.token_hex(8))
    database = Database(url)
    Base.metadata.create_all(database.engine)
    yield database
    database.close()


def add(database: Database, visit: int, name: str = "alice") -> None:
    db = database.transaction(writing=True)
    ADD.run(db, id=visit, name=name, at=NOON)
    db.commit()


def names(database: Database) -> list[str]:
    return LIST.all(database.transaction(writing=False))


def test_a_row_has_the_type_of_the_query(database: Database) -> None:
    add(database, 1)

    assert FIND.one(database.transaction(writing=False), visit=1) == Row("alice", NOON)


def test_there_may_be_no_row(database: Database) -> None:
    assert FIND.one(database.transaction(writing=False), visit=1) is None


def test_a_change_returns_the_number_of_rows(database: Database) -> None:
    add(database, 1)
    add(database, 2)
    add(database, 3, "bob")

    db = database.transaction(writing=True)
    assert MOVE.run(db, visitor="alice", time=NOON + timedelta(hours=1)) == 2
    db.rollback()


def test_a_statement_can_have_values_of_its_own(database: Database) -> None:
    add(database, 1)
    db = database.transaction(writing=True)

    assert RESET.run(db) == 1
    db.commit()


def test_a_value_can_occur_twice(database: Database) -> None:
    add(database, 1)
    db = database.transaction(writing=True)

    assert LATEST.run(db, time=NOON + timedelta(hours=1)) == 1
    db.rollback()


def test_nothing_remains_after_a_rollback(database: Database) -> None:
    db = database.transaction(writing=True)
    ADD.run(db, id=1, name="alice", at=NOON)
    db.rollback()

    assert names(database) == []


def test_nothing_remains_after_an_error(database: Database) -> None:
    add(database, 1)
    db = database.transaction(writing=True)
    ADD.run(db, id=2, name="bob", at=NOON)
    with pytest.raises(db.dialect.loaded_dbapi.IntegrityError):
        ADD.run(db, id=1, name="mallory", at=NOON)
    db.rollback()

    assert names(database) == ["alice"]


def test_a_first_statement_that_fails_leaves_the_thread_usable(database: Database) -> None:
    add(database, 1)
    db = database.transaction(writing=True)
    with pytest.raises(db.dialect.loaded_dbapi.IntegrityError):
        ADD.run(db, id=1, name="mallory", at=NOON)
    db.rollback()
    add(database, 2, "bob")

    assert names(database) == ["alice", "bob"]


def test_an_orm_session_sees_its_own_changes_in_a_statement(database: Database) -> None:
    with database.session(writing=True) as session:
        session.add(Visit(id=1, name="alice", at=NOON))
        session.flush()
        ADD.run(session, id=2, name="bob", at=NOON)
        assert LIST.all(session) == ["alice", "bob"]

    assert names(database) == []


def test_each_thread_has_a_transaction_of_its_own(database: Database) -> None:
    add(database, 1)
    db = database.transaction(writing=True)
    ADD.run(db, id=2, name="bob", at=NOON)

    with ThreadPoolExecutor(1) as other_thread:
        assert other_thread.submit(names, database).result() == ["alice"]
    db.rollback()


@pytest.mark.parametrize("ends_with", ["commit", "rollback"])
def test_events_are_written_when_the_transaction_commits(
    database: Database, ends_with: str, caplog: pytest.LogCaptureFixture
) -> None:
    db = database.transaction(writing=True)
    ADD.run(db, id=1, name="alice", at=NOON)
    event_log.record_on_commit(db, "visited")
    with caplog.at_level("INFO", logger="tripod.events"):
        getattr(db, ends_with)()
        db.rollback()

    assert [record.getMessage() for record in caplog.records] == ["visited"] * (
        ends_with == "commit"
    )


def test_a_value_of_the_statement_may_be_none(database: Database) -> None:
    add(database, 1)
    db = database.transaction(writing=True)

    assert FORGET_NOTES.run(db) == 1


def test_a_statement_whose_text_depends_on_a_value_is_refused(database: Database) -> None:
    depends = Query(select(Visit.name).where(Visit.id.in_([1, 2])), str)

    with pytest.raises(ValueError, match="not the same for all values"):
        depends.all(database.transaction(writing=False))
