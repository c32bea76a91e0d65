"""Expired rows are deleted in small steps, by one process at a time."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pytest
from sqlalchemy import Engine, func, select
from world.cast import Person
from world.clock import Clock
from world.legs import Legs
from world.registered_client import RegisteredClient
from world.threads import at_once, repeat_at_once

from auth_server import expired_rows
from auth_server.models import Grant, access_tokens, authorization_codes, refresh_tokens
from client_app.sql_records import PURGE, SqlRecords, sessions
from tests.on_both_databases.test_removal import add_grants, watch_changes
from web import purging, service_threads
from web.database import Database
from web.purging import INTERVAL, ROWS


@pytest.fixture
def database(clock: Clock, legs: Legs) -> Database:
    """Return the database of the authorization server."""
    database: Database = legs.auth_server.extensions["tripod.database"]
    return database


def count_rows(database: Database) -> dict[str, int]:
    """Return the number of rows in each table of what belongs to grants."""
    tables = (Grant.__table__, authorization_codes, refresh_tokens, access_tokens)
    with database.session(writing=False) as db:
        return {
            table.name: db.scalar(select(func.count()).select_from(table)) or 0 for table in tables
        }


def test_no_step_deletes_more_than_its_limit(
    clock: Clock, database: Database, client: RegisteredClient
) -> None:
    add_grants(database, "alice", client.client_id, 2 * ROWS + 1)
    clock.forward(days=2)
    changed = watch_changes(database.engine)

    deleted = purging.purge(database, expired_rows.EVERYTHING)

    assert deleted >= 3 * (2 * ROWS + 1)
    assert max(changed) <= ROWS
    assert set(count_rows(database).values()) == {0}


def test_a_grant_with_many_tokens_is_deleted_in_small_steps(
    clock: Clock, database: Database, client: RegisteredClient, alice: Person
) -> None:
    token = alice.connect(client).refresh_token
    for _ in range(2 * ROWS):
        token = client.refresh(token).json()["refresh_token"]
    clock.forward(days=2)
    changed = watch_changes(database.engine)

    purging.purge(database, expired_rows.EVERYTHING)

    assert max(changed) <= ROWS
    assert set(count_rows(database).values()) == {0}


def test_codes_that_were_never_redeemed_disappear_with_their_grants(
    clock: Clock, database: Database, client: RegisteredClient, alice: Person
) -> None:
    """Each of 60 authorization requests of one signed-in user left a grant and a code."""
    redeemed = alice.connect(client)
    for _ in range(60):
        alice.authorize(client)
    clock.forward(61)

    purging.purge(database, expired_rows.EVERYTHING)

    rows = count_rows(database)
    assert (rows["grants"], rows["authorization_codes"]) == (1, 1)
    assert client.refresh(redeemed.refresh_token).status_code == 200


@pytest.mark.parametrize(
    "settings",
    [pytest.param("postgresql", marks=pytest.mark.processes)],
    indirect=True,
    scope="session",
)
def test_a_purge_waits_for_no_request_that_uses_a_grant(
    clock: Clock, database: Database, client: RegisteredClient, alice: Person
) -> None:
    """SQLite has no locks of rows."""
    alice.connect(client)
    alice.connect(client)
    clock.forward(days=2)
    with database.writing() as db:
        db.scalars(select(Grant.id).limit(1).with_for_update()).one()

        purging.purge(database, expired_rows.EVERYTHING)

    assert count_rows(database)["grants"] == 1


def test_purges_refreshes_and_replays_wait_for_nobody_in_a_circle(
    clock: Clock, database: Database, client: RegisteredClient, alice: Person
) -> None:
    for _ in range(4):
        tokens = [alice.connect(client).refresh_token for _ in range(4)]
        clock.forward(121)  # The access tokens have expired, and their grants have not.

        _, _, *answers = at_once(
            *[lambda: purging.purge(database, expired_rows.EVERYTHING)] * 2,
            *[lambda token=token: client.refresh(token) for token in tokens for _ in range(3)],  # type: ignore[misc]
        )

        assert {answer.status_code for answer in answers} <= {200, 400}  # type: ignore[attr-defined]


def test_one_process_at_a_time_purges(clock: Clock, database: Database) -> None:
    rounds = []
    for _ in range(3):
        rounds.append(sum(repeat_at_once(8, lambda: purging.take_lease(database))))
        clock.forward(INTERVAL)

    assert rounds == [1, 1, 1]


def test_a_lease_from_before_the_clock_was_set_back_does_not_stop_the_purge(
    clock: Clock, database: Database
) -> None:
    assert purging.take_lease(database)
    clock.forward(days=-1)

    assert purging.take_lease(database)


@pytest.fixture
def records(database: Database, tmp_path: Path) -> Iterator[SqlRecords]:
    """Return the table of Print Shop, in the database of the test."""
    records = SqlRecords(Database(_url(database.engine, tmp_path)))
    yield records
    records.close()


def _url(engine: Engine, folder: Path) -> str:
    if engine.dialect.name == "sqlite":
        return f"sqlite:///{folder}/sessions.db"
    return engine.url.render_as_string(hide_password=False)


def test_expired_sessions_are_deleted_in_small_steps(clock: Clock, records: SqlRecords) -> None:
    for number in range(2 * ROWS):
        records.take_lease(f"{number:064}", "holder")
        records.store(f"{number:064}", "holder", b"data", timedelta(minutes=1))
    clock.forward(61)
    records.take_lease(f"{0:064}", "another holder")
    changed = watch_changes(records.database.engine)

    purging.purge(records.database, [PURGE])

    assert max(changed) <= ROWS
    with records.database.session(writing=False) as db:
        left = db.scalars(select(sessions.c.digest)).all()
    assert left == [f"{0:064}"], "a request is about to write it"


def stop_after_one_round(monkeypatch: pytest.MonkeyPatch) -> Event:
    """Stop the purging thread after its first round, and return the event that is set then.

    Otherwise it would go on after the test, with connections that nobody closes.
    """
    is_first, stopped = True, Event()

    def choose_pause(*_: float) -> float:
        nonlocal is_first
        if not is_first:
            stopped.set()
            Event().wait()
        is_first = False
        return 0.0

    monkeypatch.setattr(purging, "random", SimpleNamespace(uniform=choose_pause))
    return stopped


def test_a_leg_that_serves_purges_by_itself(
    clock: Clock,
    legs: Legs,
    database: Database,
    client: RegisteredClient,
    alice: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(purging, "FIRST_WITHIN", 0.0)
    stopped = stop_after_one_round(monkeypatch)
    alice.authorize(client)
    clock.forward(61)
    service_threads.start_with_first_request(legs.auth_server)
    assert count_rows(database)["grants"] == 1, "it begins with the first request"

    client.introspect("unknown")

    assert stopped.wait(30)
    assert count_rows(database)["grants"] == 0
    assert not purging.take_lease(database)
