"""Values that no longer work can be revealed. A value that works never leaves the server."""

import pytest
from world.cast import Attacker, Person
from world.clock import Clock
from world.legs import Legs
from world.page import Page
from world.registered_client import RegisteredClient, s256

from inspector.read.steps import INSPECTORS_QUESTION
from inspector.record.store import Store
from tests.inspector.sealed_values import (
    connect,
    every_value,
    press_every_button,
    recorded,
    reveal,
    stop_at_callback,
    token_requests,
    token_responses,
)


def is_revealed(page: Page, value: str) -> bool:
    """Return whether a page shows `value`, and check that only this page has its status."""
    assert (page.status == 200) == (value in page.source)
    return value in page.source


@pytest.fixture
def connected(clock: Clock, inspected: Legs, alice: Person) -> Legs:
    """Connect Print Shop as Alice."""
    connect(inspected, alice)
    return inspected


# Access tokens


def test_an_active_access_token_stays_masked(
    connected: Legs, watched: Store, alice: Person
) -> None:
    [tokens] = token_responses(connected)

    page = reveal(connected, alice, recorded(watched, "/oauth/token"), tokens["access_token"])

    assert page.status == 409
    assert "This access token is still active until" in page.text
    assert not is_revealed(page, tokens["access_token"])


def test_an_expired_access_token_is_revealed(
    connected: Legs, watched: Store, alice: Person, clock: Clock
) -> None:
    [tokens] = token_responses(connected)
    clock.forward(121)

    page = reveal(connected, alice, recorded(watched, "/oauth/token"), tokens["access_token"])

    assert is_revealed(page, tokens["access_token"])
    assert "Tripod ID says that this access token is not active." in page.text


def test_the_curl_command_of_a_revealed_value_is_complete(
    connected: Legs, watched: Store, alice: Person, clock: Clock
) -> None:
    [tokens] = token_responses(connected)
    clock.forward(121)
    call = next(one for one in watched.exchanges() if one.leg == "resource_api" and one.ties)

    page = reveal(connected, alice, call, tokens["access_token"])

    assert f"ACCESS_TOKEN='{tokens['access_token']}' curl" in page.text
    assert "Bearer $ACCESS_TOKEN" in page.text


def test_the_tokens_of_an_ended_grant_are_revealed(
    connected: Legs, watched: Store, alice: Person
) -> None:
    [tokens] = token_responses(connected)
    alice.browser.open(f"{connected.auth_server_url}/account/apps")
    alice.browser.press("Remove access of Print Shop")
    alice.browser.press("Remove access")

    for name in ("access_token", "refresh_token"):
        page = reveal(connected, alice, recorded(watched, "/oauth/token"), tokens[name])
        assert is_revealed(page, tokens[name])


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
def test_without_an_answer_of_the_authorization_server_a_token_stays_masked(
    connected: Legs, watched: Store, alice: Person, clock: Clock, name: str
) -> None:
    [tokens] = token_responses(connected)
    clock.forward(days=2)

    with connected.network.cut_off(connected.auth_server_url):
        page = reveal(connected, alice, recorded(watched, "/oauth/token"), tokens[name])

    assert not is_revealed(page, tokens[name])
    assert "Tripod ID could not be asked" in page.text


def test_with_refused_credentials_a_token_stays_masked(
    connected: Legs, watched: Store, alice: Person, clock: Clock
) -> None:
    [tokens] = token_responses(connected)
    clock.forward(121)
    connected.run("clients", "rotate-secret", "photo-api")

    page = reveal(connected, alice, recorded(watched, "/oauth/token"), tokens["access_token"])

    assert not is_revealed(page, tokens["access_token"])


# Refresh tokens


def print_shop_as_client(legs: Legs) -> RegisteredClient:
    """Return Print Shop's registration, with which a test sends its own requests."""
    settings = legs.client_app.extensions["tripod.settings"]
    return RegisteredClient(
        legs.auth_server_url,
        settings.client_id,
        f"{legs.client_app_url}/callback",
        settings.client_secret,
        legs.session(),
    )


def refresh(legs: Legs, person: Person) -> None:
    """Make Print Shop refresh its tokens."""
    person.browser.open(f"{legs.client_app_url}/photos")
    person.browser.press("Refresh now")


def test_an_unused_refresh_token_stays_masked(
    connected: Legs, watched: Store, alice: Person
) -> None:
    [tokens] = token_responses(connected)

    page = reveal(connected, alice, recorded(watched, "/oauth/token"), tokens["refresh_token"])

    assert not is_revealed(page, tokens["refresh_token"])
    assert "This refresh token is still active until" in page.text


@pytest.mark.settings(REFRESH_TOKEN_GRACE="600")
def test_a_spent_refresh_token_stays_masked_within_its_grace(
    connected: Legs, watched: Store, alice: Person, clock: Clock
) -> None:
    refresh(connected, alice)
    spent = token_responses(connected)[0]["refresh_token"]
    clock.forward(540)

    page = reveal(connected, alice, recorded(watched, "/oauth/token"), spent)

    assert not is_revealed(page, spent)
    assert "Tripod ID still accepts it once more until" in page.text


def test_a_spent_refresh_token_is_revealed_after_its_grace(
    connected: Legs, watched: Store, alice: Person, clock: Clock
) -> None:
    refresh(connected, alice)
    spent = token_responses(connected)[0]["refresh_token"]
    clock.forward(11)

    page = reveal(connected, alice, recorded(watched, "/oauth/token"), spent)

    assert is_revealed(page, spent)


def test_a_refresh_token_whose_use_was_not_recorded_stays_masked(
    connected: Legs, watched: Store, alice: Person, clock: Clock
) -> None:
    first = recorded(watched, "/oauth/token")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "add", lambda *_: True)
        refresh(connected, alice)
    clock.forward(60)
    spent = token_responses(connected)[0]["refresh_token"]

    page = reveal(connected, alice, first, spent)

    assert not is_revealed(page, spent)
    assert "The recording does not show when this refresh token was used." in page.text


def test_a_refresh_token_of_a_lost_response_is_revealed(
    connected: Legs, watched: Store, alice: Person, clock: Clock
) -> None:
    alice.browser.open(f"{connected.client_app_url}/photos")
    with connected.network.losing_answers_of(connected.auth_server_url):
        alice.browser.press("Refresh now")
    refresh(connected, alice)
    first, lost, newest = (one["refresh_token"] for one in token_responses(connected))
    answers = [one for one in watched.exchanges() if one.path == "/oauth/token"]

    assert not is_revealed(reveal(connected, alice, answers[0], first), first)
    assert is_revealed(reveal(connected, alice, answers[1], lost), lost)
    assert not is_revealed(reveal(connected, alice, answers[2], newest), newest)


def test_a_spent_refresh_token_stays_masked_whatever_the_order_of_the_records(
    inspected: Legs, watched: Store, alice: Person, clock: Clock
) -> None:
    """Of two requests with one token, the first to begin is not always the first to succeed."""
    print_shop = print_shop_as_client(inspected)
    request = print_shop.authorization_request(scope="photos:read")
    code = alice.allow_request(request.url).code
    first = print_shop.redeem(code, request.verifier).json()["refresh_token"]
    clock.forward(2)
    print_shop.refresh(first)
    clock.forward(-1)
    retried = print_shop.refresh(first).json()["refresh_token"]
    clock.forward(1)
    assert print_shop.refresh(retried).status_code == 200

    page = reveal(inspected, alice, recorded(watched, "/oauth/token"), retried)

    assert not is_revealed(page, retried)
    assert "Tripod ID still accepts it once more until" in page.text


def test_an_expired_refresh_token_is_revealed_before_it_is_purged(
    connected: Legs, watched: Store, alice: Person, clock: Clock
) -> None:
    [tokens] = token_responses(connected)
    clock.forward(86405)

    page = reveal(connected, alice, recorded(watched, "/oauth/token"), tokens["refresh_token"])

    assert is_revealed(page, tokens["refresh_token"])


# Codes and verifiers


def test_a_code_stays_masked_until_it_is_redeemed(
    connected: Legs, watched: Store, alice: Person
) -> None:
    code, callback = stop_at_callback(connected, alice)
    issue = recorded(watched, "/oauth/authorize")

    page = reveal(connected, alice, issue, code)
    assert not is_revealed(page, code)
    assert "This code can still be redeemed until" in page.text

    alice.browser.open(callback)
    assert is_revealed(reveal(connected, alice, issue, code), code)


@pytest.mark.settings(AUTHORIZATION_CODE_LIFETIME="600")
def test_a_code_that_nobody_redeemed_is_revealed_when_it_has_expired(
    connected: Legs, watched: Store, alice: Person, clock: Clock
) -> None:
    code, _ = stop_at_callback(connected, alice)
    issue = recorded(watched, "/oauth/authorize")

    clock.forward(540)
    assert not is_revealed(reveal(connected, alice, issue, code), code)
    clock.forward(70)
    assert is_revealed(reveal(connected, alice, issue, code), code)


def test_a_verifier_is_revealed_with_the_challenge_that_it_proves(
    connected: Legs, watched: Store, alice: Person
) -> None:
    verifier = token_requests(connected)[0]["code_verifier"]

    page = reveal(connected, alice, recorded(watched, "/oauth/token"), verifier)

    assert is_revealed(page, verifier)
    assert s256(verifier) in page.text


def test_a_verifier_stays_masked_while_its_code_can_be_redeemed(
    inspected: Legs, watched: Store, alice: Person
) -> None:
    """Tripod ID refuses another redirect URI, and the code stays as it was."""
    print_shop = print_shop_as_client(inspected)
    request = print_shop.authorization_request(scope="photos:read")
    code = alice.allow_request(request.url).code
    refused = print_shop.redeem(code, request.verifier, redirect_uri="https://other.example")
    assert refused.status_code == 400
    exchange = recorded(watched, "/oauth/token")

    assert not is_revealed(reveal(inspected, alice, exchange, code), code)
    masked = dict(exchange.request_body.form)["code_verifier"]
    assert post_reveal(inspected, alice, exchange.id, masked) == 404

    assert print_shop.redeem(code, request.verifier).status_code == 200
    for value in (code, request.verifier):
        assert is_revealed(reveal(inspected, alice, exchange, value), value)


def test_a_verifier_stays_masked_while_a_code_of_another_user_needs_it(
    inspected: Legs, watched: Store, alice: Person, mallory: Attacker, clock: Clock
) -> None:
    """Two users can answer the same authorization request, and one of them is not the demo's."""
    print_shop = print_shop_as_client(inspected)
    request = print_shop.authorization_request(scope="photos:read")
    code = alice.allow_request(request.url).code
    assert print_shop.redeem(code, request.verifier).status_code == 200
    mallory.allow_request(request.url)
    exchange = recorded(watched, "/oauth/token")

    assert not is_revealed(reveal(inspected, alice, exchange, request.verifier), request.verifier)
    clock.forward(61)
    assert is_revealed(reveal(inspected, alice, exchange, request.verifier), request.verifier)


# Values that are never revealed


def test_a_value_of_another_client_is_not_found(
    inspected: Legs, watched: Store, alice: Person, client: RegisteredClient
) -> None:
    alice.tokens_for(client)
    connect(inspected, alice)
    exchange = next(one for one in watched.exchanges() if one.path == "/oauth/token")

    assert {post_reveal(inspected, alice, exchange.id, one) for one in exchange.sealed} == {404}


def test_a_value_of_another_user_is_not_found(
    inspected: Legs, watched: Store, alice: Person, mallory: Attacker
) -> None:
    connect(inspected, mallory)
    exchange = recorded(watched, "/oauth/token")

    assert {post_reveal(inspected, mallory, exchange.id, one) for one in exchange.sealed} == {404}


def post_reveal(legs: Legs, person: Person, exchange_id: int | str, masked: str) -> int:
    """Send the form with these values, and return the status of the response."""
    page = person.browser.open(f"{legs.client_app_url}/inspector")
    token = page.form_with("csrf_token").values("csrf_token")[0]
    form = {"csrf_token": token, "exchange": exchange_id, "masked": masked}
    address = f"{legs.client_app_url}/inspector/reveal"
    return person.browser.post(address, form, headers={"Origin": legs.client_app_url}).status_code


@pytest.mark.parametrize("exchange_id", ["", "0", "x", "99999", "-1", "9" * 30])
def test_an_unknown_message_is_not_found(
    connected: Legs, watched: Store, alice: Person, exchange_id: str
) -> None:
    [masked, *_] = recorded(watched, "/oauth/token").sealed

    assert post_reveal(connected, alice, exchange_id, masked) == 404


def test_a_value_of_another_message_is_not_found(
    connected: Legs, watched: Store, alice: Person
) -> None:
    [masked, *_] = recorded(watched, "/oauth/token").sealed

    assert post_reveal(connected, alice, recorded(watched, "/connect").id, masked) == 404
    assert post_reveal(connected, alice, recorded(watched, "/oauth/token").id, "") == 404


def test_a_secret_in_the_place_of_a_token_is_never_revealed(
    connected: Legs, watched: Store, alice: Person, client: RegisteredClient
) -> None:
    """It was not issued, so the authorization server would call it not active."""
    print_shop = connected.client_app.extensions["tripod.print_shop"].client
    secret = print_shop.client_secret
    connected.session().post(
        f"{connected.auth_server_url}/oauth/introspect",
        data={"token": secret, "code": secret, "code_verifier": secret},
        auth=(print_shop.client_id, secret),
    )
    exchange = recorded(watched, "/oauth/introspect")
    masked = dict(exchange.request_body.form)["token"]

    assert masked.startswith(secret[:6])
    assert exchange.sealed == {}
    assert post_reveal(connected, alice, exchange.id, masked) == 404


# The form


def test_another_site_cannot_send_the_form(
    connected: Legs, watched: Store, alice: Person, mallory: Attacker, clock: Clock
) -> None:
    [tokens] = token_responses(connected)
    clock.forward(121)
    exchange = recorded(watched, "/oauth/token")
    form = {"exchange": exchange.id, "masked": next(iter(exchange.sealed))}

    response = alice.browser.post(
        f"{connected.client_app_url}/inspector/reveal",
        form,
        headers={"Origin": "https://mallory.example", "Sec-Fetch-Site": "cross-site"},
    )

    assert response.status_code == 400
    assert tokens["access_token"] not in response.text


def test_a_form_without_its_token_is_refused(
    connected: Legs, watched: Store, alice: Person
) -> None:
    exchange = recorded(watched, "/oauth/token")
    form = {"exchange": exchange.id, "masked": next(iter(exchange.sealed))}

    address = f"{connected.client_app_url}/inspector/reveal"
    assert alice.browser.post(address, form).status_code == 400


def test_the_introspection_by_the_inspector_is_no_message_of_the_flow(
    connected: Legs, watched: Store, alice: Person
) -> None:
    [tokens] = token_responses(connected)
    before = alice.browser.open(f"{connected.client_app_url}/inspector").source.count("/introspect")

    reveal(connected, alice, recorded(watched, "/oauth/token"), tokens["access_token"])

    after = alice.browser.open(f"{connected.client_app_url}/inspector").source.count("/introspect")
    assert after == before


def test_another_client_cannot_hide_its_introspection(connected: Legs, alice: Person) -> None:
    [tokens] = token_responses(connected)
    settings = connected.client_app.extensions["tripod.settings"]
    before = alice.browser.open(f"{connected.client_app_url}/inspector").source.count("/introspect")

    connected.session().post(
        f"{connected.auth_server_url}/oauth/introspect",
        data={"token": tokens["access_token"]},
        auth=(settings.client_id, settings.client_secret),
        headers={"User-Agent": INSPECTORS_QUESTION},
    )

    after = alice.browser.open(f"{connected.client_app_url}/inspector").source.count("/introspect")
    assert after > before


# The search


@pytest.mark.settings(
    ACCESS_TOKEN_LIFETIME="3600", AUTHORIZATION_CODE_LIFETIME="3600", REFRESH_TOKEN_GRACE="3600"
)
def test_no_response_and_no_file_contains_a_value_that_works(
    connected: Legs, watched: Store, alice: Person
) -> None:
    """Press every button while every token works."""
    refresh(connected, alice)
    newest = token_responses(connected)[-1]
    code, _ = stop_at_callback(connected, alice)
    alive = {newest["access_token"], newest["refresh_token"], code}
    alive |= {one["refresh_token"] for one in token_responses(connected)}

    pages = press_every_button(connected, alice)

    assert len(pages) > 20
    assert {page.status for page in pages} == {200, 409}
    shown = [page.source for page in pages]
    assert [value for value in alive for source in shown if value in source] == []
    stored = b"".join(path.read_bytes() for path in connected.instance_path.glob("inspector.db*"))
    assert [one for one in every_value(connected) | {code} if one.encode() in stored] == []


def test_every_value_is_revealed_after_the_end(
    connected: Legs, watched: Store, alice: Person, clock: Clock
) -> None:
    """This shows that the search above can fail."""
    refresh(connected, alice)
    alice.browser.open(f"{connected.client_app_url}/photos")
    alice.browser.press("Disconnect")
    values = every_value(connected)

    shown = "".join(page.source for page in press_every_button(connected, alice))

    assert [value for value in values if value not in shown] == []


def test_a_new_run_cannot_decrypt_the_values_of_the_one_before(
    connected: Legs, watched: Store, alice: Person, clock: Clock
) -> None:
    clock.forward(121)
    exchanges = watched.exchanges()
    watched.begin()
    for exchange in exchanges:
        watched.add(exchange, watched.run_id)
    [tokens] = token_responses(connected)

    page = reveal(connected, alice, recorded(watched, "/oauth/token"), tokens["access_token"])

    assert "another key" in page.text
    assert not is_revealed(page, tokens["access_token"])
