"""A client that changes what users rely on: its name, its type, or where it sends them."""

from dataclasses import replace
from typing import Any

import pytest
from world.cast import Person
from world.clock import Clock
from world.events import Events
from world.page import Page
from world.registered_client import AuthorizationResponse, RegisteredClient

from auth_server.models import Client
from auth_server.registration_changes import Registration, apply_change
from tests.auth_server.conftest import Instance
from tests.auth_server.developers import Developer
from tests.auth_server.server import Server

CALLBACK, OTHER = "https://postcards.example/callback", "https://other.example/callback"
ASKED_AGAIN = "Allow it again only if you expected the change."
CHANGES = {
    "its name": {"name": "Postcards & More"},
    "the addresses that it sends you to": {"redirect_uris": f"{CALLBACK}\n{OTHER}"},
    "its name and the addresses that it sends you to": {
        "name": "Postcards & More",
        "redirect_uris": f"{CALLBACK}\n{OTHER}",
    },
}


@pytest.fixture
def developer(mallory: Person) -> Developer:
    return Developer(mallory)


@pytest.fixture
def client(developer: Developer) -> RegisteredClient:
    return developer.has_a_client()


@pytest.mark.parametrize("phrase", CHANGES)
def test_a_changed_client_asks_again_and_says_why(
    developer: Developer, client: RegisteredClient, alice: Person, phrase: str
) -> None:
    alice.connect(client)
    developer.edits(client, **CHANGES[phrase])

    page = alice.consent_page(client.authorization_path())
    name = CHANGES[phrase].get("name", "Postcard Press")
    assert list(page.boxes) == ["profile", "photos:read"]
    assert f"{name} has changed {phrase} since you allowed it. {ASKED_AGAIN}" in page.text


def test_several_changes_are_all_named(
    developer: Developer, client: RegisteredClient, alice: Person
) -> None:
    alice.connect(client)
    for phrase in ("its name", "the addresses that it sends you to"):
        developer.edits(client, **CHANGES[phrase])
    developer.edits(client)

    page = alice.consent_page(client.authorization_path())
    assert "its name and the addresses that it sends you to since you allowed it" in page.text


def test_a_code_is_not_sent_to_a_new_address_without_a_question(
    developer: Developer, client: RegisteredClient, alice: Person
) -> None:
    alice.connect(client)
    developer.edits(client, redirect_uris=OTHER)
    quietly = client.authorization_path(redirect_uri=OTHER, prompt="none")
    openly = client.authorization_path(redirect_uri=OTHER)

    assert "error=consent_required" in alice.browser.get(quietly).headers["Location"]
    assert alice.browser.get(openly).status_code == 200


def test_after_the_new_decision_it_asks_no_more(
    developer: Developer, client: RegisteredClient, alice: Person
) -> None:
    alice.connect(client)
    developer.edits(client, **CHANGES["its name"])
    alice.allow_request(client.authorization_path(), "profile")
    page = alice.consent_page(client.authorization_path())

    assert list(page.boxes) == ["photos:read"]
    assert ASKED_AGAIN not in page.text
    alice.decide(page, "deny")
    assert ASKED_AGAIN not in alice.consent_page(client.authorization_path()).text


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"homepage": "https://more.example/"},
        {"scope": ["profile", "photos:read", "photos:write"]},
        {"name": " Postcard Press "},
        {"redirect_uris": f"{CALLBACK}\n{CALLBACK}\n"},
        {"name": ""},
        {"redirect_uris": "http://evil.example/"},
    ],
    ids=["none", "homepage", "scope", "spaces", "repetition", "invalid name", "invalid address"],
)
def test_other_and_refused_changes_keep_the_consent(
    developer: Developer, client: RegisteredClient, alice: Person, changes: dict[str, str]
) -> None:
    alice.connect(client)
    developer.edits(client, **changes)

    assert alice.browser.get(client.authorization_path()).status_code == 302


def test_another_order_of_the_addresses_keeps_the_consent(
    developer: Developer, alice: Person
) -> None:
    client = developer.has_a_client(redirect_uris=f"{CALLBACK}\n{OTHER}")
    alice.connect(client)
    developer.edits(client, redirect_uris=f"{OTHER}\n{CALLBACK}")

    assert alice.browser.get(client.authorization_path()).status_code == 302


def test_a_user_who_never_allowed_it_reads_nothing_about_changes(
    developer: Developer, client: RegisteredClient, alice: Person, bob: Person
) -> None:
    alice.connect(client)
    developer.edits(client, **CHANGES["its name"])

    assert ASKED_AGAIN not in bob.consent_page(client.authorization_path()).text


def test_the_tokens_of_a_changed_client_keep_working(
    developer: Developer, client: RegisteredClient, alice: Person, photo_api: RegisteredClient
) -> None:
    tokens = alice.connect(client)
    developer.edits(client, **CHANGES["its name and the addresses that it sends you to"])

    assert photo_api.holds(tokens.access_token)
    assert client.refresh(tokens.refresh_token).status_code == 200


def test_an_outdated_consent_is_no_connection(
    clock: Clock, developer: Developer, client: RegisteredClient, alice: Person
) -> None:
    client.revoke(alice.connect(client).refresh_token)
    clock.forward(600)
    developer.edits(client, **CHANGES["its name"])

    assert client.client_id not in alice.browser.get("/account/apps").text


def test_another_type_asks_again(server: Server, alice: Person, posters: RegisteredClient) -> None:
    alice.connect(posters)
    with server.database.writing() as db:
        registered = db.get_one(Client, posters.client_id)
        before = Registration.of(registered)
        registered.client_secret_digest = None
        apply_change(db, registered, before)
        registered.renew_secret()

    page = alice.consent_page(posters.authorization_path())
    assert f"has changed its type since you allowed it. {ASKED_AGAIN}" in page.text


def test_the_demos_client_asks_again_at_another_address(
    instance: Instance, server: Server, alice: Person, print_shop: RegisteredClient
) -> None:
    """The start of the demo registers Print Shop again, with the address of the settings."""
    alice.connect(print_shop)
    elsewhere = Server(instance.settings(CLIENT_APP_URL="http://127.0.0.1:9101"))
    alice.browser = elsewhere.browser()

    request = print_shop.authorization_path(redirect_uri="http://127.0.0.1:9101/callback")
    page = alice.consent_page(request)
    elsewhere.database.close()
    assert f"the addresses that it sends you to since you allowed it. {ASKED_AGAIN}" in page.text


# Codes on their way -----------------------------------------------------------


def test_a_code_that_was_sent_to_a_removed_address_cannot_be_redeemed(
    developer: Developer, client: RegisteredClient, alice: Person, events: Events
) -> None:
    code = alice.allow_request(client.authorization_path()).code
    developer.edits(client, redirect_uris=OTHER)
    developer.edits(client, redirect_uris=f"{OTHER}\n{CALLBACK}")

    assert client.redeem(code).json()["error"] == "invalid_grant"
    assert [entry["reason"] for entry in events.named("grant_ended")] == ["redirect_uri_removed"]
    assert events.named("request_refused")[-1]["end_reason"] == "redirect_uri_removed"


def test_a_code_without_redirect_uri_was_sent_to_the_only_one(
    developer: Developer, client: RegisteredClient, alice: Person
) -> None:
    removed, kept = (
        alice.allow_request(client.authorization_path(redirect_uri=None)).code for _ in range(2)
    )
    developer.edits(client, redirect_uris=f"{OTHER}\n{CALLBACK}")
    assert client.redeem(kept, redirect_uri=None).status_code == 200
    developer.edits(client, redirect_uris=OTHER)

    assert client.redeem(removed, redirect_uri=None).json()["error"] == "invalid_grant"


def test_a_code_that_was_sent_to_a_kept_address_can_be_redeemed(
    developer: Developer, client: RegisteredClient, alice: Person
) -> None:
    code = alice.allow_request(client.authorization_path()).code
    developer.edits(client, name="Postcards & More", redirect_uris=f"{OTHER}\n{CALLBACK}")

    assert client.redeem(code).status_code == 200


def test_a_native_apps_code_at_another_port_was_sent_to_its_address(
    developer: Developer, alice: Person
) -> None:
    client = developer.has_a_client(type="public", redirect_uris="http://127.0.0.1/callback")
    presented = "http://127.0.0.1:8080/callback"
    kept, removed = (
        alice.allow_request(client.authorization_path(redirect_uri=presented)).code
        for _ in range(2)
    )
    developer.edits(client, redirect_uris=f"http://127.0.0.1/callback\n{OTHER}")
    assert client.redeem(kept, redirect_uri=presented).status_code == 200
    developer.edits(client, redirect_uris="http://[::1]/callback")

    assert client.redeem(removed, redirect_uri=presented).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("phrase", CHANGES)
def test_a_page_that_was_open_at_a_change_allows_nothing(
    developer: Developer, client: RegisteredClient, alice: Person, phrase: str
) -> None:
    page = alice.consent_page(client.authorization_path())
    developer.edits(client, **CHANGES[phrase])
    answer = alice.decide(page, "allow", *page.boxes)

    assert answer.status_code == 409
    assert "The app changed while this page was open." in Page(answer).text
    assert alice.consent_page(client.authorization_path()).boxes == page.boxes


@pytest.mark.parametrize("scopes", [[], ["photos:read", "unknown"]])
def test_an_incomplete_form_does_not_hide_the_change(
    developer: Developer, client: RegisteredClient, alice: Person, scopes: list[str]
) -> None:
    page = alice.consent_page(client.authorization_path())
    developer.edits(client, **CHANGES["its name"])
    answer = alice.decide(page, "allow", *scopes)

    assert answer.status_code == 409
    assert "The app changed while this page was open." in Page(answer).text


@pytest.mark.parametrize(
    ("changed", "differs"),
    [
        ({"name": "Other"}, True),
        ({"redirect_uris": frozenset({CALLBACK})}, True),
        ({"is_public": True}, True),
        ({"redirect_uris": frozenset([OTHER, CALLBACK])}, False),
    ],
)
def test_the_digest_of_a_registration_differs_after_each_change(
    changed: dict[str, Any], differs: bool
) -> None:
    before = Registration("Posters", frozenset([CALLBACK, OTHER]), is_public=False)

    assert (replace(before, **changed).digest != before.digest) == differs


def test_the_page_that_shows_the_change_can_be_answered(
    developer: Developer, client: RegisteredClient, alice: Person
) -> None:
    page = alice.consent_page(client.authorization_path())
    developer.edits(client, **CHANGES["its name"])
    again = Page(alice.decide(page, "allow", *page.boxes))

    assert AuthorizationResponse.read(alice.decide(again, "allow", "profile")).code


def test_a_page_that_was_open_at_a_change_can_be_denied(
    developer: Developer, client: RegisteredClient, alice: Person
) -> None:
    page = alice.consent_page(client.authorization_path())
    developer.edits(client, **CHANGES["its name"])

    assert "error=access_denied" in alice.decide(page, "deny").headers["Location"]


def test_a_page_that_was_open_at_a_change_gets_no_code_for_a_removed_address(
    developer: Developer, client: RegisteredClient, alice: Person
) -> None:
    page = alice.consent_page(client.authorization_path())
    developer.edits(client, redirect_uris=OTHER)
    answer = alice.decide(page, "allow", *page.boxes)

    assert (answer.status_code, answer.headers.get("Location")) == (400, None)
    assert "has not registered" in Page(answer).text
