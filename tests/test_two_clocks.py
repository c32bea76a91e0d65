"""The clocks of two machines differ, or a clock is set: nothing that is valid is refused."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import requests
from world.cast import Person
from world.clock import Clock
from world.legs import Legs
from world.network import Network
from world.registered_client import RegisteredClient

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

DIFFERENCES = [timedelta(seconds=125), timedelta(days=1), -timedelta(seconds=125)]
STEPS_BACK = [3, 125, 86_400]  # in seconds


class TwoClocks:
    """A network on which one leg's clock differs from that of all other parties."""

    def __init__(self, network: Network, clock: Clock, leg: str, difference: timedelta) -> None:
        self.clock, self.difference, self.is_in_leg = clock, difference, False
        for origin in {exchange.origin for exchange in network.exchanges} | {leg}:
            network.attach(origin, self._wrap(network.application(origin), is_leg=origin == leg))

    def _wrap(self, application: "WSGIApplication", *, is_leg: bool) -> "WSGIApplication":
        def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
            before = self.is_in_leg
            self._move(to_leg=is_leg)
            try:
                return list(application(environ, start_response))
            finally:
                self._move(to_leg=before)

        return answer

    def _move(self, *, to_leg: bool) -> None:
        if to_leg != self.is_in_leg:
            self.clock.forward(self.difference * (1 if to_leg else -1))
        self.is_in_leg = to_leg


def read_me(legs: Legs, token: str) -> requests.Response:
    return legs.session().get(
        f"{legs.resource_api_url}/me", headers={"Authorization": f"Bearer {token}"}
    )


@pytest.mark.parametrize("difference", DIFFERENCES, ids=str)
def test_the_authorization_server_alone_decides_whether_a_token_has_expired(
    clock: Clock, legs: Legs, alice: Person, client: RegisteredClient, difference: timedelta
) -> None:
    """RFC 7662 §4: it MUST determine whether the token has expired; the API asks each time."""
    token = alice.tokens_for(client, "profile")["access_token"]
    TwoClocks(legs.network, clock, legs.resource_api_url, difference)

    status_before_expiry = read_me(legs, token).status_code
    clock.forward(121)

    assert (status_before_expiry, read_me(legs, token).status_code) == (200, 401)


@pytest.mark.parametrize("difference", DIFFERENCES, ids=str)
def test_print_shop_connects_whatever_its_own_clock_says(
    clock: Clock, legs: Legs, alice: Person, difference: timedelta
) -> None:
    alice.send_login()
    TwoClocks(legs.network, clock, legs.client_app_url, difference)

    page = alice.go_through(f"{legs.client_app_url}/connect")

    assert (page.status, page.url) == (200, f"{legs.client_app_url}/photos")
    assert not legs.events_named("refresh_failed")


@pytest.mark.parametrize("seconds", STEPS_BACK)
def test_a_sign_in_continues_after_the_clock_was_set_back(
    clock: Clock, alice: Person, client: RegisteredClient, seconds: int
) -> None:
    """The same happens on a second node whose clock is behind."""
    alice.send_login()
    clock.forward(-seconds)

    assert alice.is_signed_in()
    assert alice.tokens_for(client)["access_token"]


@pytest.mark.parametrize("seconds", STEPS_BACK)
def test_a_form_is_accepted_after_the_clock_was_set_back(
    clock: Clock, legs: Legs, alice: Person, seconds: int
) -> None:
    alice.browser.open("/login")
    clock.forward(-seconds)

    assert alice.sign_in().status == 200
    assert not legs.events_named("form_refused")


@pytest.mark.parametrize("seconds", STEPS_BACK)
def test_a_code_from_the_future_is_redeemed(
    clock: Clock, alice: Person, client: RegisteredClient, seconds: int
) -> None:
    """A node whose clock is ahead has issued it."""
    code = alice.authorize(client)
    clock.forward(-seconds)

    assert code.redeem().status_code == 200


@pytest.mark.parametrize("seconds", STEPS_BACK)
def test_a_flow_completes_after_the_clock_was_set_back(
    clock: Clock, legs: Legs, alice: Person, seconds: int
) -> None:
    alice.browser.open(f"{legs.client_app_url}/connect")
    alice.sign_in()
    clock.forward(-seconds)

    assert alice.allow().url == f"{legs.client_app_url}/photos"


def test_failed_sign_ins_from_the_future_lock_nobody_out(clock: Clock, alice: Person) -> None:
    """They count for a minute. After a step back they would count for a day."""
    for _ in range(5):
        alice.send_login(password="a guess")
    clock.forward(days=-1)

    assert alice.send_login().status_code == 303


def test_failed_sign_ins_of_a_node_whose_clock_is_ahead_count(clock: Clock, alice: Person) -> None:
    for _ in range(5):
        alice.send_login(password="a guess")
    clock.forward(-3)

    assert alice.send_login().status_code == 429


def test_an_old_sign_in_still_ends_after_the_clock_was_set_back(
    clock: Clock, alice: Person
) -> None:
    alice.send_login()
    clock.forward(-125)
    clock.forward(hours=12, minutes=3)

    assert not alice.is_signed_in()
