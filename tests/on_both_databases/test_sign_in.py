"""Parallel guesses of a password, and sign-ins that begin and end at the same moment."""

from collections import Counter
from dataclasses import replace

import pytest
from requests import Response
from world.browser import Browser
from world.cast import Person
from world.legs import Legs
from world.page import Page
from world.threads import at_once, repeat_at_once

from auth_server import digests, hashing_turns
from auth_server.hashing_turns import Turns
from auth_server.throttling import FAILURES_PER_ACCOUNT_AND_ADDRESS


@pytest.fixture
def many_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash as many passwords at once as there are threads."""
    monkeypatch.setattr(digests, "turns", Turns(at_once=2, places=30))
    monkeypatch.setattr(hashing_turns, "LONGEST_WAIT", 60)


@pytest.mark.usefixtures("many_turns")
def test_parallel_guesses_count_as_many(mallory: Person) -> None:
    form = Page(mallory.browser.get("/login")).form.entries
    guess = form | {"username": "alice", "password": "looking-glass"}

    answers = repeat_at_once(24, lambda: mallory.browser.post("/login", guess))

    statuses = Counter(answer.status_code for answer in answers)
    assert statuses == {403: FAILURES_PER_ACCOUNT_AND_ADDRESS, 429: 24 - 5}


def test_a_copied_cookie_is_worthless_after_the_sign_out(alice: Person) -> None:
    alice.send_login()
    copy = alice.in_another_browser()
    copy.browser.session_cookie = alice.browser.session_cookie
    before = copy.is_signed_in()
    alice.send_logout()

    assert before
    assert not copy.is_signed_in()


def test_one_of_many_simultaneous_sign_outs_everywhere_succeeds(alice: Person) -> None:
    """The browsers that are too late find that their sign-in has ended."""
    people = [alice.in_another_browser() for _ in range(6)]
    forms = {}
    for person in people:
        person.send_login()
        forms[person.browser] = Page(person.browser.get("/account/apps")).forms[-1]
    remaining = list(people)

    def sign_out_everywhere_else() -> str:
        browser = remaining.pop().browser
        form = forms[browser]
        answer = browser.post(form.action, form.entries | {"end": "sign-ins"})
        return answer.headers["Location"].partition("?")[0]

    answers = Counter(repeat_at_once(len(people), sign_out_everywhere_else))

    assert answers == {"/account/apps": 1, "/login": len(people) - 1}
    assert sum(person.is_signed_in() for person in people) == 1


@pytest.mark.usefixtures("many_turns")
def test_a_new_password_ends_sign_ins_with_the_old_one_that_begin_at_that_moment(
    legs: Legs, alice: Person
) -> None:
    people = [
        replace(alice, browser=Browser(legs.network, f"127.0.0.{n + 2}", home=legs.auth_server_url))
        for n in range(12)
    ]

    def set_password() -> str:
        return legs.run("users", "set-password", "alice", stdin="another wonderland\n")

    at_once(set_password, *(person.send_login for person in people))

    assert not [person for person in people if person.is_signed_in()]
    assert alice.send_login(password="another wonderland").status_code == 303


@pytest.mark.usefixtures("many_turns")
def test_sign_ins_are_ended_while_others_begin_and_end(alice: Person) -> None:
    lost, new = ([alice.in_another_browser() for _ in range(4)] for _ in range(2))
    for person in [*lost, alice]:
        person.send_login()
    forms = Page(alice.browser.get("/account/activity")).forms
    to_press = [form for form in forms if form.action == "/account/activity"][1:]

    def press() -> Response:
        form = to_press.pop()
        [button] = form.buttons
        return alice.browser.post(form.action, form.entries | {"sign_in": str(button.value)})

    to_sign_out = [
        (person.browser, Page(person.browser.get("/")).sign_out_form) for person in lost[:2]
    ]

    def sign_out() -> Response:
        browser, form = to_sign_out.pop()
        assert form
        return browser.post(form.action, form.entries)

    answers = at_once(
        *[press] * len(lost), *(person.send_login for person in new), sign_out, sign_out
    )

    assert {answer.status_code for answer in answers} == {303}
    assert not [person for person in lost if person.is_signed_in()]
    assert all(person.is_signed_in() for person in [alice, *new])
