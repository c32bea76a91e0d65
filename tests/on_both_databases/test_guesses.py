"""Parallel guesses of a password count as many, at two processes too, and each counts once."""

import secrets
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError
from world.browser import Browser
from world.cast import Person
from world.fixtures import Stage
from world.legs import copy_of
from world.page import Page
from world.processes import environment, running
from world.sockets import Sockets
from world.threads import repeat_at_once

from auth_server import sign_in
from tests.on_both_databases.conftest import DATABASE_URL

LIMIT = 5
GUESS = {"username": "alice", "password": "looking-glass"}


class Deadlock(Exception):
    """The error of the driver when the database ended a transaction to resolve a deadlock."""

    sqlstate = "40P01"


@pytest.fixture
def deadlock_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the first request fail after its password was found right, and its view run again."""
    reload, errors = sign_in._reload_unchanged, [OperationalError("", {}, Deadlock())]

    def reload_or_fail(*arguments: object) -> object:
        if errors:
            raise errors.pop()
        return reload(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(sign_in, "_reload_unchanged", reload_or_fail)


@pytest.fixture
def guess(alice: Person) -> Callable[..., int]:
    """Return a function that sends a guess. Nobody is signed in, so the form stays valid."""
    form = Page(alice.browser.get("/login")).form.entries
    cookie = alice.browser.session_cookie

    def guess(**typed: str) -> int:
        alice.browser.session_cookie = cookie
        return alice.browser.post("/login", form | GUESS | typed).status_code

    return guess


@pytest.mark.usefixtures("deadlock_once")
def test_a_sign_in_that_is_tried_again_leaves_no_failure(guess: Callable[..., int]) -> None:
    assert guess(password="wonderland") == 303

    assert [guess() for _ in range(LIMIT + 1)] == [403] * LIMIT + [429]


@pytest.mark.usefixtures("deadlock_once")
def test_a_sign_in_that_is_tried_again_needs_one_attempt(guess: Callable[..., int]) -> None:
    assert [guess() for _ in range(LIMIT - 1)] == [403] * (LIMIT - 1)

    assert guess(password="wonderland") == 303


@pytest.fixture
def two_workers(
    stage: Stage, settings: dict[str, str], tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[str]:
    """Serve the authorization server with two worker processes, and give its address."""
    own = {"TRIPOD_DEMO": "1"}
    if settings:
        template = str(make_url(settings[DATABASE_URL]).database)
        server = request.getfixturevalue("postgresql")
        own[DATABASE_URL] = server.create_database(secrets.token_hex(8), template)
    env = environment(copy_of(stage.instance_path, tmp_path / "instance"), **own)
    address = urlsplit(env["TRIPOD_AUTH_SERVER_URL"])
    options = "--interface asginl --http 1 --no-ws --factory --workers 2 --workers-kill-timeout 5"
    command = ("-m", "granian", *options.split(), "--port", str(address.port))
    with running(*command, "app:asgi_auth_server", env=env, log=tmp_path / "output") as served:
        served.wait_until_it_prints("Started worker-1")
        served.wait_until_it_prints("Started worker-2")
        served.wait_until_ready(served.auth_server_url)
        yield served.auth_server_url


@pytest.mark.processes
@pytest.mark.skipif(sys.platform == "win32", reason="granian has one worker on Windows")
def test_forty_guesses_at_two_processes_count_as_many(two_workers: str) -> None:
    browser = Browser(Sockets(), home=two_workers)
    form = Page(browser.get("/login")).form.entries

    answers = repeat_at_once(40, lambda: browser.post("/login", form | GUESS))

    statuses = Counter(answer.status_code for answer in answers)
    assert statuses == {403: LIMIT, 429: 40 - LIMIT}
