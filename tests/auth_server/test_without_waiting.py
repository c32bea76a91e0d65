"""What the event loop answers itself, and what it does while another transaction is writing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
from requests import Response
from sqlalchemy import select, text
from world.cast import Person
from world.clock import Clock
from world.events import Events
from world.registered_client import RegisteredClient

from auth_server.models import SignIn
from tests.auth_server.server import Server
from web import entrance
from web.waiting import WouldWait, call_without_waiting

Send = Callable[[], Response]


@contextmanager
def another_transaction(server: Server) -> Iterator[None]:
    with server.database.writing() as db:
        db.execute(text("SELECT 1"))
        yield


@pytest.fixture(params=["authorization", "code", "refresh", "replay", "revocation"])
def send(request: pytest.FixtureRequest, alice: Person, print_shop: RegisteredClient) -> Send:
    """Return a function that sends one of the requests that write."""
    tokens = alice.connect(print_shop)
    asked = print_shop.authorization_request()
    code = alice.allow_request(asked.url).code
    spent = alice.connect(print_shop).refresh_token
    print_shop.refresh(print_shop.refresh(spent).json()["refresh_token"])
    sends: dict[str, Send] = {
        "authorization": lambda: alice.browser.get(asked.url),
        "code": lambda: print_shop.redeem(code, asked.verifier),
        "refresh": lambda: print_shop.refresh(tokens.refresh_token),
        "replay": lambda: print_shop.refresh(spent),
        "revocation": lambda: print_shop.revoke(tokens.access_token),
    }
    return sends[request.param]


def test_the_event_loop_answers_the_frequent_requests(server: Server) -> None:
    assert entrance.quick_requests(server.app) == {
        ("GET", "/oauth/authorize"),
        ("POST", "/oauth/token"),
        ("POST", "/oauth/introspect"),
        ("POST", "/oauth/revoke"),
    }


def test_a_request_that_would_wait_does_nothing_and_can_be_answered_later(
    server: Server, send: Send, events: Events
) -> None:
    before = len(events.entries)

    with another_transaction(server), pytest.raises(WouldWait):
        call_without_waiting(send)

    assert len(events.entries) == before
    assert send().status_code in (200, 302, 400)
    assert len(events.entries) > before


def test_an_introspection_never_waits(
    server: Server, alice: Person, print_shop: RegisteredClient
) -> None:
    token = alice.connect(print_shop).access_token

    with another_transaction(server):
        assert call_without_waiting(lambda: print_shop.holds(token))


def test_the_use_of_a_sign_in_is_stored_later(server: Server, alice: Person, clock: Clock) -> None:
    """The response to the request does not depend on it, so no thread has to answer it again."""
    alice.send_login()
    signed_in = _last_use(server)
    clock.forward(minutes=2)

    with another_transaction(server):
        assert call_without_waiting(lambda: alice.browser.get("/")).status_code == 200
    assert _last_use(server) == signed_in
    alice.browser.get("/")
    assert _last_use(server) > signed_in


def _last_use(server: Server) -> datetime:
    with server.reading() as db:
        return db.scalars(select(SignIn.used_at)).one()
