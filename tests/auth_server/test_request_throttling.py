"""Failed requests of programs are throttled, per address, and per client and address.

RFC 6749 §2.3.1: the server MUST protect any endpoint that uses passwords against brute force.
"""

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse
from world.cast import Person
from world.clock import Clock
from world.events import Events
from world.registered_client import RegisteredClient

from auth_server import request_throttling
from auth_server.request_throttling import FailureCounts
from tests.auth_server.server import ELSEWHERE, SOMEWHERE, RawClient, Server

PER_CLIENT, PER_ADDRESS = 5, 20
FORMS = {
    "/oauth/token": {"grant_type": "refresh_token", "refresh_token": "made-up"},
    "/oauth/introspect": {"token": "made-up"},
    "/oauth/revoke": {"token": "made-up"},
}
Send = Callable[..., TestResponse]


@pytest.fixture(autouse=True)
def low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_throttling, "FAILURES_PER_CLIENT_AND_ADDRESS", PER_CLIENT)
    monkeypatch.setattr(request_throttling, "FAILURES_PER_ADDRESS", PER_ADDRESS)


@pytest.fixture
def send(server: Server) -> Send:
    """Return a function that posts a form from an address."""
    client = RawClient(server.app)

    def send(path: str, form: dict[str, str], address: str = SOMEWHERE) -> TestResponse:
        return client.post(path, data=form, environ_overrides={"REMOTE_ADDR": address})

    return send


@pytest.fixture
def counts(server: Server) -> FailureCounts:
    counts: FailureCounts = server.app.extensions["tripod.failure_counts"]
    return counts


def with_secret(client: RegisteredClient, **form: str) -> dict[str, str]:
    return {"client_id": client.client_id, "client_secret": str(client.client_secret), **form}


def wrong(client_id: str = "print-shop", path: str = "/oauth/token") -> dict[str, str]:
    return FORMS[path] | {"client_id": client_id, "client_secret": "a guess"}


def statuses(send: Send, form: dict[str, str], times: int, **where: Any) -> list[int]:
    return [send("/oauth/token", form, **where).status_code for _ in range(times)]


# Client authentication --------------------------------------------------------


@pytest.mark.parametrize("path", FORMS)
def test_wrong_secrets_are_throttled_at_every_endpoint(send: Send, path: str) -> None:
    form = wrong(path=path)
    answers = [send(path, form) for _ in range(PER_CLIENT + 2)]

    assert [answer.status_code for answer in answers] == [401] * PER_CLIENT + [429] * 2


def test_the_answer_is_json_and_says_when_to_retry(send: Send, clock: Clock) -> None:
    statuses(send, wrong(), PER_CLIENT)
    clock.forward(10)
    answer = send("/oauth/token", wrong())

    assert answer.headers["Retry-After"] == "51"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.get_json() == {
        "error": "temporarily_unavailable",
        "error_description": "Too many failed requests. Try again in 51 seconds.",
    }


def test_right_credentials_are_accepted_meanwhile(
    send: Send, photo_api: RegisteredClient, print_shop: RegisteredClient, alice: Person
) -> None:
    tokens = alice.connect(print_shop)
    for client in (print_shop, photo_api):
        assert statuses(send, wrong(client.client_id), PER_CLIENT + 1)[-1] == 429

    introspection = send("/oauth/introspect", with_secret(photo_api, token=tokens.access_token))
    refresh = FORMS["/oauth/token"] | {"refresh_token": str(tokens.refresh_token)}

    assert introspection.get_json()["active"]
    assert send("/oauth/token", with_secret(print_shop, **refresh)).status_code == 200


def test_another_client_and_another_address_are_not_throttled(send: Send) -> None:
    assert statuses(send, wrong(), PER_CLIENT + 1)[-1] == 429
    assert statuses(send, wrong("photo-api"), 1) == [401]
    assert statuses(send, wrong(), 1, address=ELSEWHERE) == [401]


def test_all_clients_together_are_throttled_by_address(send: Send) -> None:
    """The names of unknown clients are not counted: they could be new ones each time."""
    answers = [send("/oauth/token", wrong(f"client{number}")) for number in range(PER_ADDRESS + 1)]

    assert [answer.status_code for answer in answers] == [401] * PER_ADDRESS + [429]
    assert statuses(send, wrong(), 1, address=ELSEWHERE) == [401]


def test_requests_without_valid_credentials_are_throttled(send: Send) -> None:
    form = FORMS["/oauth/token"]

    assert statuses(send, form, PER_ADDRESS + 1) == [401] * PER_ADDRESS + [429]


def test_the_window_ends_after_a_minute(send: Send, clock: Clock) -> None:
    assert statuses(send, wrong(), PER_CLIENT + 3)[-1] == 429
    clock.forward(60)

    assert statuses(send, wrong(), PER_CLIENT + 1) == [401] * PER_CLIENT + [429]


def test_a_clock_that_is_set_back_does_not_prolong_the_window(send: Send, clock: Clock) -> None:
    assert statuses(send, wrong(), PER_CLIENT + 1)[-1] == 429
    clock.forward(-3600)

    assert statuses(send, wrong(), 1) == [401]


# Codes and refresh tokens -----------------------------------------------------


@pytest.mark.parametrize(
    "guess",
    [
        {"grant_type": "refresh_token", "refresh_token": "a guess"},
        {"grant_type": "authorization_code", "code": "a guess", "code_verifier": "a" * 43},
    ],
    ids=["refresh token", "code"],
)
@pytest.mark.parametrize("name", ["print_shop", "phone_app"])
def test_codes_and_tokens_that_were_never_issued_are_throttled(
    send: Send, guess: dict[str, str], name: str, request: pytest.FixtureRequest
) -> None:
    client = request.getfixturevalue(name)
    form = with_secret(client, **guess)
    if client.client_secret is None:
        del form["client_secret"]

    assert statuses(send, form, PER_CLIENT + 1) == [400] * PER_CLIENT + [429]


def test_a_right_code_is_redeemed_meanwhile(
    send: Send, alice: Person, phone_app: RegisteredClient
) -> None:
    """Anyone can name a public client, so a flood in its name must not disturb its users."""
    flood = FORMS["/oauth/token"] | {"client_id": phone_app.client_id}
    assert statuses(send, flood, PER_CLIENT + 1)[-1] == 429

    assert alice.connect(phone_app).access_token


def test_a_replay_ends_the_grant_meanwhile(
    send: Send, alice: Person, print_shop: RegisteredClient, photo_api: RegisteredClient
) -> None:
    first = alice.connect(print_shop)
    refresh = FORMS["/oauth/token"] | {"refresh_token": str(first.refresh_token)}
    second = send("/oauth/token", with_secret(print_shop, **refresh)).get_json()
    third = send("/oauth/token", with_secret(print_shop, **refresh)).get_json()
    assert statuses(send, wrong("no-client"), PER_ADDRESS + 1)[-1] == 429

    assert send("/oauth/token", with_secret(print_shop, **refresh)).status_code == 400
    for token in (second["access_token"], third["access_token"]):
        introspection = send("/oauth/introspect", with_secret(photo_api, token=token))
        assert introspection.get_json() == {"active": False}


@pytest.mark.parametrize("path", ["/oauth/introspect", "/oauth/revoke"])
def test_introspecting_an_unknown_token_is_no_failure(
    send: Send, photo_api: RegisteredClient, path: str
) -> None:
    """A resource server asks about every token that its callers present."""
    form = with_secret(photo_api, token="made-up")

    assert {send(path, form).status_code for _ in range(PER_ADDRESS + 1)} == {200}


# What it costs ----------------------------------------------------------------


def test_a_flow_without_failures_counts_nothing(
    counts: FailureCounts, alice: Person, print_shop: RegisteredClient
) -> None:
    tokens = alice.connect(print_shop)
    print_shop.revoke(tokens.access_token)

    assert len(counts) == 0


def test_the_number_of_counts_is_bounded(
    send: Send, counts: FailureCounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_throttling, "MAX_COUNTS", 10)
    for number in range(100):
        send("/oauth/token", wrong(), address=f"127.0.3.{number}")

    assert len(counts) == 10


def test_counts_of_windows_that_ended_are_forgotten(
    send: Send, counts: FailureCounts, clock: Clock
) -> None:
    for number in range(9):
        send("/oauth/token", wrong(), address=f"127.0.3.{number}")
    clock.forward(60)
    send("/oauth/token", wrong("no-client"))

    assert len(counts) == 1


def test_only_the_first_throttled_request_is_logged(send: Send, events: Events) -> None:
    statuses(send, wrong(), PER_CLIENT + 10)

    reasons = [event["reason"] for event in events.named("request_refused")]
    assert reasons == ["wrong_client_secret"] * PER_CLIENT + ["too_many_failures"]


def test_hundreds_of_mistakes_a_minute_are_not_throttled(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Test suites of clients send as many."""
    monkeypatch.undo()

    assert set(statuses(send, wrong(), 300)) == {401}
    assert set(statuses(send, wrong("another"), 1000)) == {401}


@pytest.mark.settings(TRUSTED_PROXIES="1")
@pytest.mark.parametrize("pattern", ["203.0.113.9:{}", "2001:db8:1:2::{:x}"])
def test_a_new_spelling_of_an_address_is_no_new_client(server: Server, pattern: str) -> None:
    client = RawClient(server.app)
    answers = [
        client.post(
            "/oauth/token", data=wrong(), headers={"X-Forwarded-For": pattern.format(5000 + number)}
        )
        for number in range(PER_CLIENT + 1)
    ]

    assert [answer.status_code for answer in answers] == [401] * PER_CLIENT + [429]
