"""Guesses count for an address, however it is written, and for all addresses of an IPv6 network."""

from collections.abc import Callable
from itertools import count

import pytest
from world.cast import Person
from world.page import Page

from tests.auth_server.server import Server

pytestmark = pytest.mark.settings(TRUSTED_PROXIES="1")


@pytest.fixture
def guess(alice: Person, server: Server) -> Callable[..., int]:
    """Send a guess that a proxy forwards for an address. Return the status."""
    form = Page(alice.browser.get("/login")).form
    session_cookie = alice.browser.session_cookie

    def guess(address: str, password: str = "a guess") -> int:
        browser = server.browser()
        browser.session_cookie = session_cookie
        typed = form.entries | {"username": "alice", "password": password}
        headers = {"X-Forwarded-For": address.encode("latin-1"), "X-Forwarded-Proto": "http"}
        return browser.post("/login", data=typed, headers=headers).status_code

    return guess


@pytest.mark.parametrize(
    "pattern",
    [
        "203.0.113.9:{}",
        "2001:db8:1:2::{:x}",
        "2001:db8:1:2:{:x}::9",
        "[2001:db8:1:2::9]:{}",
        "::ffff:203.0.113.9",
        "fe80::9%{}",
        "made up {}",
    ],
)
def test_a_new_spelling_of_an_address_is_no_new_client(
    guess: Callable[..., int], pattern: str
) -> None:
    statuses = [guess(pattern.format(number)) for number in range(5001, 5008)]

    assert statuses == [403] * 5 + [429] * 2


def test_the_mapped_spelling_counts_with_the_plain_one(guess: Callable[..., int]) -> None:
    spellings = ["203.0.113.9", "::ffff:203.0.113.9", "203.0.113.9:1", "[::ffff:203.0.113.9]:2"]

    statuses = [guess(spelling) for spelling, _ in zip(spellings * 2, range(6), strict=False)]

    assert statuses == [403] * 5 + [429]


def test_another_network_of_ipv6_is_another_client(guess: Callable[..., int]) -> None:
    assert [guess("2001:db8:1:2::9") for _ in range(6)][-1] == 429
    assert guess("2001:db8:1:3::9", "wonderland") == 303


def test_many_accounts_are_not_tried_from_one_network(server: Server, alice: Person) -> None:
    form, numbers = Page(alice.browser.get("/login")).form, count(1)

    def try_another_account() -> int:
        number = next(numbers)
        typed = form.entries | {"username": f"person{number}", "password": "a guess"}
        headers = {"X-Forwarded-For": f"2001:db8:1:2::{number:x}", "X-Forwarded-Proto": "http"}
        return alice.browser.post("/login", data=typed, headers=headers).status_code

    assert [try_another_account() for _ in range(51)] == [403] * 50 + [429]


@pytest.mark.parametrize(
    ("forwarded", "shown"),
    [
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("[2001:db8:1:2::9]:443", "2001:db8:1:2::9"),
        ("203.0.113.9:50000", "203.0.113.9"),
    ],
)
def test_the_activity_page_shows_the_address_alone(
    alice: Person, server: Server, forwarded: str, shown: str
) -> None:
    form = Page(alice.browser.get("/login")).form
    typed = form.entries | {"username": "alice", "password": "wonderland"}
    headers = {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "http"}
    alice.browser.post("/login", data=typed, headers=headers)

    assert f", from {shown}" in Page(alice.browser.get("/account/activity")).text
