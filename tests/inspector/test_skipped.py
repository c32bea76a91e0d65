"""A later round trip says why the user was not asked, and its lines link to its messages."""

import re

import pytest
from world.cast import Person
from world.clock import Clock
from world.legs import Legs
from world.page import Page

from client_app.return_to import allow_return

SIGNED_IN = "You were already signed in at Tripod ID."
ALLOWED = "You allowed this on "


@pytest.fixture
def shop(inspected: Legs) -> str:
    """Return the address of Print Shop, whose users may return to the inspector."""
    allow_return(inspected.client_app.view_functions["inspector.page"])
    return inspected.client_app_url


def connect_from_inspector(alice: Person, shop: str, way: str) -> Page:
    """Start a round trip at the inspector, and answer what is asked."""
    alice.browser.open(f"{shop}/inspector")
    page = alice.browser.follow(way)
    if page.has_field("password"):
        page = alice.sign_in()
    if page.has_field("granted_scope"):
        page = alice.allow()
    return page


def test_a_silent_round_trip_returns_to_the_inspector_and_says_what_was_skipped(
    clock: Clock, alice: Person, shop: str
) -> None:
    clock.forward(30 - clock.now().second)
    alice.go_through(f"{shop}/connect")
    allowed_at = clock.now()
    clock.forward(hours=1)
    page = connect_from_inspector(alice, shop, "Silent")

    assert page.url == f"{shop}/inspector"
    assert SIGNED_IN in page.text
    assert f"{ALLOWED}{allowed_at.day} {allowed_at:%B %Y, %H:%M} UTC." in page.text


def test_the_album_says_why_a_step_was_skipped(alice: Person, shop: str) -> None:
    first = alice.go_through(f"{shop}/connect").text
    second = alice.browser.open(f"{shop}/connect").text

    assert SIGNED_IN not in first
    assert ALLOWED not in first
    assert "You are connected. You were already signed in at Tripod ID. You allowed this" in second


def test_consent_only_skips_the_sign_in(alice: Person, shop: str) -> None:
    alice.go_through(f"{shop}/connect")
    page = connect_from_inspector(alice, shop, "Consent only")

    assert SIGNED_IN in page.text
    assert ALLOWED not in page.text


def test_sign_in_and_consent_skip_nothing(alice: Person, shop: str) -> None:
    alice.go_through(f"{shop}/connect")
    page = connect_from_inspector(alice, shop, "With sign-in and consent")

    assert page.url == f"{shop}/inspector"
    assert SIGNED_IN not in page.text
    assert ALLOWED not in page.text


def test_a_success_links_to_its_messages(alice: Person, shop: str) -> None:
    alice.go_through(f"{shop}/connect")
    alice.browser.press("Refresh now")
    page = alice.browser.follow("See the two messages")
    [opened] = re.findall(
        r'<details class="message[^>]*open>(.*?)<p class="turn">', page.source, re.S
    )

    assert "POST /oauth/token" in opened
    assert "grant_type=refresh_token" in opened


def test_an_unknown_request_id_leads_to_the_newest_round_trip(alice: Person, shop: str) -> None:
    alice.go_through(f"{shop}/connect")
    for request_id in ("0123456789abcdef", "x", "%00", "a" * 300):
        page = alice.browser.open(f"{shop}/inspector/request/{request_id}")
        assert page.url == f"{shop}/inspector"
        assert "round trip 1 of 1" in page.source
