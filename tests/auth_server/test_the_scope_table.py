"""Tests that the consent page, the metadata and the developer form follow the scope table."""

from collections.abc import Iterator

import pytest
from world.cast import Person
from world.page import Page

from auth_server.scopes import SCOPES, Scope, join_phrases
from tests.auth_server.conftest import Instance
from tests.auth_server.developers import Developer
from tests.auth_server.server import Server
from tests.auth_server.test_metadata import WELL_KNOWN

CALENDAR = Scope(
    name="calendar",
    title="Read your calendar",
    explanation="It sees your appointments.",
    phrase="read your calendar",
)


@pytest.fixture
def server(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Return a server with one more entry in its table of scopes."""
    monkeypatch.setitem(SCOPES, CALENDAR.name, CALENDAR)
    server = Server(instance.settings())
    yield server
    server.database.close()


def test_the_metadata_has_an_added_scope(server: Server) -> None:
    assert CALENDAR.name in server.browser().get(WELL_KNOWN).json()["scopes_supported"]


def test_a_developer_can_register_an_added_scope(alice: Person) -> None:
    page = Developer(alice).page("/developer/apps/new")
    form = next(form for form in page.forms if form.action == "/developer/apps/new")

    assert CALENDAR.title in page.text
    assert form.boxes["scope", CALENDAR.name]


def test_the_consent_page_asks_for_an_added_scope(alice: Person) -> None:
    client = Developer(alice).has_a_client(scope=["photos:read", CALENDAR.name])
    page = alice.consent_page(client.authorization_path())

    assert list(page.boxes) == ["photos:read", CALENDAR.name]
    assert "Let Postcard Press see your photos and read your calendar?" in page.text
    assert f"{CALENDAR.title} {CALENDAR.name} {CALENDAR.explanation}" in page.text


def test_the_account_page_names_an_added_scope(alice: Person) -> None:
    client = Developer(alice).has_a_client(scope=[CALENDAR.name])
    alice.connect(client)

    assert CALENDAR.title in Page(alice.browser.get("/account/apps")).text


def test_an_invalid_scope_is_answered_with_the_whole_table(alice: Person) -> None:
    answer = Developer(alice).registers(scope=["nothing"])

    assert f"The scope is one or more of: {' '.join(SCOPES)}." in Page(answer).text


@pytest.mark.parametrize(
    ("scopes", "phrase"),
    [
        ([], ""),
        (["profile"], "know who you are"),
        (["photos:write"], "change your photos"),
        (["profile", "photos:write"], "know who you are and change your photos"),
        (
            ["profile", "photos:read", "photos:write"],
            "know who you are, see your photos and change your photos",
        ),
    ],
    ids=["none", "one", "writing only", "two", "three"],
)
def test_phrases_are_joined_to_one(scopes: list[str], phrase: str) -> None:
    assert join_phrases(scopes) == phrase
