"""oauth4webapi signs in, refreshes, revokes and logs out. It is a certified relying party."""

import pytest

from tests.interoperability.conftest import Start
from tests.interoperability.provider import Provider
from tests.interoperability.relying_party import RelyingParty


@pytest.fixture(scope="module", params=["client_secret_post", "none"])
def program(start: Start, request: pytest.FixtureRequest) -> RelyingParty:
    return start("oauth4webapi", auth_method=request.param)


@pytest.fixture
def party(program: RelyingParty) -> RelyingParty:
    return program.in_another_browser()


def test_it_accepts_the_id_token(party: RelyingParty, provider: Provider) -> None:
    """It finds the keys by discovery and verifies the signature, the nonce and the other claims."""
    claims = party.log_in()["claims"]

    assert (claims["iss"], claims["aud"]) == (provider.issuer, party.client_id)


def test_userinfo_is_about_the_same_user(party: RelyingParty) -> None:
    claims = party.log_in()["claims"]

    userinfo = party.open("/userinfo")

    assert userinfo["sub"] == claims["sub"]
    assert (userinfo["name"], userinfo["email"]) == ("Alice Liddell", "alice@example.com")


def test_a_refresh_returns_an_id_token_of_the_same_user(party: RelyingParty) -> None:
    claims = party.log_in()["claims"]

    answers = [party.open("/refresh") for _ in range(2)]

    assert [answer["claims"]["sub"] for answer in answers] == [claims["sub"]] * 2


def test_it_rejects_an_id_token_with_another_nonce(party: RelyingParty) -> None:
    answer = party.log_in(nonce="of another request")

    assert (answer["error"], answer["claim"]) == ("OAUTH_JWT_CLAIM_COMPARISON_FAILED", "nonce")


def test_a_revocation_ends_the_tokens(party: RelyingParty) -> None:
    party.log_in()

    party.open("/revoke")

    assert party.open("/userinfo")["error"] == "OAUTH_WWW_AUTHENTICATE_CHALLENGE"
    assert party.open("/refresh")["error"] == "invalid_grant"


def test_a_logout_signs_the_user_out_at_the_provider(party: RelyingParty) -> None:
    party.log_in()

    answer = party.log_out()

    assert answer == {"state": "the state of the logout"}
    assert party.asks_for_password()
