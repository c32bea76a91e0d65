"""OpenID Connect between three running legs: Print Shop signs a user in, and both sign them out."""

import time
from collections.abc import Iterator

import pytest
from world.browser import Browser
from world.cast import Person
from world.processes import Running, running_legs
from world.sockets import Sockets

pytestmark = pytest.mark.processes

#: Seconds in which a logout token must have arrived.
ARRIVES_WITHIN = 5.0


@pytest.fixture(scope="module")
def legs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_legs(tmp_path_factory.mktemp("legs")) as legs:
        yield legs


@pytest.fixture
def alice(legs: Running) -> Person:
    """Return alice, who has connected Print Shop with OpenID Connect."""
    alice = Person("alice", "wonderland", Browser(Sockets(), home=legs.auth_server_url))
    alice.go_through(f"{legs.client_app_url}/connect?scope=openid+profile+email+photos:read")
    return alice


def shows_the_album(alice: Person, legs: Running) -> bool:
    return alice.browser.open(f"{legs.client_app_url}/photos").status == 200


def test_print_shop_shows_who_signed_in(alice: Person, legs: Running) -> None:
    profile = alice.browser.open(f"{legs.client_app_url}/profile")

    assert "Alice Liddell" in profile.text
    assert "alice@example.com" in profile.text
    assert f"{legs.auth_server_url}" in profile.text


def test_signing_out_at_the_server_ends_the_connection(alice: Person, legs: Running) -> None:
    """OpenID Connect Back-Channel Logout."""
    assert shows_the_album(alice, legs)

    alice.send_logout()

    deadline = time.monotonic() + ARRIVES_WITHIN
    while shows_the_album(alice, legs):
        assert time.monotonic() < deadline, "Print Shop was not told"
        time.sleep(0.1)


def test_signing_out_at_print_shop_ends_the_sign_in_and_returns(
    alice: Person, legs: Running
) -> None:
    """OpenID Connect RP-Initiated Logout."""
    assert alice.is_signed_in()

    page = alice.browser.open(f"{legs.client_app_url}/logout")

    assert page.url == f"{legs.client_app_url}/"
    assert "You are signed out of Tripod ID." in page.text
    assert not alice.is_signed_in()
    assert not shows_the_album(alice, legs)
