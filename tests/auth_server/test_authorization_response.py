"""A7 – Authorization response (RFC 6749 §4.1.2, RFC 9207)."""

import json

import pytest

from tests.auth_server.cast import ISSUER, Clock, Events, Person, RegisteredClient


def test_the_code_comes_back_with_state_and_issuer(
    alice: Person, print_shop: RegisteredClient
) -> None:
    """RFC 9207 §2: the server MUST indicate its identity by including the `iss` parameter in the response."""
    response = alice.allow(print_shop.authorization_request(state="S 1"))

    assert response.status == 302
    assert response.redirect_uri == print_shop.redirect_uri
    assert set(response.parameters) == {"code", "state", "iss"}
    assert (response.state, response.iss) == ("S 1", ISSUER)


def test_without_a_state_none_comes_back(alice: Person, print_shop: RegisteredClient) -> None:
    """REQUIRED if the "state" parameter was present in the client authorization request."""
    assert set(alice.allow(print_shop.authorization_request(state=None)).parameters) == {
        "code",
        "iss",
    }


def test_every_code_is_another(alice: Person, print_shop: RegisteredClient) -> None:
    """§10.10: the probability of an attacker guessing generated tokens MUST be less than or equal to 2^(-128)."""
    codes = [alice.allow(print_shop.authorization_request()).code for _ in range(5)]

    assert len(set(codes)) == 5
    assert min(map(len, codes)) >= 43


def test_the_answer_is_not_kept_by_anybody_on_the_way(
    alice: Person, print_shop: RegisteredClient
) -> None:
    """RFC 9700 §4.2: the address of this answer carries a code."""
    alice.allow(print_shop.authorization_request())
    answer = alice.ask(print_shop.authorization_request())

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert not answer.text


@pytest.mark.parametrize(("seconds", "status"), [(59, 200), (60, 400), (3600, 400)])
def test_a_code_lives_for_a_minute(
    clock: Clock, alice: Person, print_shop: RegisteredClient, seconds: int, status: int
) -> None:
    """§4.1.2: the authorization code MUST expire shortly after it is issued."""
    code = alice.allow(print_shop.authorization_request()).code
    clock.advance(seconds)

    assert print_shop.redeem(code).status_code == status


@pytest.mark.settings(AUTHORIZATION_CODE_LIFETIME="5")
def test_how_long_a_code_lives_is_a_setting(
    clock: Clock, alice: Person, print_shop: RegisteredClient
) -> None:
    code = alice.allow(print_shop.authorization_request()).code
    clock.advance(5)

    assert print_shop.redeem(code).status_code == 400


def test_the_event_log_tells_of_the_code_without_having_it(
    alice: Person, print_shop: RegisteredClient, events: Events
) -> None:
    code = alice.allow(print_shop.authorization_request(state="my-state")).code

    [issued] = events.named("authorization_code_issued")
    assert (issued["client_id"], issued["scope"]) == ("print-shop", "profile photos:read")
    assert issued["sub"]
    assert issued["grant_id"]
    assert code not in json.dumps(events.entries)
    assert "my-state" not in json.dumps(events.entries)


def test_whether_a_code_was_asked_about_or_not_makes_no_difference(
    alice: Person, print_shop: RegisteredClient
) -> None:
    asked = alice.allow(print_shop.authorization_request())
    remembered = alice.allow(print_shop.authorization_request())

    assert asked.parameters.keys() == remembered.parameters.keys()
    assert print_shop.redeem(remembered.code).status_code == 200
