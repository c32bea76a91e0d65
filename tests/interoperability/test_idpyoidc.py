"""idpyoidc signs in, refreshes and signs out, as its documentation says."""

import pytest

from tests.interoperability.conftest import Start
from tests.interoperability.provider import Provider
from tests.interoperability.relying_party import RelyingParty


@pytest.fixture(scope="module")
def program(start: Start) -> RelyingParty:
    return start("idpyoidc_rp")


@pytest.fixture
def party(program: RelyingParty) -> RelyingParty:
    return program.in_another_browser()


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_it_accepts_the_id_token(start: Start, provider: Provider, alg: str) -> None:
    """It verifies the signature with the published keys, and the claims."""
    party = start("idpyoidc_rp", id_token_alg=alg)

    claims = party.log_in()["claims"]

    assert (claims["iss"], claims["aud"]) == (provider.issuer, [party.client_id])


def test_userinfo_is_about_the_same_user(party: RelyingParty) -> None:
    answer = party.log_in()

    assert answer["userinfo"]["sub"] == answer["claims"]["sub"]
    assert answer["userinfo"]["email"] == "alice@example.com"


def test_a_refresh_returns_an_id_token_of_the_same_sign_in(party: RelyingParty) -> None:
    claims = party.log_in()["claims"]

    answers = [party.open("/refresh")["claims"] for _ in range(2)]

    assert [one["sub"] for one in answers] == [claims["sub"]] * 2
    assert [one.get("auth_time") for one in answers] == [claims.get("auth_time")] * 2


def test_a_logout_signs_the_user_out_at_the_provider(party: RelyingParty) -> None:
    party.log_in()

    answer = party.log_out()

    assert answer["state"]
    assert party.asks_for_password()
