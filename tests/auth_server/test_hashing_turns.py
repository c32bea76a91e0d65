"""Passwords are hashed a few at a time, so that a flood of sign-ins stops nothing else."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from itertools import count
from threading import Event

import pytest
from requests import Response
from sqlalchemy import func, select
from world.cast import Person
from world.events import Events
from world.page import Page
from world.registered_client import RegisteredClient

from auth_server import digests, hashing_turns
from auth_server.hashing_turns import AT_ONCE, PLACES
from auth_server.models import SignInFailure
from tests.auth_server.server import Server
from web import asgi

FLOOD = 20
SECONDS = 60


class Flood:
    """Many sign-ins at once. None of them is answered before the hashes may go on."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.go_on = Event()
        self.hashing: list[str] = []
        self.answers: list[Future[Response]] = []
        self._numbers = count()
        self._threads = ThreadPoolExecutor(FLOOD)

    def compare(self, _hash: str, password: str) -> bool:
        """Take the place of `check_password_hash`."""
        self.hashing.append(password)
        self.go_on.wait(SECONDS)
        return False

    def begin(self) -> None:
        """Send the sign-ins, and wait until only those that have a place are without an answer."""
        for _ in range(FLOOD):
            person = self.server.person(f"user-{next(self._numbers)}", "a guess")
            self.answers.append(self._threads.submit(person.send_login))
        refused = as_completed(self.answers, SECONDS)
        for _ in range(FLOOD - PLACES):
            next(refused)

    def end(self) -> Counter[int]:
        """Let the hashes go on, and return how many answers have each status."""
        self.go_on.set()
        self._threads.shutdown()
        return Counter(answer.result().status_code for answer in self.answers)


@pytest.fixture
def flood(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flood]:
    flood = Flood(server)
    monkeypatch.setattr(hashing_turns, "LONGEST_WAIT", SECONDS)
    monkeypatch.setattr(digests, "check_password_hash", flood.compare)
    yield flood
    flood.end()


def test_few_passwords_are_hashed_at_once(flood: Flood) -> None:
    flood.begin()
    hashed_at_once = len(flood.hashing)

    assert flood.end() == {403: PLACES, 503: FLOOD - PLACES}
    assert hashed_at_once == AT_ONCE <= 2


def test_the_threads_of_a_server_are_more_than_those_that_hash_or_wait() -> None:
    """Eight is what `docs/production.md` has for gunicorn."""
    assert PLACES < 8 <= asgi.THREADS


def test_token_requests_are_answered_during_a_flood(
    server: Server, alice: Person, print_shop: RegisteredClient, flood: Flood
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digests, "check_password_hash", lambda *_: True)
        tokens = alice.connect(print_shop)
    flood.begin()

    assert print_shop.refresh(tokens.refresh_token).status_code == 200
    assert alice.is_signed_in()


def test_the_page_of_a_busy_server_says_when_to_try_again(
    server: Server, flood: Flood, events: Events
) -> None:
    flood.begin()
    answer = server.person("alice", "wonderland").send_login()
    page = Page(answer)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert "Too many users are signing in." in page.text
    assert page.form.entries["username"] == "alice"
    assert "wonderland" not in page.form.entries.values()
    assert len(events.named("sign_in_postponed")) == FLOOD - PLACES + 1


def test_a_password_that_was_not_checked_does_not_count_as_a_failure(
    server: Server, flood: Flood
) -> None:
    flood.begin()
    for _ in range(6):
        server.person("alice", "wonderland").send_login()
    with server.reading() as db:
        counted = db.scalar(select(func.count()).select_from(SignInFailure))

    assert counted == PLACES


def test_a_busy_server_does_not_change_a_password(
    server: Server, alice: Person, flood: Flood
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digests, "check_password_hash", lambda *_: True)
        alice.send_login()
    form = Page(alice.browser.get("/account/password")).form
    flood.begin()
    typed = {
        "current_password": "wonderland",
        "new_password": "looking-glass",
        "repeated_password": "looking-glass",
    }
    answer = alice.browser.post(form.action, form.entries | typed)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert "Your password was not changed. Too many users are signing in." in Page(answer).text


def test_waiting_for_a_turn_has_a_limit(flood: Flood, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing_turns, "LONGEST_WAIT", 0.01)
    people = [flood.server.person(f"user-{n}", "a guess") for n in range(AT_ONCE + 1)]
    with ThreadPoolExecutor(len(people)) as threads:
        answers = [threads.submit(person.send_login) for person in people]
        first = next(as_completed(answers, SECONDS)).result()
        flood.go_on.set()

    assert first.status_code == 503
