"""A real browser arrives at the registered redirect URI, whatever its query and its scheme."""

import json
from collections.abc import Iterator
from urllib.parse import parse_qsl

import pytest
import requests
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, Route
from world.chromium import launched_chromium
from world.processes import Running, run, running_legs

from client_app.oauth import AuthorizationResponse, Client

pytestmark = pytest.mark.processes

#: Whether the response has a code, and its error, after each decision.
OUTCOMES = {"Allow": (True, None), "Deny": (False, "access_denied")}
CALLBACK = "http://127.0.0.1:5999/cb"


@pytest.fixture(scope="module")
def legs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_legs(tmp_path_factory.mktemp("legs")) as legs:
        yield legs


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with launched_chromium() as chromium:
        yield chromium


@pytest.fixture
def page(chromium: Chromium) -> Iterator[Page]:
    """Open a tab. The test fails if the browser reports an error, such as a blocked form."""
    context = chromium.new_context()
    page = context.new_page()
    errors: list[str] = []
    page.on(
        "console", lambda message: errors.append(message.text) if message.type == "error" else None
    )
    yield page
    context.close()
    assert errors == []


def register(legs: Running, redirect_uri: str, *options: str) -> Client:
    """Register a client on the command line, and return it as Print Shop's module has it."""
    command = ("-m", "flask", "--app", "app:create_auth_server", "clients", "create", "--json")
    parameters = ("--name", "Odd", "--redirect-uri", redirect_uri, "--scope", "photos:read")
    registration = json.loads(run(*command, *parameters, *options, env=legs.env).stdout)
    session = requests.Session()
    session.trust_env = False
    return Client(
        issuer=legs.auth_server_url,
        client_id=registration["client_id"],
        client_secret=registration.get("client_secret", ""),
        redirect_uri=redirect_uri,
        http=lambda: session,
    )


def go_to_consent(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password", exact=True).fill("wonderland")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Allow").wait_for()


@pytest.mark.parametrize(
    "query", ["", "?b=%E9", "?y=a%20b", "?flag", "?a=1&&b=2", "?x=%c3%a9+;%2f?&"]
)
def test_the_browser_arrives_and_the_client_redeems_the_code(
    legs: Running, page: Page, query: str
) -> None:
    client = register(legs, f"{CALLBACK}{query}")
    arrived: list[str] = []
    page.route(f"{CALLBACK}**", lambda route: answer(route, arrived))
    request, url = client.authorization_request("photos:read")
    go_to_consent(page, url)

    with page.expect_response(f"{CALLBACK}**"):
        page.get_by_role("button", name="Allow").click()

    [address] = arrived
    assert address.startswith(client.redirect_uri)
    response = AuthorizationResponse.read(parse_qsl(address.partition("?")[2]))
    assert client.redeem(client.authorization_code(request, response), request).access_token


def answer(route: Route, arrived: list[str]) -> None:
    arrived.append(route.request.url)
    route.fulfill(body="Arrived", content_type="text/plain")


@pytest.mark.parametrize("decision", OUTCOMES)
@pytest.mark.parametrize("address", ["com.example.app:/callback?x=%e9", "com.example.app://cb"])
def test_the_browser_leaves_for_the_scheme_of_an_app(
    legs: Running, page: Page, address: str, decision: str
) -> None:
    """RFC 8252 §7.1: "the browser loads the redirection endpoint", which opens the app."""
    client = register(legs, address, "--public")
    request, url = client.authorization_request("photos:read")
    go_to_consent(page, url)

    with page.expect_event("requestfailed", lambda failed: failed.url.startswith("com.")) as left:
        page.get_by_role("button", name=decision).click()

    arrived = left.value.url
    assert arrived.startswith(address)
    response = AuthorizationResponse.read(parse_qsl(arrived.partition("?")[2]))
    assert request.is_answered_by(response)
    assert (bool(response.code), response.error) == OUTCOMES[decision]
