"""E1 – The user removes Print Shop's access at Tripod ID, and can then connect it again."""

import pytest
from world.browser import Browser
from world.cast import Person
from world.legs import Legs


@pytest.fixture
def alice(legs: Legs) -> Person:
    """Return Alice, who has connected Print Shop and whose browser shows the album."""
    alice = Person("alice", "wonderland", Browser(legs.network))
    alice.go_through(f"{legs.client_app_url}/connect")
    return alice


def test_connecting_again_after_the_removal_shows_the_consent_page(
    legs: Legs, alice: Person
) -> None:
    alice.browser.open(f"{legs.auth_server_url}/account/apps")
    alice.browser.press("Remove access")
    removed = alice.browser.press("Remove access")
    ended = alice.browser.open(f"{legs.client_app_url}/photos")
    consent = alice.browser.follow("Connect again")
    album = alice.allow()

    assert "You removed Print Shop’s access." in removed.text
    assert ended.title.startswith("Your connection has ended")
    assert consent.has_field("granted_scope")
    assert album.url == f"{legs.client_app_url}/photos"


def test_only_disconnecting_is_listed_as_giving_up_access(legs: Legs, alice: Person) -> None:
    """A step-up replaces the grant, but does not appear as giving up access."""
    alice.browser.follow("Allow changes")
    alice.allow()
    after_step_up = alice.browser.open(f"{legs.auth_server_url}/account/activity").text
    alice.browser.open(f"{legs.client_app_url}/photos")
    alice.browser.press("Disconnect")
    after_disconnecting = alice.browser.open(f"{legs.auth_server_url}/account/activity").text

    assert after_step_up.count("You gave Print Shop access.") == 1
    assert "gave up its own access" not in after_step_up
    assert "Print Shop gave up its own access." in after_disconnecting
