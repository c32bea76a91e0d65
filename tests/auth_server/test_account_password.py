"""Changing the password requires the current one, ends all other sign-ins and keeps every grant."""

import re
from itertools import pairwise

import pytest
from requests import Response
from world.cast import Person
from world.clock import Clock
from world.events import Events
from world.page import Page
from world.registered_client import RegisteredClient
from world.threads import at_once, repeat_at_once

from auth_server import digests
from tests.auth_server.server import ELSEWHERE, Server

NEW = "through the looking-glass"


def change(
    person: Person, current: str = "wonderland", new: str = NEW, again: str | None = None
) -> Response:
    form = Page(person.ask("/account/password")).form
    typed = {
        "current_password": current,
        "new_password": new,
        "repeated_password": new if again is None else again,
    }
    return person.browser.post(form.action, data=form.entries | typed)


def can_sign_in(person: Person, password: str) -> bool:
    return person.in_another_browser().send_login(password=password).status_code == 303


def test_the_new_password_replaces_the_old_one(alice: Person, events: Events) -> None:
    answer = change(alice)

    assert answer.status_code == 303
    assert "You changed your password." in Page(alice.browser.get(answer.headers["Location"])).text
    assert can_sign_in(alice, NEW)
    assert not can_sign_in(alice, "wonderland")
    assert len(events.named("password_changed")) == 1


def test_every_other_sign_in_ends_and_this_one_stays(alice: Person) -> None:
    elsewhere, copy = alice.in_another_browser(), alice.in_another_browser()
    elsewhere.send_login()
    alice.send_login()
    copy.browser.session_cookie = alice.browser.session_cookie
    change(alice)

    assert alice.is_signed_in()
    assert not elsewhere.is_signed_in()
    assert not copy.is_signed_in()
    assert alice.browser.session_cookie != copy.browser.session_cookie


def test_changing_the_password_keeps_all_grants(
    alice: Person, print_shop: RegisteredClient
) -> None:
    tokens = alice.connect(print_shop)
    change(alice)

    assert print_shop.holds(tokens.access_token)
    assert alice.ask(print_shop.authorization_path()).status_code == 302


def test_only_the_signed_in_users_password_changes(alice: Person, bob: Person) -> None:
    bob.send_login()
    change(alice)

    assert bob.is_signed_in()
    assert can_sign_in(bob, "builder")


@pytest.mark.parametrize(
    ("current", "new", "again", "status", "words"),
    [
        ("Wonderland", NEW, NEW, 403, "That is not your current password."),
        ("", NEW, NEW, 403, "That is not your current password."),
        ("builder", NEW, NEW, 403, "That is not your current password."),
        ("wonder\0land", NEW, NEW, 403, "That is not your current password."),
        ("wonderland", "short", "short", 400, "A password must have 8 to 1024 characters."),
        ("wonderland", "", "", 400, "A password must have 8 to 1024 characters."),
        ("wonderland", "x" * 1025, "x" * 1025, 400, "A password must have 8 to 1024 characters."),
        ("wonderland", NEW, NEW.title(), 400, "The two new passwords are not the same."),
        ("wonderland", NEW, "", 400, "The two new passwords are not the same."),
    ],
)
def test_a_mistake_is_a_form_error(
    alice: Person, current: str, new: str, again: str, status: int, words: str
) -> None:
    answer = change(alice, current, new, again)
    page = Page(answer)

    assert (answer.status_code, page.title.startswith("Error: ")) == (status, True)
    assert f"Your password was not changed. {words}" in page.text
    assert answer.text.count('aria-invalid="true"') == 1
    assert alice.is_signed_in()
    assert can_sign_in(alice, "wonderland")


def test_typed_passwords_are_not_sent_back(alice: Person) -> None:
    answer = change(alice, "nearly-wonderland")

    assert "nearly-wonderland" not in answer.text
    assert NEW not in answer.text


def test_guesses_are_throttled_together_with_those_at_the_login_page(
    alice: Person, events: Events
) -> None:
    """A person at an unlocked browser cannot guess the password by using both pages in turn."""
    alice.send_login()
    statuses = [change(alice, f"guess {number}").status_code for number in range(3)]
    statuses += [alice.send_login("/login", password="a guess").status_code for _ in range(2)]
    throttled = change(alice)

    assert statuses == [403] * 5
    assert throttled.status_code == 429
    assert int(throttled.headers["Retry-After"]) <= 60
    assert "Too many attempts" in Page(throttled).text
    assert len(events.named("password_change_throttled")) == 1


def test_the_right_password_does_not_count_as_a_failure(clock: Clock, alice: Person) -> None:
    alice.send_login()
    passwords = ["wonderland", *(f"looking-glass {number}" for number in range(7))]

    assert [change(alice, *pair).status_code for pair in pairwise(passwords)] == [303] * 7


def test_a_mistyped_new_password_does_not_count_as_a_failure(clock: Clock, alice: Person) -> None:
    alice.send_login()
    for _ in range(6):
        change(alice, again="something else")

    assert change(alice).status_code == 303


def test_guesses_from_another_address_do_not_lock_the_user_out(
    clock: Clock, server: Server, alice: Person
) -> None:
    attacker = alice.in_another_browser()
    attacker.browser = server.browser(ELSEWHERE)
    for _ in range(6):
        attacker.send_login(password="a guess")

    assert change(alice).status_code == 303


@pytest.mark.parametrize("token", [None, "made-up"])
def test_another_site_cannot_change_the_password(alice: Person, token: str | None) -> None:
    alice.send_login()
    typed = {"current_password": "wonderland", "new_password": NEW, "repeated_password": NEW}
    fields = typed | ({} if token is None else {"csrf_token": token})

    assert alice.browser.post("/account/password", data=fields).status_code == 400
    assert can_sign_in(alice, "wonderland")


def test_one_of_two_simultaneous_changes_succeeds(alice: Person) -> None:
    """The other one finds that its sign-in has ended or that the current password has changed."""
    alice.send_login()
    form = Page(alice.browser.get("/account/password")).form
    cookie = alice.browser.session_cookie
    new = iter(["the first password", "the second password"])

    def change_it() -> int:
        browser, password = alice.browser.another(), next(new)
        browser.session_cookie = cookie
        typed = {
            "current_password": "wonderland",
            "new_password": password,
            "repeated_password": password,
        }
        answer = browser.post(form.action, data=form.entries | typed)
        location = answer.headers.get("Location", "/login")
        return 0 if location.startswith("/login") else 1

    assert sum(repeat_at_once(2, change_it)) == 1
    assert not can_sign_in(alice, "wonderland")


def test_password_fields_have_autocomplete_values(alice: Person) -> None:
    html = alice.ask("/account/password").text

    assert re.findall(r'type="password" autocomplete="([\w-]+)"', html) == [
        "current-password",
        "new-password",
        "new-password",
    ]


def test_a_demo_account_is_told_that_the_login_page_keeps_the_old_password(
    alice: Person, mallory: Person
) -> None:
    assert "This is a demo account" in Page(alice.ask("/account/password")).text
    assert "This is a demo account" not in Page(mallory.ask("/account/password")).text


def test_a_password_replaced_during_the_comparison_is_wrong(
    server: Server, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare = digests.password_matches

    def compare_slowly(password: str, password_hash: str | None) -> bool:
        matches = compare(password, password_hash)
        at_once(
            lambda: server.run("users", "set-password", "alice", stdin="somebody was quicker\n")
        )
        return matches

    alice.send_login()
    with monkeypatch.context() as patch:
        patch.setattr(digests, "password_matches", compare_slowly)
        answer = change(alice)

    assert answer.status_code == 403
    assert can_sign_in(alice, "somebody was quicker")


def test_hashing_a_password_does_not_block_the_database(
    server: Server, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    hash_password = digests.hash_password
    others: list[str] = []

    def hash_slowly(password: str) -> str:
        with server.database.writing() as db:
            db.connection()
            others.append("served")
        return hash_password(password)

    monkeypatch.setattr(digests, "hash_password", hash_slowly)

    assert change(alice).status_code == 303
    assert others == ["served"]


# The well-known address (W3C, A Well-Known URL for Changing Passwords) ---------


def test_a_password_manager_finds_the_password_page(alice: Person) -> None:
    """§2: redirect to the page that lets users change their passwords."""
    alice.send_login()
    answer = alice.browser.get("/.well-known/change-password")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/account/password")


def test_a_password_manager_needs_no_sign_in_to_find_it(server: Server) -> None:
    browser = server.browser()
    answer = browser.get("/.well-known/change-password")

    assert answer.headers["Location"] == "/account/password"
    assert browser.get("/account/password").headers["Location"] == ("/login?next=/account/password")


def test_an_unknown_well_known_address_does_not_succeed(server: Server) -> None:
    """Password managers request it to find out whether the server's statuses can be trusted."""
    address = "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200"

    assert server.browser().get(address).status_code == 404
