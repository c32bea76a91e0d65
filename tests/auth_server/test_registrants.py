"""Pages that name a client say who registered it and when, unless the operator did."""

import pytest
from world.cast import Person
from world.clock import Clock
from world.page import Page
from world.registered_client import RegisteredClient

from tests.auth_server.developers import Developer
from tests.auth_server.server import Server

NOTE = "mallory, a user of Tripod ID, registered this app on 4 March 2031."


@pytest.fixture
def posters_of_mallory(clock: Clock, server: Server) -> RegisteredClient:
    """Return a client that Mallory registered at noon of 4 March 2031."""
    mallory = Developer(server.person("mallory", "no good at all"))
    return mallory.has_a_client(name="Poster Palace")


def test_the_consent_page_says_who_registered_the_client_and_when(
    alice: Person, posters_of_mallory: RegisteredClient
) -> None:
    page = alice.consent_page(posters_of_mallory.authorization_request(scope="profile").url)

    assert NOTE in page.text
    assert "The operator of Tripod ID has not checked it" in page.text


def test_the_login_page_says_so_too(alice: Person, posters_of_mallory: RegisteredClient) -> None:
    address = alice.browser.get(posters_of_mallory.authorization_request(scope="profile").url)
    page = Page(alice.browser.get(address.headers["Location"]))

    assert NOTE in page.text


def test_the_page_to_choose_an_account_says_so_too(
    alice: Person, posters_of_mallory: RegisteredClient
) -> None:
    alice.send_login()
    request = posters_of_mallory.authorization_request(scope="profile", prompt="select_account")
    page = Page(alice.browser.get(alice.browser.get(request.url).headers["Location"]))

    assert NOTE in page.text


def test_a_client_of_the_operator_has_no_note(alice: Person, calendars: RegisteredClient) -> None:
    page = alice.consent_page(calendars.authorization_request(scope="profile").url)

    assert "a user of Tripod ID" not in page.text
    assert "An administrator of this server" in page.text


def test_the_note_names_the_username_and_not_the_chosen_name(
    clock: Clock, server: Server, alice: Person
) -> None:
    """Anybody can be called Print Shop. Usernames are unique, and none looks like another."""
    server.run("users", "create", "trent", "--name", "Print Shop Ltd", stdin="a long password")
    trent = Developer(server.person("trent", "a long password"))
    client = trent.has_a_client(name="Poster Palace")
    page = alice.consent_page(client.authorization_request(scope="profile").url)

    assert "trent, a user of Tripod ID, registered" in page.text
    assert "Print Shop Ltd" not in page.text
