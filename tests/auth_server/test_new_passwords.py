"""The rules for a new password: its length, its characters, and the list of common passwords."""

import unicodedata

import pytest
from requests import Response
from world.cast import Person
from world.page import Page
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from auth_server.demo import ACCOUNTS
from config import PROJECT_ROOT
from tests.auth_server.server import Server

COMMON = "A password must not be one of the 10,000 most common passwords."


def create(server: Server, password: str) -> str:
    """Run `users create` with this password, and return its output."""
    return server.run("users", "create", "carol", stdin=f"{password}\n").output


def change(person: Person, new: str) -> Response:
    form = Page(person.ask("/account/password")).form
    typed = {"current_password": person.password, "new_password": new, "repeated_password": new}
    return person.browser.post(form.action, data=form.entries | typed)


@pytest.mark.parametrize("password", ["password", "12345678", "iloveyou", "PassWord1", "ｐassword"])
def test_a_common_password_is_refused(server: Server, alice: Person, password: str) -> None:
    answer = change(alice, password)

    assert COMMON in create(server, password)
    assert COMMON in server.run("users", "set-password", "alice", stdin=f"{password}\n").output
    assert (answer.status_code, COMMON in Page(answer).text) == (400, True)
    assert alice.in_another_browser().send_login().status_code == 303


def test_the_page_states_the_rules(alice: Person) -> None:
    text = Page(alice.ask("/account/password")).text

    assert "8 to 1024 characters, and not one of the 10,000 most common passwords." in text


@pytest.mark.parametrize(
    "password",
    [
        "👩\u200d👧 at home",
        "two\u200bwords",
        "मेरा पासवर्ड",
        "กขคงจฉชซ",
        "\U000e0100 a variation selector",
        "\u0378\u0379 unassigned",
        "9\u00a0signs!",
        "x" * 1024,
    ],
)
def test_a_password_may_have_any_characters(server: Server, password: str) -> None:
    created = create(server, password)

    assert created.startswith("Created carol")
    assert server.person("carol", password).send_login().status_code == 303


@pytest.mark.parametrize("password", ["short", "x" * 1025, "7 signs"])
def test_the_length_is_limited(server: Server, password: str) -> None:
    assert create(server, password) == "Error: A password must have 8 to 1024 characters.\n"


def test_control_characters_are_refused(server: Server) -> None:
    output = create(server, "correct\thorse")

    assert output == "Error: A password must not contain control characters.\n"


@pytest.mark.parametrize(
    ("chosen", "typed"),
    [
        ("ｃorrect horse", "correct horse"),
        ("ﬁne horses", "fine horses"),
        ("horses Ⅷ", "horses VIII"),
        ("2³ horses", "23 horses"),
    ],
)
def test_characters_of_the_same_meaning_are_the_same(
    server: Server, chosen: str, typed: str
) -> None:
    """A keyboard or an input method decides which of them it sends (Unicode's form NFKC)."""
    create(server, chosen)

    assert server.person("carol", typed).send_login().status_code == 303
    assert server.person("carol", chosen).send_login().status_code == 303
    assert server.person("carol", unicodedata.normalize("NFKD", typed)).send_login().ok


def test_the_accounts_of_the_demo_keep_their_passwords(server: Server) -> None:
    """The demo creates them without these rules, and a sign-in checks no rule."""
    for username, (_, password) in ACCOUNTS.items():
        assert server.person(username, password).send_login().status_code == 303


def test_the_list_has_the_10000_most_common_passwords() -> None:
    """To renew it, write these words to the file, one per line."""
    most_common = FREQUENCY_LISTS["passwords"][:10_000]
    words = sorted(password for password in most_common if len(password) >= 8)

    assert (PROJECT_ROOT / "auth_server" / "common_passwords.txt").read_text().split() == words
