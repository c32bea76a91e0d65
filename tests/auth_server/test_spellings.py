"""Usernames and passwords that look the same are the same (RFC 8265 §3.3, Unicode's NFKC)."""

import unicodedata
from collections.abc import Callable

import pytest
from precis_i18n import get_profile
from sqlalchemy import select, update
from world.cast import Person
from world.clock import Clock
from world.page import Page

from auth_server import digests, throttling
from auth_server.models import User
from tests.auth_server.server import Server

PASSWORD = "Grüße aus Köln"
OPAQUE_STRING = get_profile("OpaqueString")


def nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def creates(server: Server, username: str, password: str = PASSWORD) -> str:
    """Run `users create`, and return its output."""
    return server.run("users", "create", username, stdin=f"{password}\n").output


def signs_in(server: Server, username: str, password: str = PASSWORD) -> bool:
    return server.person(username, password).send_login().status_code == 303


def password_hash(server: Server, username: str) -> str:
    with server.reading() as db:
        return db.scalars(select(User.password_hash).where(User.username == username)).one()


@pytest.fixture
def set_before(server: Server) -> Callable[[str], None]:
    """Return a function that gives Alice a password as earlier versions did: as it was typed."""

    def set_before(password: str) -> None:
        with server.database.writing() as db:
            changed = update(User).where(User.username == "alice")
            db.execute(changed.values(password_hash=digests.hash_password(password)))

    return set_before


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the passwords that have been compared with a hash."""
    compare, compared = digests.password_matches, []

    def matches(password: str, password_hash: str | None) -> bool:
        compared.append(password)
        return compare(password, password_hash)

    monkeypatch.setattr(digests, "password_matches", matches)
    return compared


# Passwords


@pytest.mark.parametrize("typed", [nfc, nfd], ids=["typed in NFC", "typed in NFD"])
@pytest.mark.parametrize("chosen", [nfc, nfd], ids=["set in NFC", "set in NFD"])
def test_a_password_is_the_same_in_every_normal_form(
    server: Server, chosen: Callable[[str], str], typed: Callable[[str], str]
) -> None:
    creates(server, "carol", chosen(PASSWORD))
    server.run("users", "set-password", "alice", stdin=f"{chosen(PASSWORD)}\n")

    assert signs_in(server, "carol", typed(PASSWORD))
    assert signs_in(server, "alice", typed(PASSWORD))


def test_a_wide_space_in_a_password_is_a_space(server: Server) -> None:
    creates(server, "carol", "Grüße\u3000aus\u00a0Köln")

    assert signs_in(server, "carol", PASSWORD)


def test_the_case_of_a_password_matters(server: Server) -> None:
    creates(server, "carol")

    assert not signs_in(server, "carol", PASSWORD.lower())


@pytest.mark.parametrize("typed", [nfc, nfd], ids=["typed in NFC", "typed in NFD"])
@pytest.mark.parametrize("chosen", [nfc, nfd], ids=["set in NFC", "set in NFD"])
@pytest.mark.parametrize("password", [PASSWORD, "Grüße\u00a0aus Köln", "Ｇrüße Ⅷ"])
def test_a_password_that_was_set_before_keeps_working(
    server: Server,
    set_before: Callable[[str], None],
    password: str,
    chosen: Callable[[str], str],
    typed: Callable[[str], str],
) -> None:
    set_before(chosen(password))

    assert signs_in(server, "alice", typed(password))
    assert signs_in(server, "alice", typed(password))


@pytest.mark.parametrize("password", ["Ｇrüße aus Köln", "Grüße\u1680aus Köln"])
def test_a_password_that_was_set_in_the_form_of_rfc_8265_keeps_working(
    server: Server, set_before: Callable[[str], None], password: str
) -> None:
    set_before(OPAQUE_STRING.enforce(nfc(password)))

    assert signs_in(server, "alice", nfd(password))


def test_an_old_password_hash_is_replaced_at_sign_in(
    server: Server, set_before: Callable[[str], None]
) -> None:
    set_before(nfd(PASSWORD))
    signs_in(server, "alice")

    assert digests.password_matches(nfc(PASSWORD), password_hash(server, "alice"))


def test_hashing_it_again_ends_no_sign_in(
    server: Server, alice: Person, set_before: Callable[[str], None]
) -> None:
    alice.send_login()
    set_before(nfd(PASSWORD))
    signs_in(server, "alice")

    assert alice.is_signed_in()


@pytest.mark.parametrize("password", ["tab\tand bell\a", "two\u200bwords", "👩\u200d👧 at home"])
def test_a_password_that_is_no_longer_allowed_keeps_working(
    server: Server, set_before: Callable[[str], None], password: str
) -> None:
    set_before(password)

    assert signs_in(server, "alice", password)


def test_the_account_page_accepts_each_normal_form(alice: Person) -> None:
    form = Page(alice.ask("/account/password")).form
    typed = {"new_password": nfc(PASSWORD), "repeated_password": nfd(PASSWORD)}
    changed = alice.browser.post(
        form.action, form.entries | typed | {"current_password": "wonderland"}
    )
    again = Page(alice.browser.get("/account/password")).form
    typed = {"new_password": "looking-glass", "repeated_password": "looking-glass"}
    answer = alice.browser.post(
        again.action, again.entries | typed | {"current_password": nfd(PASSWORD)}
    )

    assert (changed.status_code, answer.status_code) == (303, 303)


def test_the_account_page_says_why_a_password_is_refused(alice: Person) -> None:
    form = Page(alice.ask("/account/password")).form
    typed = {"new_password": "correct\thorse", "repeated_password": "correct\thorse"}
    answer = alice.browser.post(
        form.action, form.entries | typed | {"current_password": "wonderland"}
    )

    assert answer.status_code == 400
    assert "A password must not contain control characters" in Page(answer).text


def test_an_ascii_password_costs_one_hash(server: Server, hashed: list[str]) -> None:
    signs_in(server, "alice", "wonderland")
    signs_in(server, "alice", "a guess")
    signs_in(server, "nobody", "a guess")

    assert hashed == ["wonderland", "a guess", "a guess"]


def test_an_unknown_user_costs_as_many_hashes_as_a_known_one(
    server: Server, hashed: list[str]
) -> None:
    signs_in(server, "alice", nfd(PASSWORD))
    known = list(hashed)
    hashed.clear()
    signs_in(server, "nobody", nfd(PASSWORD))

    assert hashed == known == [nfc(PASSWORD), nfd(PASSWORD)]


# Usernames


@pytest.mark.parametrize("username", ["Alice", "ALICE", "ａｌｉｃｅ", "Ａlice", " alice"])
def test_every_spelling_of_a_username_signs_in(server: Server, username: str) -> None:
    assert signs_in(server, username, "wonderland")


@pytest.mark.parametrize("username", ["Zoë", nfd("Zoë"), "ZOË", "ｚoë"])
def test_a_username_may_have_accents(server: Server, username: str) -> None:
    assert creates(server, "zoë").startswith("Created zoë, ")

    assert signs_in(server, username)


@pytest.mark.parametrize("username", ["Alice", "ALICE", "ａｌｉｃｅ", "alice "])
def test_a_user_that_looks_like_another_cannot_be_created(server: Server, username: str) -> None:
    result = server.run("users", "create", username, stdin="correct horse\n")

    assert (result.exit_code, result.output) == (1, "Error: There is a user alice already.\n")


def test_a_decomposed_username_is_no_other_user(server: Server) -> None:
    creates(server, nfd("zoë"))

    assert creates(server, nfc("Zoë")) == "Error: There is a user zoë already.\n"


def test_letters_of_two_alphabets_make_no_username(server: Server) -> None:
    output = creates(server, "аlice")  # with a Cyrillic letter

    assert output == ("Error: A username must not mix alphabets whose letters look the same.\n")


@pytest.mark.parametrize("command", ["set-password", "delete"])
def test_commands_find_a_user_by_every_spelling(server: Server, command: str) -> None:
    result = server.run("users", command, "ＡLICE", stdin="correct horse\n")

    assert result.exit_code == 0
    assert not signs_in(server, "alice", "wonderland")


def test_spellings_of_a_username_give_no_further_guesses(clock: Clock, server: Server) -> None:
    spellings = ["alice", "Alice", "ALICE", "ａｌｉｃｅ", " alice", "aLice"]
    statuses = [
        server.person(username, "a guess").send_login().status_code for username in spellings
    ]

    assert statuses == [403] * throttling.FAILURES_PER_ACCOUNT_AND_ADDRESS + [429]


@pytest.mark.parametrize("username", ["al\0ice", "al ice", "\u200b", "x" * 250])
def test_what_cannot_be_a_username_is_refused_like_an_unknown_one(
    server: Server, hashed: list[str], username: str
) -> None:
    assert server.person(username, "a guess").send_login().status_code == 403
    assert hashed == ["a guess"]
