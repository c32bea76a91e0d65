"""Public clients with a private-use URI scheme, such as apps on phones (RFC 8252 §7.1, §8.4)."""

import html
from collections.abc import Callable
from urllib.parse import parse_qsl

import pytest
from world.cast import Person
from world.page import Page
from world.registered_client import RegisteredClient

from tests.auth_server.developers import Developer
from tests.auth_server.server import ISSUER, Server

ADDRESS = "com.example.app:/callback"
ADDRESSES = [ADDRESS, f"{ADDRESS}?x=%e9&flag", "com.example.app://callback", "com.example.app://"]


@pytest.fixture
def registers_app(registers: Callable[..., RegisteredClient]) -> Callable[[str], RegisteredClient]:
    """Return a function that registers a public client on the command line."""

    def register(address: str) -> RegisteredClient:
        return registers(
            "--name", "App", "--redirect-uri", address, "--scope", "photos:read", "--public"
        )

    return register


@pytest.fixture
def developer(alice: Person) -> Developer:
    return Developer(alice)


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_app_gets_its_code_and_redeems_it(
    alice: Person, registers_app: Callable[[str], RegisteredClient], address: str
) -> None:
    app = registers_app(address)
    page = alice.consent_page(app.authorization_path(state="a b+c"))

    answer = alice.decide(page, "allow", "photos:read")

    location = answer.headers["Location"]
    assert (answer.status_code, location.startswith(address)) == (302, True)
    response = dict(parse_qsl(location.removeprefix(address).lstrip("?&")))
    assert (response["state"], response["iss"]) == ("a b+c", ISSUER)
    assert app.redeem(response["code"]).status_code == 200


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_app_receives_errors(
    server: Server,
    alice: Person,
    registers_app: Callable[[str], RegisteredClient],
    address: str,
) -> None:
    app = registers_app(address)
    denied = alice.decide(alice.consent_page(app.authorization_path()), "deny")
    invalid = server.browser().get(app.authorization_path(scope="nonsense"))

    for answer, error in ((denied, "access_denied"), (invalid, "invalid_scope")):
        location = answer.headers["Location"]
        assert location.startswith(address)
        assert dict(parse_qsl(location.removeprefix(address).lstrip("?&")))["error"] == error


@pytest.mark.parametrize(
    "presented", [f"{ADDRESS}/", "com.example.app://callback", "COM" + ADDRESS[3:]]
)
def test_another_address_of_the_scheme_gets_a_page(
    server: Server, registers_app: Callable[[str], RegisteredClient], presented: str
) -> None:
    app = registers_app(ADDRESS)

    answer = server.browser().get(app.authorization_path(redirect_uri=presented))

    assert (answer.status_code, answer.headers.get("Location")) == (400, None)


def test_a_confidential_client_cannot_register_an_app_scheme(
    server: Server,
) -> None:
    run = server.run(
        "clients", "create", "--name", "S", "--redirect-uri", ADDRESS, "--scope=profile"
    )

    assert run.exit_code == 1
    assert "Only a public client" in run.output


def test_the_developer_page_registers_an_app(developer: Developer) -> None:
    app = developer.has_a_client(type="public", redirect_uris=ADDRESS)
    developer.person.consent_page(app.authorization_path())

    assert (
        developer.edits(app, redirect_uris=f"{ADDRESS}\ncom.example.app:/other").status_code == 303
    )
    assert "com.example.app:/other" in developer.page().text


def test_the_developer_page_refuses_it_for_a_confidential_client(developer: Developer) -> None:
    answer = developer.registers(redirect_uris=ADDRESS)
    client = developer.has_a_client()
    edited = developer.edits(client, redirect_uris=ADDRESS)

    for page in (answer, edited):
        assert page.status_code == 400
        assert "Only a public client" in page.text


@pytest.mark.parametrize("kind", ["public", "confidential"])
def test_the_developer_page_refuses_a_response_parameter(developer: Developer, kind: str) -> None:
    address = "https://postcards.example/callback?c%6Fde=1"
    answer = developer.registers(type=kind, redirect_uris=address)
    client = developer.has_a_client(type="confidential")
    edited = developer.edits(client, redirect_uris=address)

    for page in (answer, edited):
        assert page.status_code == 400
        assert "Its query has code, which" in html.unescape(page.text)


def test_the_command_line_refuses_a_response_parameter(server: Server) -> None:
    address = "https://app.example/cb?state=1"
    run = server.run(
        "clients", "create", "--name", "S", "--redirect-uri", address, "--scope=profile"
    )

    assert run.exit_code == 1
    assert "Its query has state, which" in run.output


def test_the_consent_page_says_that_the_app_is_on_the_device(
    alice: Person, registers_app: Callable[[str], RegisteredClient]
) -> None:
    page = alice.consent_page(registers_app(ADDRESS).authorization_path())

    assert f"You return to this app on your device, at {ADDRESS}" in page.text


def test_the_consent_page_says_nothing_of_a_device_for_a_web_address(
    alice: Person, print_shop: RegisteredClient
) -> None:
    page = alice.consent_page(print_shop.authorization_path())

    assert f"You return to {print_shop.redirect_uri}" in page.text


def test_the_developer_page_says_where_such_an_address_leads(developer: Developer) -> None:
    app = developer.has_a_client(type="public", redirect_uris=ADDRESS)

    page = Page(developer.browser.get(f"/developer/apps/{app.client_id}"))

    assert f"{ADDRESS} opens the app on the user’s device" in page.text


def test_the_consent_page_allows_the_browser_to_leave_for_the_scheme(
    alice: Person, registers_app: Callable[[str], RegisteredClient]
) -> None:
    """Chromium would apply `form-action` to the redirect."""
    page = alice.consent_page(registers_app(ADDRESS).authorization_path())

    assert "form-action" not in page.headers["Content-Security-Policy"]
