"""The event log: one JSON line per event, and no line for a rolled-back transaction."""

import json
import logging
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from web import event_log
from web.database import Database
from web.event_log import record, record_on_commit

URL = "http://127.0.0.1:9000"
Log = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    """Write the log to a file during the test, and return a function that reads the file."""
    path, logger = tmp_path / "events.jsonl", logging.getLogger("tripod.events")
    before = logger.handlers[:], logger.level, logger.propagate
    logger.handlers = []
    event_log.write_to(path)
    yield lambda: [json.loads(line) for line in path.read_text().splitlines()]
    event_log.write_to(None)
    logger.handlers, logger.level, logger.propagate = before


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/rows.db")
    with database.writing() as db:
        db.execute(text("CREATE TABLE rows (id INTEGER)"))
    yield database
    database.close()


def test_an_event_is_one_line_of_json(log: Log, start: Callable[..., Flask]) -> None:
    leg = start()
    with leg.test_request_context(base_url=URL, headers={"X-Request-Id": "the-request"}):
        leg.preprocess_request()
        record("client_refused", client_id="a\nb", scopes=["profile"], reason=None)

    [event] = log()
    assert event.pop("time").endswith("+00:00")
    assert event == {
        "leg": "auth_server",
        "request_id": "the-request",
        "event": "client_refused",
        "client_id": "a\nb",
        "scopes": ["profile"],
        "reason": None,
    }


def test_an_event_outside_a_request_has_no_id(log: Log) -> None:
    record("purged", count=3)

    assert (log()[0]["request_id"], log()[0]["leg"]) == (None, None)


def test_an_event_of_a_transaction_is_logged_at_the_commit(log: Log, database: Database) -> None:
    with database.session(writing=True) as db:
        db.execute(text("INSERT INTO rows VALUES (1)"))
        record_on_commit(db, "code_redeemed", grant_id="g")
        record_on_commit(db, "tokens_issued", grant_id="g")
        assert log() == []

        db.commit()

    assert [event["event"] for event in log()] == ["code_redeemed", "tokens_issued"]


def test_an_event_that_was_rolled_back_is_never_logged(log: Log, database: Database) -> None:
    with database.session(writing=True) as db:
        db.execute(text("INSERT INTO rows VALUES (1)"))
        record_on_commit(db, "code_redeemed", grant_id="g")
        db.rollback()

        record_on_commit(db, "grant_ended", grant_id="g")
        db.execute(text("INSERT INTO rows VALUES (2)"))
        db.commit()

    assert [event["event"] for event in log()] == ["grant_ended"]


def test_an_event_without_a_commit_is_never_logged(log: Log, database: Database) -> None:
    with database.session(writing=True) as db:
        db.execute(text("INSERT INTO rows VALUES (1)"))
        record_on_commit(db, "code_redeemed", grant_id="g")

    assert log() == []


def test_an_event_is_logged_once(log: Log, database: Database) -> None:
    with database.session(writing=True) as db:
        record_on_commit(db, "code_redeemed")
        for number in (1, 2):
            db.execute(text("INSERT INTO rows VALUES (:number)"), {"number": number})
            db.commit()

    assert len(log()) == 1


def test_only_the_owner_can_read_the_file(log: Log, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "events.jsonl").stat().st_mode) == 0o600


def test_a_later_start_appends_to_the_file(log: Log, tmp_path: Path) -> None:
    record("first")
    event_log.write_to(tmp_path / "events.jsonl")
    record("second")

    assert [event["event"] for event in log()] == ["first", "second"]


def test_without_a_file_events_go_to_standard_error(
    log: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    event_log.write_to(None)
    record("started")

    output = capsys.readouterr()
    assert json.loads(output.err)["event"] == "started"
    assert output.out == ""
