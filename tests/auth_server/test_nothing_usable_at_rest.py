"""The database and the logs contain no usable secret (RFC 6819 §5.1.4.1.3)."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from world.cast import Person
from world.registered_client import RegisteredClient, Tokens

from tests.auth_server.server import VERIFIER, Server
from web import event_log


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    """Return the event log, written as in the demo."""
    logger = event_log.logger
    before = (logger.handlers[:], logger.level, logger.propagate)
    logger.handlers.clear()
    event_log.write_to(tmp_path / "events.jsonl")
    yield tmp_path / "events.jsonl"
    for handler in logger.handlers:
        handler.close()
    logger.handlers[:], logger.level, logger.propagate = before


@pytest.fixture
def secrets(
    server: Server,
    alice: Person,
    mallory: Person,
    print_shop: RegisteredClient,
    phone_app: RegisteredClient,
    photo_api: RegisteredClient,
    log_file: Path,
    caplog: pytest.LogCaptureFixture,
) -> dict[str, str]:
    """Return every secret of a flow that includes failures, replays and attacks."""
    caplog.set_level(logging.DEBUG)
    alice.send_login(password="a-guess-at-the-password")
    alice.send_login(username="my-password-in-the-wrong-field")
    unspent_code = alice.allow_request(print_shop.authorization_path()).code
    code = alice.allow_request(print_shop.authorization_path(state="the-state")).code
    print_shop.redeem(code, code_verifier="a-wrong-verifier-0123456789-0123456789-012345")
    first = Tokens.read(print_shop.redeem(code))
    lost = Tokens.read(print_shop.refresh(first.refresh_token))
    second = Tokens.read(print_shop.refresh(first.refresh_token))
    photo_api.introspect(second.access_token)
    print_shop.redeem(code)
    third = alice.connect(phone_app)
    phone_app.revoke(third.access_token)
    server.post(
        "/oauth/token",
        {"grant_type": "refresh_token"},
        auth=("print-shop", "a-guess-at-the-secret"),
    )
    rotated = server.run("clients", "rotate-secret", print_shop.client_id).output
    server.run("users", "set-password", "alice", stdin="through the looking-glass\n")
    all_tokens = {
        f"{kind} of {name}": getattr(tokens, kind)
        for name, tokens in {"first": first, "lost": lost, "second": second, "third": third}.items()
        for kind in ("access_token", "refresh_token")
    }
    return all_tokens | {
        "a code": code,
        "an unspent code": unspent_code,
        "the verifier": VERIFIER,
        "a wrong verifier": "a-wrong-verifier-0123456789",
        "the state": "the-state",
        "a client's secret": str(print_shop.client_secret),
        "a resource server's secret": str(photo_api.client_secret),
        "a rotated secret": rotated.split("client_secret: ")[1].split()[0],
        "a guess at a secret": "a-guess-at-the-secret",
        "the old password": "wonderland",
        "the new password": "through the looking-glass",
        "a guess at a password": "a-guess-at-the-password",
        "a password in the wrong field": "my-password-in-the-wrong-field",
        "the cookie": alice.browser.session_cookie,
    }


def test_the_database_contains_no_usable_secret(
    secrets: dict[str, str], instance_database: Path
) -> None:
    files = sorted(instance_database.parent.glob("auth_server.db*"))
    stored = b"".join(path.read_bytes() for path in files)

    assert len(files) == 3, "the write-ahead log is searched too"
    assert b"alice" in stored
    assert [name for name, value in secrets.items() if value.encode() in stored] == []


def test_the_event_log_contains_no_usable_secret(secrets: dict[str, str], log_file: Path) -> None:
    written = log_file.read_text()

    assert written.count("\n") > 15
    assert [name for name, value in secrets.items() if value in written] == []


def test_no_other_log_contains_a_usable_secret(
    secrets: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    assert [name for name, value in secrets.items() if value in caplog.text] == []


def test_other_users_of_the_machine_cannot_read_the_files(
    secrets: dict[str, str], log_file: Path, instance_database: Path
) -> None:
    generated = [instance_database.parent / name for name in ("secret_key", "client_secret")]

    assert [path.stat().st_mode & 0o777 for path in (log_file, instance_database, *generated)] == [
        0o600
    ] * 4
    assert instance_database.parent.stat().st_mode & 0o777 == 0o700


def test_a_logged_database_error_has_no_parameters(
    server: Server, print_shop: RegisteredClient, caplog: pytest.LogCaptureFixture
) -> None:
    """A database error is logged without the parameters of its statement."""
    with server.database.writing() as db:
        db.connection().exec_driver_sql("DROP TABLE refresh_tokens")
    answer = print_shop.refresh("the-token-that-was-presented")

    assert answer.status_code >= 500
    assert "refresh_tokens" in caplog.text
    assert "the-token-that-was-presented" not in caplog.text
    assert "refresh_tokens" not in answer.text
