"""openid-client signs in, refreshes, revokes and logs out. It is a certified relying party."""

import pytest

from tests.interoperability.conftest import Start
from tests.interoperability.provider import Provider, Tripod
from tests.interoperability.relying_party import RelyingParty


@pytest.fixture(scope="module")
def program(start: Start) -> RelyingParty:
    return start("openid_client")


@pytest.fixture
def party(program: RelyingParty) -> RelyingParty:
    return program.in_another_browser()


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_it_accepts_the_id_token(start: Start, provider: Provider, alg: str) -> None:
    """It finds the keys by discovery and verifies the signature, the nonce and the other claims."""
    party = start("openid_client", id_token_alg=alg)

    claims = party.log_in()["claims"]

    assert (claims["iss"], claims["aud"]) == (provider.issuer, party.client_id)


def test_it_registers_itself(start: Start) -> None:
    """It finds the registration endpoint by discovery (RFC 7591)."""
    party = start("openid_client", registers_itself=True)

    claims = party.log_in()["claims"]

    assert party.open("/userinfo")["sub"] == claims["sub"]
    assert party.open("/refresh")["claims"]["sub"] == claims["sub"]


def test_userinfo_is_about_the_same_user(party: RelyingParty) -> None:
    claims = party.log_in()["claims"]

    userinfo = party.open("/userinfo")

    assert userinfo["sub"] == claims["sub"]
    assert (userinfo["name"], userinfo["email"]) == ("Alice Liddell", "alice@example.com")


def test_a_refresh_returns_an_id_token_of_the_same_sign_in(party: RelyingParty) -> None:
    claims = party.log_in(max_age="3600")["claims"]

    refreshed = party.open("/refresh")["claims"]

    assert all(refreshed[name] == claims[name] for name in ("iss", "sub", "aud", "auth_time"))


def test_a_refresh_works_again_and_again(party: RelyingParty) -> None:
    party.log_in()

    answers = [party.open("/refresh") for _ in range(3)]

    assert all("claims" in answer for answer in answers)


def test_max_age_accepts_a_recent_sign_in(party: RelyingParty) -> None:
    party.log_in()

    assert not party.asks_for_password(max_age="3600")


def test_max_age_of_zero_asks_for_the_password(party: RelyingParty) -> None:
    """openid-client checks that `auth_time` is recent enough."""
    first = party.log_in(max_age="3600")["claims"]["auth_time"]

    assert party.asks_for_password(max_age="0")
    assert party.log_in(max_age="0")["claims"]["auth_time"] >= first


def test_prompt_none_needs_a_sign_in(party: RelyingParty) -> None:
    assert party.log_in(prompt="none")["error"] == "login_required"


def test_prompt_none_needs_the_consent(start: Start) -> None:
    party = start("openid_client")
    party.log_in(scope="openid")

    answer = party.log_in(prompt="none", scope="openid email")

    assert answer["error"] == "consent_required"


def test_prompt_none_logs_in_without_a_page(party: RelyingParty) -> None:
    claims = party.log_in()["claims"]

    again = party.log_in(prompt="none")["claims"]

    assert again["sub"] == claims["sub"]


def test_prompt_login_asks_for_the_password(party: RelyingParty) -> None:
    party.log_in()

    assert party.asks_for_password(prompt="login")


def test_it_rejects_an_id_token_with_another_nonce(party: RelyingParty) -> None:
    answer = party.log_in(nonce="of another request")

    assert (answer["error"], answer["claim"]) == ("OAUTH_JWT_CLAIM_COMPARISON_FAILED", "nonce")


def test_it_rejects_a_response_with_another_state(party: RelyingParty) -> None:
    assert party.log_in(state="of another request")["error"] == "OAUTH_INVALID_RESPONSE"


def test_a_code_needs_the_verifier_of_its_request(party: RelyingParty) -> None:
    assert party.log_in(code_challenge="x" * 43)["error"] == "invalid_grant"


def test_a_denied_request_is_access_denied(party: RelyingParty) -> None:
    party.user.browser.open(party.address("/login", prompt="consent"))
    party.user.sign_in()

    page = party.user.deny()

    assert page.response.json()["error"] == "access_denied"


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


def test_an_unknown_resource_is_an_invalid_target(party: RelyingParty) -> None:
    assert party.log_in(resource="https://unknown.example")["error"] == "invalid_target"


@pytest.mark.parametrize("provider", ["tripod"], indirect=True)
def test_a_token_for_the_photo_api_reads_photos(start: Start, provider: Tripod) -> None:
    party = start("openid_client", scope="openid photos:read")
    api = provider.legs.resource_api_url
    party.log_in(resource=api)

    answer = party.open("/api", url=f"{api}/photos")

    assert answer["photos"]
