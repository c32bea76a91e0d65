"""The flow of a client that signs its user in, as the inspector records and shows it."""

import json
from dataclasses import dataclass

import pytest
from world.cast import Person
from world.legs import Legs
from world.registered_client import RegisteredClient, Tokens

from inspector.read.flows import Flow, flows
from inspector.read.messages import every, read_trees
from inspector.read.phases import END, phase_of
from inspector.record.store import Store
from inspector.setup import open_pages
from tests.inspector.test_parameters import explained_names, parameters_of
from tests.inspector.test_third_party_client import open_page

SCOPE = "openid profile email photos:read"
NONCE = "a-nonce-of-the-client"


@dataclass
class SignedIn:
    """The client, and the tokens of its two token responses."""

    client: RegisteredClient
    first: Tokens
    second: Tokens


@pytest.fixture
def signed_in(legs: Legs, watched: Store, alice: Person) -> SignedIn:
    """Sign alice in with OpenID Connect, read the keys and userinfo, and refresh."""
    open_pages(
        legs.client_app,
        legs.client_app.extensions["tripod.settings"],
        treat_as_expired=lambda: None,
    )
    client = legs.register_client("https://calendar.example/callback", SCOPE)
    client.scope = SCOPE
    first = alice.connect(client, scope=SCOPE, nonce=NONCE)
    assert client.http.get(f"{legs.auth_server_url}/oauth/jwks").ok
    bearer = {"Authorization": f"Bearer {first.access_token}"}
    assert client.http.get(f"{legs.auth_server_url}/oauth/userinfo", headers=bearer).ok
    second = Tokens.read(client.refresh(first.refresh_token))
    return SignedIn(client, first, second)


def only_flow(store: Store) -> Flow:
    return flows(store.exchanges())[0]


def test_no_part_of_an_id_token_that_could_be_used_is_recorded(
    signed_in: SignedIn, watched: Store
) -> None:
    recorded = json.dumps([one.to_document() for one in watched.exchanges()])

    for tokens in (signed_in.first, signed_in.second):
        header, claims, signature = tokens.id_token.split(".")
        assert header
        assert [part for part in (claims, signature) if part in recorded] == []
    assert NONCE not in recorded
    assert "alice@example.com" not in recorded


def test_userinfo_follows_the_tokens_in_the_same_flow(signed_in: SignedIn, watched: Store) -> None:
    found = [
        (message.step, message.exchange.path)
        for message in every(read_trees(only_flow(watched).exchanges))
        if message.step in ("T1", "R1", "F1")
    ]

    assert found == [
        ("T1", "/oauth/token"),
        ("R1", "/oauth/userinfo"),
        ("F1", "/oauth/token"),
    ]


def test_every_check_of_the_page_holds(signed_in: SignedIn, legs: Legs) -> None:
    source = open_page(legs, "/inspector?all=1").source

    for words in (
        "nonce of the ID token equals that of A2",
        "aud of the ID token equals the client_id",
        "iss of the ID token equals the issuer",
        "at_hash equals the hash of the access token",
        "sub equals that of the ID token",
        "sub equals that of the first ID token",
    ):
        assert f'{words}<span class="hidden">: yes</span>' in source
    assert '<span class="hidden">: no</span>' not in source


def test_the_page_shows_header_claims_and_the_key(signed_in: SignedIn, legs: Legs) -> None:
    page = open_page(legs, "/inspector?all=1")

    assert "The ID token, decoded" in page.text
    for name in ("alg", "kid", "iss", "aud", "exp", "auth_time", "nonce", "at_hash", "sid"):
        assert f"<code>{name}</code>" in page.source
    assert "must check the signature with a key of Tripod ID" in page.text


def test_every_parameter_of_the_flow_is_explained(signed_in: SignedIn, watched: Store) -> None:
    unexplained = {
        f"{message.path} {name}"
        for message in watched.exchanges()
        if message.path.startswith(("/oauth/", "/.well-known/"))
        for name in parameters_of(message) - explained_names(message)
    }

    assert unexplained == set()


def test_the_page_says_that_print_shop_checked_the_signature(
    inspected: Legs, alice: Person
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect?scope=openid+photos:read")
    page = open_page(inspected, "/inspector?all=1")

    assert "Print Shop checked the signature (RS256) with the key" in page.text
    assert 'nonce of the ID token equals that of A2<span class="hidden">: yes' in page.source


def test_the_sign_out_is_the_end_of_the_flow(
    inspected: Legs, watched: Store, alice: Person
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect?scope=openid+photos:read")
    alice.browser.open(f"{inspected.client_app_url}/logout")

    messages = every(read_trees(only_flow(watched).exchanges))
    ends = [one.exchange.path for one in messages if phase_of(one) == END]

    assert ends == ["/logout", "/oauth/revoke", "/oauth/logout"]
    assert "the hint is the newest ID token" in open_page(inspected, "/inspector?all=1").text
