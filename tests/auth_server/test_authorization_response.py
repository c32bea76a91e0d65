"""A7 – Authorization response (RFC 6749 §4.1.2, RFC 9207)."""

import json
from urllib.parse import urlencode

import pytest
from world.cast import Person
from world.clock import Clock
from world.events import Events
from world.registered_client import RegisteredClient

from tests.auth_server.server import ISSUER


def test_the_response_contains_code_state_and_issuer(
    alice: Person, print_shop: RegisteredClient
) -> None:
    """RFC 9207 §2: the server MUST indicate its identity by including `iss` in the response."""
    response = alice.allow_request(print_shop.authorization_path(state="S 1"))

    assert response.status == 302
    assert response.redirect_uri == print_shop.redirect_uri
    assert set(response.parameters) == {"code", "state", "iss"}
    assert (response.state, response.iss) == ("S 1", ISSUER)


def test_a_request_without_state_gets_a_response_without_state(
    alice: Person, print_shop: RegisteredClient
) -> None:
    """REQUIRED if the "state" parameter was present in the client authorization request."""
    assert set(alice.allow_request(print_shop.authorization_path(state=None)).parameters) == {
        "code",
        "iss",
    }


@pytest.mark.parametrize("decision", ["allow", "deny"])
def test_no_redirect_repeats_a_form(
    alice: Person, print_shop: RegisteredClient, decision: str
) -> None:
    """RFC 9700 §4.12: status 307 would send the password or the decision to the client."""
    path = print_shop.authorization_path()
    signed_in = alice.send_login(f"/login?{urlencode({'next': path})}")
    page = alice.consent_page(path)
    decided = alice.decide(page, decision, *page.boxes)

    assert signed_in.headers["Location"] == path
    assert decided.headers["Location"].startswith(print_shop.redirect_uri)
    assert {signed_in.status_code, decided.status_code} <= {302, 303}


def test_every_issued_code_is_different(alice: Person, print_shop: RegisteredClient) -> None:
    """§10.10: the probability of guessing tokens MUST be less than or equal to 2^(-128)."""
    codes = [alice.allow_request(print_shop.authorization_path()).code for _ in range(5)]

    assert len(set(codes)) == 5
    assert min(map(len, codes)) >= 43


def test_the_response_must_not_be_cached_or_sent_as_referrer(
    alice: Person, print_shop: RegisteredClient
) -> None:
    """RFC 9700 §4.2: the address in this response contains a code."""
    alice.allow_request(print_shop.authorization_path())
    answer = alice.ask(print_shop.authorization_path())

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert not answer.text


@pytest.mark.parametrize(("seconds", "status"), [(59, 200), (60, 400), (3600, 400)])
def test_a_code_expires_after_a_minute(
    clock: Clock, alice: Person, print_shop: RegisteredClient, seconds: int, status: int
) -> None:
    """§4.1.2: the authorization code MUST expire shortly after it is issued."""
    code = alice.allow_request(print_shop.authorization_path()).code
    clock.forward(seconds)

    assert print_shop.redeem(code).status_code == status


@pytest.mark.settings(AUTHORIZATION_CODE_LIFETIME="5")
def test_the_code_lifetime_is_a_setting(
    clock: Clock, alice: Person, print_shop: RegisteredClient
) -> None:
    code = alice.allow_request(print_shop.authorization_path()).code
    clock.forward(5)

    assert print_shop.redeem(code).status_code == 400


def test_the_event_log_records_the_issue_without_the_code(
    alice: Person, print_shop: RegisteredClient, events: Events
) -> None:
    code = alice.allow_request(print_shop.authorization_path(state="my-state")).code

    [issued] = events.named("authorization_code_issued")
    assert (issued["client_id"], issued["scope"]) == ("print-shop", "profile photos:read")
    assert issued["sub"]
    assert issued["grant_id"]
    assert issued["code_lifetime"] == 60
    assert code not in json.dumps(events.entries)
    assert "my-state" not in json.dumps(events.entries)


def test_a_remembered_consent_gets_the_same_response(
    alice: Person, print_shop: RegisteredClient
) -> None:
    asked = alice.allow_request(print_shop.authorization_path())
    remembered = alice.allow_request(print_shop.authorization_path())

    assert asked.parameters.keys() == remembered.parameters.keys()
    assert print_shop.redeem(remembered.code).status_code == 200
