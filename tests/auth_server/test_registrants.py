"""Pages that name a client say who registered it and when, unless the operator did."""

import pytest
from world.cast import Person
from world.clock import Clock
from world.page import Page
from world.registered_client import RegisteredClient

from tests.auth_server.developers import Developer
from tests.auth_server.self_registered import Program
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


# Clients that registered themselves


@pytest.fixture
def agent(server: Server) -> RegisteredClient:
    program = Program(server)
    return program.client(
        program.is_registered(
            policy_uri="https://agent.example/policy", tos_uri="http://localhost:9/terms"
        )
    )


def test_the_consent_page_says_that_the_client_registered_itself(
    clock: Clock, alice: Person, agent: RegisteredClient
) -> None:
    page = alice.consent_page(agent.authorization_request(scope="profile").url)

    assert "This app registered itself on 4 March 2031." in page.text
    assert "Nobody has checked its name" in page.text
    assert "It registered itself, on 4 March 2031" in page.text
    assert "An administrator" not in page.text
    assert "The demo" not in page.text


def test_the_login_page_says_that_the_client_registered_itself(
    alice: Person, agent: RegisteredClient
) -> None:
    address = alice.browser.get(agent.authorization_request(scope="profile").url)
    page = Page(alice.browser.get(address.headers["Location"]))

    assert "This app registered itself" in page.text


def test_the_list_of_connected_apps_says_that_a_client_registered_itself(
    alice: Person, agent: RegisteredClient, print_shop: RegisteredClient
) -> None:
    alice.connect(print_shop, scope="profile")
    operated = Page(alice.browser.get("/account/apps"))
    alice.connect(agent, scope="profile")

    assert "It registered itself." not in operated.text
    assert "It registered itself." in Page(alice.browser.get("/account/apps")).text


def test_the_consent_page_links_to_the_policy_and_the_terms(
    alice: Person, agent: RegisteredClient
) -> None:
    alice.send_login()
    page = alice.browser.get(agent.authorization_request(scope="profile").url).text

    assert '<a href="https://agent.example/policy" rel="noreferrer">agent.example</a>' in page
    assert '<a href="http://localhost:9/terms" rel="noreferrer">localhost:9</a>' in page


def test_an_error_does_not_redirect_to_a_client_that_registered_itself(
    server: Server, agent: RegisteredClient
) -> None:
    """RFC 9700 §4.11.2: the server must not be used as an open redirector."""
    response = server.browser().get(agent.authorization_path(scope="photos:burn"))

    assert response.status_code == 400
    assert "Location" not in response.headers
