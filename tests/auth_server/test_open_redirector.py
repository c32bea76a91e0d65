"""The server redirects no visitor who is not signed in to an address that only a developer chose.

RFC 9700 §4.11.2: a phisher registers a client, and sends the victim to this server with a request
that fails. The victim trusts the address of this server, and arrives at the phisher's.
"""

import pytest
from world.browser import Browser
from world.cast import Person
from world.page import Page
from world.registered_client import RegisteredClient, query_of

from tests.auth_server.developers import Developer
from tests.auth_server.server import ISSUER, Server

#: Requests that fail, by what is wrong with them, and the error that the client receives.
FAILING: dict[str, tuple[dict[str, str | None], str]] = {
    "an unknown scope": ({"scope": "everything"}, "invalid_scope"),
    "no challenge": ({"code_challenge": None}, "invalid_request"),
    "an unknown response type": ({"response_type": "token"}, "unsupported_response_type"),
    "an unknown prompt": ({"prompt": "now"}, "invalid_request"),
    "a malformed resource": ({"resource": "no address"}, "invalid_target"),
    "silent authentication": ({"prompt": "none"}, "login_required"),
}


@pytest.fixture
def phishing(server: Server) -> RegisteredClient:
    """Return a client that Mallory registered at /developer/apps."""
    mallory = Developer(server.person("mallory", "no good at all"))
    return mallory.has_a_client(
        name="Photo Prize", redirect_uris="https://prize.example/callback?a=1"
    )


@pytest.fixture
def visitor(server: Server) -> Browser:
    """Return the browser of a visitor who is not signed in."""
    return server.browser()


@pytest.mark.parametrize("wrong", FAILING)
def test_an_error_does_not_redirect_a_visitor_to_a_developers_address(
    visitor: Browser, phishing: RegisteredClient, wrong: str
) -> None:
    changes, _ = FAILING[wrong]
    response = visitor.get(phishing.authorization_request(**changes).url)

    assert (response.status_code, response.headers.get("Location")) == (400, None)


@pytest.mark.parametrize("wrong", FAILING)
def test_the_page_leads_to_the_client_with_the_error(
    visitor: Browser, phishing: RegisteredClient, wrong: str
) -> None:
    changes, error = FAILING[wrong]
    request = phishing.authorization_request(**changes)
    page = Page(visitor.get(request.url))
    target = page.link("Continue to prize.example").href
    answer = query_of(target)

    assert target.startswith("https://prize.example/callback?a=1&error=")
    assert (answer["error"], answer["state"], answer["iss"]) == (error, request.state, ISSUER)


def test_the_page_names_the_host_the_app_and_who_registered_it(
    visitor: Browser, phishing: RegisteredClient
) -> None:
    page = Page(visitor.get(phishing.authorization_request(scope="everything").url))

    assert "prize.example" in page.text
    assert "Photo Prize" in page.text
    assert "mallory" in page.text


def test_the_page_names_an_app_on_the_device(server: Server, visitor: Browser) -> None:
    mallory = Developer(server.person("mallory", "no good at all"))
    client = mallory.has_a_client(
        name="Pocket Prize", redirect_uris="com.example.prize:/callback", type="public"
    )
    page = Page(visitor.get(client.authorization_request(scope="everything").url))

    assert "an app on your device" in page.text
    assert page.link("Continue to the app").href.startswith("com.example.prize:/callback?error=")


@pytest.mark.parametrize("wrong", FAILING)
def test_an_error_redirects_to_a_client_of_the_operator(
    visitor: Browser, calendars: RegisteredClient, wrong: str
) -> None:
    """The operator registered its address, so the server trusts it."""
    changes, error = FAILING[wrong]
    response = visitor.get(calendars.authorization_request(**changes).url)

    assert response.status_code == 302
    assert query_of(response.headers["Location"])["error"] == error


@pytest.mark.parametrize("wrong", sorted(set(FAILING) - {"silent authentication"}))
def test_an_error_redirects_a_signed_in_user(
    alice: Person, phishing: RegisteredClient, wrong: str
) -> None:
    alice.send_login()
    changes, error = FAILING[wrong]
    response = alice.browser.get(phishing.authorization_request(**changes).url)

    assert response.status_code == 302
    assert query_of(response.headers["Location"])["error"] == error


@pytest.mark.parametrize("destination", ["iframe", "frame"])
def test_silent_authentication_in_a_frame_gets_its_answer(
    visitor: Browser, phishing: RegisteredClient, destination: str
) -> None:
    """The address bar shows the client's own page, so nobody is misled."""
    response = visitor.get(
        phishing.authorization_request(prompt="none").url,
        headers={"Sec-Fetch-Dest": destination, "Sec-Fetch-Site": "cross-site"},
    )

    assert query_of(response.headers["Location"])["error"] == "login_required"


def test_a_valid_request_asks_the_visitor_to_sign_in(
    visitor: Browser, phishing: RegisteredClient
) -> None:
    response = visitor.get(phishing.authorization_request().url)

    assert response.status_code == 303
    assert response.headers["Location"].startswith("/login?")
