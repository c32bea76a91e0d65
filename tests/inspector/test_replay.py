"""A back-channel message can be sent again, and no value that works leaves the server."""

import re
from typing import Any

import pytest
from world.cast import Attacker, Person
from world.clock import Clock
from world.legs import Legs
from world.page import Page
from world.registered_client import RegisteredClient

from inspector.record.exchange import Exchange
from inspector.record.store import Store
from tests.inspector.sealed_values import (
    connect,
    every_value,
    mask,
    recorded,
    stop_at_callback,
    token_requests,
    token_responses,
)


@pytest.fixture
def connected(clock: Clock, inspected: Legs, alice: Person) -> Legs:
    """Connect Print Shop as Alice."""
    connect(inspected, alice)
    return inspected


def open_form(legs: Legs, person: Person, exchange: Exchange) -> Page:
    """Open the form that sends a message again."""
    return person.browser.open(f"{legs.client_app_url}/inspector/replay/{exchange.id}")


def send_again(legs: Legs, person: Person, exchange: Exchange, **changes: str) -> Page:
    """Open the form, change fields by their position (`value_0`), and send it."""
    open_form(legs, person, exchange)
    person.browser.fill(**{name.replace("_", "-"): value for name, value in changes.items()})
    return person.browser.press("Send")


def last_form(legs: Legs) -> dict[str, str]:
    """Return the form of the last token request that was sent."""
    return token_requests(legs)[-1]


def last_call(legs: Legs) -> Any:
    """Return the last request to Photo API that was sent."""
    return legs.network.exchanges_with(legs.resource_api_url)[-1]


# What is sent


def test_a_code_that_is_sent_again_ends_the_grant(
    connected: Legs, watched: Store, alice: Person
) -> None:
    page = send_again(connected, alice, recorded(watched, "/oauth/token"))

    assert "The grant ended: a code was used twice." in page.text
    assert "was answered with 400. The first time it was 200." in page.text
    assert token_requests(connected)[0] == token_requests(connected)[1]


def test_a_refresh_token_that_is_sent_twice_after_its_grace_ends_the_grant(
    connected: Legs, watched: Store, alice: Person, clock: Clock
) -> None:
    alice.browser.open(f"{connected.client_app_url}/photos")
    alice.browser.press("Refresh now")
    clock.forward(11)

    page = send_again(connected, alice, recorded(watched, "/oauth/token"))

    assert "The grant ended: a refresh token was used twice." in page.text


def test_a_refresh_token_that_is_sent_again_within_its_grace_gets_new_tokens(
    connected: Legs, watched: Store, alice: Person
) -> None:
    alice.browser.open(f"{connected.client_app_url}/photos")
    alice.browser.press("Refresh now")

    page = send_again(connected, alice, recorded(watched, "/oauth/token"))

    assert "Tripod ID accepted a spent refresh token once more" in page.text
    assert "Nobody has the new tokens" in page.text
    newest = token_responses(connected)[-1]
    assert newest["access_token"] not in page.source
    assert (
        "Print Shop’s tokens no longer work. When Print Shop presents its refresh token, "
        "Tripod ID ends the grant."
    ) in page.text
    alice.browser.open(f"{connected.client_app_url}/photos")
    ended = [event for one in watched.exchanges() for event in one.events]
    assert "grant_ended" in [event["event"] for event in ended]


def test_the_same_api_call_gets_the_same_response(
    connected: Legs, watched: Store, alice: Person
) -> None:
    page = send_again(connected, alice, _first_call(watched))

    assert "The grant did not change." in page.text
    sent = last_call(connected)
    token = token_responses(connected)[0]["access_token"]
    assert sent.request_headers["Authorization"] == f"Bearer {token}".encode()


def _first_call(store: Store) -> Exchange:
    return next(one for one in store.exchanges() if one.leg == "resource_api" and one.ties)


def test_an_introspection_is_sent_again_with_the_account_of_the_api(
    connected: Legs, watched: Store, alice: Person
) -> None:
    page = send_again(connected, alice, recorded(watched, "/oauth/introspect"))

    assert "was answered with 200" in page.text
    assert "&#34;active&#34;: true" in page.source


def test_a_revocation_is_sent_again(connected: Legs, watched: Store, alice: Person) -> None:
    alice.browser.open(f"{connected.client_app_url}/photos")
    alice.browser.press("Disconnect")

    page = send_again(connected, alice, recorded(watched, "/oauth/revoke"))

    assert "The grant had already ended." in page.text


def test_a_changed_value_is_sent_as_it_was_typed(
    connected: Legs, watched: Store, alice: Person
) -> None:
    exchange = recorded(watched, "/oauth/token")
    place = [name for name, _ in exchange.request_body.form].index("code_verifier")

    page = send_again(connected, alice, exchange, **{f"value_{place}": "v" * 50})

    assert last_form(connected)["code_verifier"] == "v" * 50
    assert last_form(connected)["code"] == token_requests(connected)[0]["code"]
    assert "The grant did not change." in page.text


def test_a_masked_value_in_another_field_is_sent_as_dots(
    connected: Legs, watched: Store, alice: Person
) -> None:
    """A value is put in only where it was, so that it cannot be sent to another place."""
    masked = mask(connected, token_responses(connected)[0]["access_token"])
    form = recorded(watched, "/oauth/token")
    place = [name for name, _ in form.request_body.form].index("redirect_uri")

    send_again(connected, alice, form, **{f"value_{place}": masked})

    assert last_form(connected)["redirect_uri"] == masked


def test_an_empty_field_is_left_out(connected: Legs, watched: Store, alice: Person) -> None:
    page = send_again(connected, alice, _first_call(watched), value_0="")

    assert "was answered with 401" in page.text
    assert "Authorization" not in last_call(connected).request_headers


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "é", "\0", "x" * 5000, "•" * 8])
def test_odd_values_get_a_page(connected: Legs, watched: Store, alice: Person, value: str) -> None:
    assert send_again(connected, alice, _first_call(watched), value_0=value).status in (200, 503)
    page = send_again(connected, alice, recorded(watched, "/oauth/token"), value_1=value)
    assert page.status in (200, 503)


def test_the_address_cannot_be_changed(connected: Legs, watched: Store, alice: Person) -> None:
    exchange = recorded(watched, "/oauth/introspect")
    page = open_form(connected, alice, exchange)
    form = page.form.entries | {"host": "mallory.example", "path": "/x", "method": "DELETE"}

    alice.browser.post(
        f"{connected.client_app_url}/inspector/replay/{exchange.id}?path=/x&url=https://mallory.example",
        form,
        headers={"Origin": connected.client_app_url},
    )

    [*_, sent] = connected.network.exchanges_with(connected.auth_server_url)
    assert (sent.method, sent.path) == ("POST", "/oauth/introspect")


def test_the_message_appears_in_the_inspector(
    connected: Legs, watched: Store, alice: Person
) -> None:
    send_again(connected, alice, recorded(watched, "/oauth/introspect"))

    page = alice.browser.open(f"{connected.client_app_url}/inspector")
    assert "Sent again by the inspector." in page.text
    assert "The inspector sends a recorded message of Photo API again." in page.text
    assert (
        'aria-label="R2: The inspector sends R2 again. the inspector to Tripod ID, POST '
        '/oauth/introspect" data-from="inspector"'
    ) in page.source
    assert "Tripod ID answers the inspector, 200 OK" in page.source
    view = alice.browser.open(f"{connected.client_app_url}/inspector?view=resource-api")
    assert "A message is sent again" in view.text


def test_a_leg_that_does_not_answer_is_named(
    connected: Legs, watched: Store, alice: Person
) -> None:
    open_form(connected, alice, recorded(watched, "/oauth/introspect"))

    with connected.network.cut_off(connected.auth_server_url):
        page = alice.browser.press("Send")

    assert page.status == 503
    assert "The message could not be sent" in page.text


# What cannot be sent again


@pytest.mark.parametrize("path", ["/connect", "/callback", "/oauth/authorize", "/login"])
def test_a_message_of_the_front_channel_is_not_found(
    connected: Legs, watched: Store, alice: Person, path: str
) -> None:
    assert open_form(connected, alice, recorded(watched, path)).status == 404


def test_a_message_of_another_client_is_not_found(
    inspected: Legs, watched: Store, alice: Person, client: RegisteredClient
) -> None:
    tokens = alice.tokens_for(client)
    inspected.session().get(
        f"{inspected.resource_api_url}/photos",
        headers={"Authorization": f"Bearer {tokens['access_token']}"},
    )
    asked = [one for one in watched.exchanges() if one.ties and one.leg != "client_app"]

    assert {one.path for one in asked} >= {"/oauth/token", "/oauth/introspect", "/photos"}
    assert {open_form(inspected, alice, one).status for one in asked} == {404}


def test_a_message_of_another_user_is_not_found(
    inspected: Legs, watched: Store, mallory: Attacker
) -> None:
    connect(inspected, mallory)

    assert open_form(inspected, mallory, recorded(watched, "/oauth/token")).status == 404


@pytest.mark.parametrize("address", ["0", "99999", "x", "1/2", "-1", "9" * 5000])
def test_an_unknown_message_is_not_found(connected: Legs, alice: Person, address: str) -> None:
    page = alice.browser.open(f"{connected.client_app_url}/inspector/replay/{address}")

    assert page.status == 404


def test_two_messages_that_do_not_belong_together_are_not_compared(
    connected: Legs, watched: Store, alice: Person
) -> None:
    first, other = recorded(watched, "/oauth/token"), recorded(watched, "/oauth/introspect")
    address = f"{connected.client_app_url}/inspector/replay/{first.id}/{other.id}"

    assert alice.browser.open(address).status == 404


def test_another_site_cannot_send_a_message(
    connected: Legs, watched: Store, alice: Person, mallory: Attacker
) -> None:
    exchange = recorded(watched, "/oauth/token")
    before = len(token_requests(connected))

    response = alice.browser.post(
        f"{connected.client_app_url}/inspector/replay/{exchange.id}",
        {"value-0": "x"},
        headers={"Origin": "https://mallory.example", "Sec-Fetch-Site": "cross-site"},
    )

    assert response.status_code == 400
    assert len(token_requests(connected)) == before


# The search


def test_no_page_and_no_file_contains_a_value_that_was_sent(
    connected: Legs, watched: Store, alice: Person, clock: Clock
) -> None:
    """Send each message again, with tokens that work, and with tokens that no longer work."""
    print_shop = connected.client_app.extensions["tripod.print_shop"].client
    api = connected.resource_api.extensions["tripod.settings"]
    code, _ = stop_at_callback(connected, alice)
    sources = []
    for exchange in watched.exchanges():
        page = open_form(connected, alice, exchange)
        sources.append(page.source)
        if page.status == 200:
            sources.append(alice.browser.press("Send").source)
    sources.append(alice.browser.open(f"{connected.client_app_url}/inspector?all=1").source)

    secrets = {
        *every_value(connected),
        code,
        print_shop.client_secret,
        api.introspection_client_secret,
    }
    assert len(re.findall("The message was sent again", " ".join(sources))) >= 4
    assert [one for one in secrets for source in sources if one in source] == []
    stored = b"".join(path.read_bytes() for path in connected.instance_path.glob("inspector.db*"))
    assert [one for one in secrets if one.encode() in stored] == []
    events = str(connected.events)
    assert [one for one in secrets if one in events] == []
