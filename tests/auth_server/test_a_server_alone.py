"""A server outside the demo, with its own name and scopes: no page speaks of the demo's sites."""

from collections.abc import Iterator
from unittest.mock import patch
from urllib.parse import urljoin, urlsplit

import pytest
from requests import Response
from world.cast import Person
from world.page import Page, media_type

from auth_server.scopes import SCOPES, Scope
from tests.auth_server.conftest import MALLORYS_PASSWORD, Instance
from tests.auth_server.developers import Developer
from tests.auth_server.server import ISSUER, Server

NAME = "Harbour Sign-in"
#: Words that only the demo's sites may say.
WORDS_OF_THE_DEMO = ("photo", "print shop", "tripod")
CALENDAR = Scope(
    name="calendar",
    title="Read your calendar",
    explanation="It sees your appointments.",
    phrase="read your calendar",
    readable_path="/calendar",
)


@pytest.fixture
def server(instance: Instance) -> Iterator[Server]:
    """Return a server outside the demo, with another name and another table of scopes."""
    # Unlike `monkeypatch.delitem`, this restores the order of the table, which other tests assert.
    with patch.dict(SCOPES, {CALENDAR.name: CALENDAR}, clear=True):
        server = Server(
            instance.settings(
                DEMO="0", NAME=NAME, SECRET_KEY="a key that is long enough for a test"
            )
        )
        yield server
        server.database.close()


@pytest.fixture
def answers(server: Server) -> list[Response]:
    """Return every page that links lead to, signed out and signed in, and some error pages."""
    mallory = server.person("mallory", MALLORYS_PASSWORD)
    answers = _crawl(mallory, "/", "/login")
    client = Developer(mallory).has_a_client(scope=[CALENDAR.name])
    request = client.authorization_path()
    consent = mallory.ask(request)
    answers += [
        consent,
        mallory.browser.get("/nothing"),
        mallory.browser.get("/oauth/authorize?client_id=nobody"),
        mallory.browser.post("/account/password", data={}),
        server.person("mallory", MALLORYS_PASSWORD).browser.get(f"/login?next={request}"),
    ]
    mallory.decide(Page(consent), "allow", CALENDAR.name)
    return answers + _crawl(mallory, "/")


def _crawl(person: Person, *addresses: str) -> list[Response]:
    """Return the pages of the server that `person` reaches from `addresses` by links."""
    found: dict[str, Response] = {}
    waiting = list(addresses)
    while waiting:
        address = waiting.pop()
        if address in found:
            continue
        found[address] = person.browser.open(address).response
        links = [urljoin(f"{ISSUER}{address}", link) for link in Page(found[address]).addresses]
        waiting += [urlsplit(link).path for link in links if link.startswith(f"{ISSUER}/")]
    return list(found.values())


def test_no_page_has_words_of_the_demo(answers: list[Response]) -> None:
    pages = [Page(answer) for answer in answers]
    offenders = [
        (page.title, word)
        for page in pages
        for word in WORDS_OF_THE_DEMO
        if word in f"{page.title} {page.text}".lower()
    ]

    assert len(pages) > 15
    assert not offenders


def test_every_page_has_the_name_of_the_server(answers: list[Response]) -> None:
    pages = [Page(answer) for answer in answers if media_type(answer) == "text/html"]

    assert [page.title for page in pages if not page.title.strip().endswith(NAME)] == []


def test_no_page_links_to_another_leg(server: Server, answers: list[Response]) -> None:
    other_legs = (server.settings.client_app_url, server.settings.resource_api_url)
    links = {link for answer in answers for link in Page(answer).addresses}

    assert len(links) > 10
    assert not [link for link in links if link.startswith(other_legs)]
