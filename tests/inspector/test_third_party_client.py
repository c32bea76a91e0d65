"""The flow of another project's client is drawn like Print Shop's, under that client's name."""

import json
from dataclasses import dataclass

import pytest
from requests_oauthlib import OAuth2Session
from world.browser import Browser
from world.cast import Person
from world.legs import Legs
from world.page import Page
from world.registered_client import RegisteredClient

from inspector.read.flows import Flow, flows
from inspector.record.store import Store
from inspector.setup import open_pages

SCOPE = "profile photos:read"
#: The registered name of the client, as the consent page shows it.
NAME = "Paper Calendar"


@pytest.fixture(autouse=True)
def plain_http_on_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow plain http on loopback for requests-oauthlib."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.fixture(autouse=True)
def pages(legs: Legs, watched: Store) -> None:
    """Add the inspector's pages to Print Shop."""
    open_pages(
        legs.client_app,
        legs.client_app.extensions["tripod.settings"],
        treat_as_expired=lambda: None,
    )


@dataclass
class RoundTrip:
    """The client of a flow, and every secret that was sent."""

    client: RegisteredClient
    secrets: list[str]


@pytest.fixture
def round_trip(client: RegisteredClient, legs: Legs, alice: Person) -> RoundTrip:
    """Connect with requests-oauthlib, load the photos, and refresh."""
    session = legs.network.mount(
        OAuth2Session(client.client_id, redirect_uri=client.redirect_uri, scope=SCOPE, pkce="S256")
    )
    token_endpoint, secret = client.metadata["token_endpoint"], str(client.client_secret)
    address, state = session.authorization_url(client.metadata["authorization_endpoint"])
    callback_url = alice.go_through(address).url
    first = session.fetch_token(
        token_endpoint, authorization_response=callback_url, client_secret=secret
    )
    assert session.get(f"{legs.resource_api_url}/photos").status_code == 200
    second = session.refresh_token(token_endpoint, auth=(client.client_id, secret))
    secrets = [each[name] for each in (first, second) for name in ("access_token", "refresh_token")]
    code = callback_url.partition("code=")[2].partition("&")[0]
    return RoundTrip(client, [secret, state, code, *secrets])


def steps(flow: Flow) -> list[tuple[str, str]]:
    """Return the method and the path of each message."""
    return [(one.method, one.path) for one in flow.exchanges]


def open_page(legs: Legs, address: str = "/inspector") -> Page:
    """Open a page of the inspector in a browser that is not part of the flow."""
    return Browser(legs.network).open(f"{legs.client_app_url}{address}")


def register_app(legs: Legs, address: str) -> RegisteredClient:
    """Register a public client on the command line."""
    options = ("--name", "App", "--redirect-uri", address, "--scope", SCOPE, "--public")
    return legs.client_with(json.loads(legs.run("clients", "create", "--json", *options)))


def test_all_messages_are_one_flow_in_order(round_trip: RoundTrip, watched: Store) -> None:
    """The flow includes front-channel messages and the introspection."""
    [flow] = flows(watched.exchanges())

    assert flow.title == NAME
    assert steps(flow) == [
        ("GET", "/.well-known/oauth-authorization-server"),
        ("GET", "/oauth/authorize"),
        ("GET", "/login"),
        ("POST", "/login"),
        ("GET", "/oauth/authorize"),
        ("POST", "/oauth/authorize"),
        ("POST", "/oauth/token"),
        ("GET", "/photos"),
        ("POST", "/oauth/introspect"),
        ("POST", "/oauth/token"),
    ]


def test_the_flow_is_separate_from_print_shops(
    legs: Legs, watched: Store, alice: Person, request: pytest.FixtureRequest
) -> None:
    """The same user allows both in the same browser."""
    alice.go_through(f"{legs.client_app_url}/connect")
    request.getfixturevalue("round_trip")

    newest, oldest = flows(watched.exchanges())

    assert (newest.title, oldest.title) == (NAME, "Print Shop")
    assert "/callback" in [path for _, path in steps(oldest)]
    assert "/callback" not in [path for _, path in steps(newest)]


def test_the_page_names_the_client(round_trip: RoundTrip, legs: Legs) -> None:
    page = open_page(legs)

    assert page.status == 200
    assert page.link(NAME).href.startswith("/inspector?flow=")
    assert f"<strong>{NAME}</strong>" in page.source
    assert "Print Shop" not in [link.text for link in page.links if "view=client" in link.href]
    for step, line in (
        ("A2", "GET /oauth/authorize"),
        ("T1", "POST /oauth/token"),
        ("R1", "GET /photos"),
    ):
        assert step in page.text
        assert line in page.text


def test_each_message_can_be_opened(round_trip: RoundTrip, legs: Legs, watched: Store) -> None:
    [flow] = flows(watched.exchanges())
    page = open_page(legs, f"/inspector?flow={flow.id}&message=7&all=1")

    assert "grant_type=authorization_code" in page.text
    assert f"Authorization: Basic {round_trip.client.client_id}:" in page.text


def test_the_page_contains_no_secret_of_the_flow(round_trip: RoundTrip, legs: Legs) -> None:
    source = open_page(legs, "/inspector?all=1").source

    assert len(round_trip.secrets) == 7
    assert [secret for secret in round_trip.secrets if secret in source] == []


@pytest.mark.parametrize(
    "address",
    [
        "com.example.app:/callback",
        "com.example.app://callback?x=%e9&flag",
        "https://app.example/cb?b=%E9",
        "https://app.example/cb?a=1&&b=2",
        "https://app.example?y=a%20b;c?",
    ],
)
def test_the_redirect_to_any_client_is_drawn_without_its_secrets(
    legs: Legs, alice: Person, watched: Store, address: str
) -> None:
    """An app on a device has no host, and a redirect URI may have a query of its own."""
    app = register_app(legs, address)
    request = app.authorization_request(state="the-state-of-the-app")
    page = alice.consent_page(request.url)
    location = alice.decide(page, "allow", *page.boxes).headers["Location"]
    code = location.partition("code=")[2].partition("&")[0]

    page = open_page(legs, "/inspector?all=1")

    assert location.startswith(address)
    assert "A7" in page.text
    assert "code state iss" in page.text
    for secret in (code, request.state, request.verifier):
        assert secret not in page.source
        assert secret not in repr(watched.exchanges())
