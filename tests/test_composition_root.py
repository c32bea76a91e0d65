"""`app.py` prints one line and exits with status 4 when it cannot start."""

import logging
import os
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine
from world.processes import free_ports

import app
from config import AuthServerSettings
from inspector.record.store import open_store

OUTSIDE_THE_DEMO = {
    "TRIPOD_DEMO": "0",
    "TRIPOD_SECRET_KEY": "a key that is long enough for a test",
    "TRIPOD_CLIENT_ID": "print-shop",
    "TRIPOD_CLIENT_SECRET": "a client secret",
    "TRIPOD_INTROSPECTION_CLIENT_ID": "photo-api",
    "TRIPOD_INTROSPECTION_CLIENT_SECRET": "an api secret",
}
each_leg = pytest.mark.parametrize(
    "create",
    [app.create_auth_server, app.create_client_app, app.create_resource_api],
    ids=lambda create: create.__name__,
)


#: Takes the function that cannot start, and returns the line that it prints.
StartError = Callable[[Callable[[], object]], str]


@pytest.fixture(autouse=True)
def own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give the factories an environment and an event log of their own, and restore the log."""
    for name, value in OUTSIDE_THE_DEMO.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TRIPOD_INSTANCE_PATH", str(tmp_path / "instance"))
    logger = logging.getLogger("tripod.events")
    before = logger.handlers[:], logger.level, logger.propagate
    logger.handlers = []
    yield
    for handler in logger.handlers:
        handler.close()
    logger.handlers, logger.level, logger.propagate = before


@pytest.fixture
def start_error(capsys: pytest.CaptureFixture[str]) -> StartError:
    """Return a function that asserts that a start fails, and returns the line it prints."""

    def start_error(start: Callable[[], object]) -> str:
        with pytest.raises(SystemExit) as stop:
            start()
        assert stop.value.code == 4
        printed = capsys.readouterr()
        assert printed.out == ""
        [line] = printed.err.splitlines()
        return line

    return start_error


@each_leg
def test_serving_without_a_secret_key_stops_outside_the_demo(
    create: Callable[[], Flask], start_error: StartError, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIPOD_SECRET_KEY", "")

    assert start_error(create).startswith("tripod: TRIPOD_SECRET_KEY must be set outside the demo")


@each_leg
@pytest.mark.parametrize("name", ["TRIPOD_SECRET_KEY", "TRIPOD_SECRET_KEY_FALLBACKS"])
def test_serving_with_a_weak_secret_key_stops_outside_the_demo(
    create: Callable[[], Flask],
    name: str,
    start_error: StartError,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(name, "a")

    assert start_error(create).startswith(f"tripod: {name}: the key must have at least 32 ")


@pytest.mark.parametrize(
    ("create", "setting"),
    [
        (app.create_auth_server, "TRIPOD_AUTH_DATABASE_URL"),
        (app.create_client_app, "TRIPOD_SESSION_STORE_URL"),
        (app.create_resource_api, "TRIPOD_RESOURCE_DATABASE_URL"),
    ],
)
def test_an_invalid_database_file_is_reported_in_one_line(
    create: Callable[[], Flask],
    setting: str,
    start_error: StartError,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "text.txt").write_text("This file is not a database.\n" * 100)
    monkeypatch.setenv(setting, f"sqlite:///{tmp_path}/text.txt")

    assert start_error(create) == "tripod: cannot open the database: file is not a database"


@each_leg
def test_a_database_that_cannot_be_created_is_reported_in_one_line(
    create: Callable[[], Flask],
    start_error: StartError,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "file").touch()
    for name in ("AUTH_DATABASE", "SESSION_STORE", "RESOURCE_DATABASE"):
        monkeypatch.setenv(f"TRIPOD_{name}_URL", f"sqlite:///{tmp_path}/file/rows.db")

    assert f"{tmp_path}/file" in start_error(create)


@pytest.mark.parametrize(
    ("create", "setting", "message"),
    [
        (
            app.create_resource_api,
            "TRIPOD_RESOURCE_DATABASE_URL",
            "tripod: the database has revision 0099, which resource_api does not know",
        ),
        (
            app.create_auth_server,
            "TRIPOD_AUTH_DATABASE_URL",
            "tripod: the database has revision 0099, which auth_server does not know",
        ),
    ],
)
def test_a_database_with_an_unknown_revision_is_reported_in_one_line(
    create: Callable[[], Flask],
    setting: str,
    message: str,
    start_error: StartError,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with closing(sqlite3.connect(tmp_path / "newer.db")) as database:
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        database.execute("INSERT INTO alembic_version VALUES ('0099')")
        database.commit()
    monkeypatch.setenv(setting, f"sqlite:///{tmp_path}/newer.db")

    assert start_error(create).startswith(message)


def test_an_unreachable_database_server_is_reported_in_one_line(
    start_error: StartError, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "TRIPOD_AUTH_DATABASE_URL", "postgresql+psycopg://tripod:db-password@127.0.0.1:1/tripod"
    )

    line = start_error(app.create_auth_server)

    assert line.startswith("tripod: cannot open the database: ")
    assert "db-password" not in line


@pytest.mark.parametrize("arguments", [["photo-api"], ["auth-server", "client-app"], ["--help"]])
def test_an_unknown_argument_prints_the_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        app.main(arguments)

    assert stop.value.code == 2
    assert capsys.readouterr().err == app.USAGE + "\n"


def test_two_legs_cannot_share_a_port(
    start_error: StartError, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AUTH_SERVER", "CLIENT_APP", "RESOURCE_API"):
        monkeypatch.setenv(f"TRIPOD_{name}_URL", f"http://127.0.0.1:{free_ports(1)[0]}")
    monkeypatch.setenv("TRIPOD_RESOURCE_API_URL", os.environ["TRIPOD_AUTH_SERVER_URL"])

    assert "Photo API cannot listen" in start_error(lambda: app.main([]))


def test_a_start_on_taken_ports_keeps_the_recording(
    start_error: StartError, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recording belongs to the legs that already run on these ports."""
    monkeypatch.setenv("TRIPOD_DEMO", "1")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setenv("TRIPOD_AUTH_SERVER_URL", url)
        store = open_store(AuthServerSettings.load())
        store.begin()
        before = store.run_id

        start_error(lambda: app.main([]))

    assert store.run_id == before


def test_a_name_that_the_terminal_cannot_show_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = TextIOWrapper(BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setitem(app.COMMANDS, "doctor", lambda _: sys.stdout.write("Bücher ID"))

    with pytest.raises(SystemExit):
        app.main(["doctor"])

    terminal.flush()
    assert terminal.buffer.getvalue() == b"B?cher ID"


@pytest.mark.parametrize(("demo", "file_names"), [("1", ["auth_server.events.jsonl"]), ("0", [])])
def test_the_demo_writes_its_event_log_to_the_instance_folder(
    demo: str, file_names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIPOD_DEMO", demo)

    leg = app.create_auth_server()

    assert [path.name for path in (tmp_path / "instance").glob("*.jsonl")] == file_names
    engine: Engine = leg.extensions["tripod.database"].engine
    engine.dispose()


@pytest.mark.parametrize(
    ("is_terminal", "display", "opened"),
    [(True, ":0", ["http://127.0.0.1:9001"]), (True, "", []), (False, ":0", [])],
    ids=["desktop", "terminal without desktop", "script"],
)
def test_the_address_is_opened_only_on_a_desktop(
    is_terminal: bool, display: str, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses: list[str] = []
    monkeypatch.setattr("webbrowser.open", addresses.append)
    monkeypatch.setattr("sys.stdout.isatty", lambda: is_terminal, raising=False)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    if display:
        monkeypatch.setenv("DISPLAY", display)

    app._show_next_steps({"client-app": app.ClientAppSettings.load()})

    assert addresses == opened
