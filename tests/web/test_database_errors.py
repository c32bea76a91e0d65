"""A database that does not answer: which errors mean it, and what a client receives."""

import logging
import secrets
import sqlite3
from collections.abc import Callable
from contextlib import closing

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse
from world.postgresql import PostgreSQL

from web.canonical_host import for_machines
from web.database import Database, get_db
from web.database_errors import is_retryable, is_unavailable


def as_sqlalchemy(error: Exception) -> BaseException:
    """Return the error as SQLAlchemy raises it."""
    return sa.exc.DBAPIError.instance("SELECT 1", {}, error, Exception)


def sqlite_error(statement: str, code: int | None = None) -> sqlite3.Error:
    """Return the error that SQLite raises for `statement`; with `code`, as if it had that code."""
    with (
        closing(sqlite3.connect(":memory:")) as connection,
        pytest.raises(sqlite3.Error) as raised,
    ):
        connection.execute(statement)
    if code is not None:
        raised.value.sqlite_errorcode = code
    return raised.value


UNAVAILABLE = {
    "refused": psycopg.OperationalError("connection refused"),
    "closed": psycopg.InterfaceError("the connection is closed"),
    "stopped": psycopg.errors.AdminShutdown(),
    "starting": psycopg.errors.CannotConnectNow(),
    "full": psycopg.errors.TooManyConnections(),
    "deadlock": psycopg.errors.DeadlockDetected(),
    "read only": psycopg.errors.ReadOnlySqlTransaction(),
    "locked": sqlite_error("SELECT * FROM no_table", sqlite3.SQLITE_BUSY),
}
OTHERS = {
    "no such table": sqlite_error("SELECT * FROM no_table"),
    "syntax": psycopg.errors.SyntaxError(),
    "unique": psycopg.errors.UniqueViolation(),
    "ours": ValueError("a number"),
}


@pytest.mark.parametrize("error", UNAVAILABLE.values(), ids=UNAVAILABLE)
def test_an_error_of_the_connection_is_temporary(error: Exception) -> None:
    assert is_unavailable(error)
    assert is_unavailable(as_sqlalchemy(error))


def test_a_pool_without_a_free_connection_is_temporary() -> None:
    assert is_unavailable(sa.exc.TimeoutError("QueuePool limit reached"))


@pytest.mark.parametrize("error", OTHERS.values(), ids=OTHERS)
def test_an_error_of_the_program_is_not_temporary(error: Exception) -> None:
    assert not is_unavailable(error)


@pytest.mark.parametrize(
    "error",
    [
        psycopg.errors.DeadlockDetected(),
        psycopg.errors.SerializationFailure(),
        psycopg.errors.ForeignKeyViolation(),
        psycopg.errors.UniqueViolation(),
        sqlite_error("SELECT * FROM no_table", sqlite3.SQLITE_BUSY_SNAPSHOT),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_transaction_that_another_one_disturbed_can_be_tried_again(error: Exception) -> None:
    assert is_retryable(error)
    assert is_retryable(as_sqlalchemy(error))


@pytest.mark.parametrize(
    "error",
    [
        psycopg.errors.AdminShutdown(),
        psycopg.errors.NotNullViolation(),
        sqlite_error("SELECT * FROM no_table", sqlite3.SQLITE_BUSY),
        ValueError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_nothing_else_is_tried_again(error: Exception) -> None:
    """The outcome of a commit is unknown when the connection was lost."""
    assert not is_retryable(error)


@pytest.fixture
def leg(start: Callable[..., Flask]) -> Flask:
    """Return a leg with a page and an endpoint for programs whose database does not answer."""
    leg = start()

    def fail(_error: object = None) -> None:
        raise psycopg.OperationalError("connection to 10.0.0.7 refused")

    leg.add_url_rule("/page", "page", fail)
    leg.add_url_rule("/endpoint", "endpoint", for_machines(lambda: fail()))
    return leg


def get(leg: Flask, path: str) -> TestResponse:
    """Send a request to the canonical address of the leg."""
    return leg.test_client().get(path, base_url=leg.extensions["tripod.settings"].url)


def test_a_program_is_told_to_try_again(leg: Flask) -> None:
    response = get(leg, "/endpoint")

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert response.json is not None
    assert response.json["error"] == "temporarily_unavailable"


def test_a_user_is_told_to_try_again(leg: Flask) -> None:
    response = get(leg, "/page")

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert "Try again in a moment." in response.text


def test_an_error_page_that_needs_the_database_is_refused_too(leg: Flask) -> None:
    leg.register_error_handler(404, leg.view_functions["page"])

    response = get(leg, "/missing")

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")


@pytest.mark.processes
def test_a_connection_that_ends_after_the_view_changes_nothing(postgresql: PostgreSQL) -> None:
    database = Database(postgresql.create_database(secrets.token_hex(8)))
    leg = Flask("leg")
    database.init_app(leg)

    def read() -> str:
        process_id = get_db().scalar(sa.text("SELECT pg_backend_pid()"))
        with database.engine.connect() as other:
            other.execute(sa.text(f"SELECT pg_terminate_backend({process_id}, 5000)"))
        return "read"

    leg.add_url_rule("/", view_func=read)

    assert [leg.test_client().get("/").text for _ in range(2)] == ["read", "read"]
    database.close()


@pytest.mark.processes
@pytest.mark.parametrize("writing", [False, True])
def test_a_kept_connection_that_the_database_closed_is_replaced(
    writing: bool, postgresql: PostgreSQL
) -> None:
    database = Database(postgresql.create_database(secrets.token_hex(8)))
    process_ids = []
    for _ in range(2):
        transaction = database.transaction(writing=writing)
        row = transaction.run("SELECT pg_backend_pid()").fetchone()
        transaction.commit()
        assert row is not None
        process_ids.append(row[0])
        with database.engine.connect() as other:
            other.execute(sa.text(f"SELECT pg_terminate_backend({row[0]}, 5000)"))

    assert process_ids[0] != process_ids[1]
    database.close()


def test_only_the_log_contains_the_cause(leg: Flask, caplog: pytest.LogCaptureFixture) -> None:
    response = get(leg, "/page")

    assert "10.0.0.7" not in response.text
    assert [record.message for record in caplog.records if record.levelno == logging.ERROR] == [
        "the database does not answer"
    ]
    assert "10.0.0.7" in caplog.text
