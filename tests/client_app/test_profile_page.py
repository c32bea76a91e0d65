"""`GET /profile`: each claim about the user, where it came from, and what was verified."""

import re

import pytest

from client_app import oauth
from tests.client_app.openid_provider import RSA, SimulatedProvider
from tests.client_app.test_id_token import sign_in

SCOPES = "openid profile email photos:read"


@pytest.fixture
def tripod_id():
    return SimulatedProvider()


def claims_on(page):
    """Return the lines of the page: the name of each claim, its value and where it came from."""
    lines = re.findall(r"<dt><code>(.*?)</code>.*?<dd>(.*?)</dd>", page.text, re.DOTALL)
    return [
        (name, re.sub("<.*?>", "", value).split("\n")[0], re.findall(r'badge .*?">(.*?)<', value))
        for name, value in lines
    ]


def test_each_claim_is_shown_with_its_source(signed_in, tripod_id):
    tripod_id.user |= {"email_verified": True, "address": {"country": "NO"}, "updated_at": 0}
    page = signed_in.get("/profile")
    claims = claims_on(page)

    assert page.status_code == 200
    assert ("sub", "alice-1", ["ID token", "userinfo"]) in claims
    assert ("iss", "http://127.0.0.1:9000", ["ID token"]) in claims
    assert ("name", "Alice Liddell", ["userinfo"]) in claims
    assert ("email_verified", "true", ["userinfo"]) in claims
    assert ("auth_time", "14 November 2023, 22:13 UTC", ["ID token"]) in claims
    assert ("updated_at", "1 January 1970, 00:00 UTC", ["userinfo"]) in claims


def test_the_page_says_what_was_verified(signed_in):
    text = signed_in.get("/profile").text

    assert f"RS256, with the key <code>{RSA.kid}</code>" in text
    for check in ("Issuer", "Audience", "Time", "Nonce", "Access token", "Userinfo"):
        assert f"<strong>{check}.</strong>" in text


def test_a_check_that_was_not_possible_is_not_listed(browser, tripod_id):
    tripod_id.claims["at_hash"] = None
    sign_in(browser)

    assert "<strong>Access token.</strong>" not in browser.get("/profile").text


def test_two_different_values_are_both_shown(signed_in, tripod_id, browser):
    tripod_id.claims["name"] = "Alice"
    sign_in(browser)
    claims = claims_on(browser.get("/profile"))

    assert ("name", "Alice", ["ID token"]) in claims
    assert ("name", "Alice Liddell", ["userinfo"]) in claims


@pytest.mark.parametrize("sub", ["bob-1", None, 5])
def test_userinfo_of_another_user_is_not_used(signed_in, tripod_id, events, sub):
    """§5.3.4: "the UserInfo Response values MUST NOT be used"."""
    tripod_id.user |= {"sub": sub, "name": "Bob"}
    page = signed_in.get("/profile")

    assert "Userinfo is about another user, so Print Shop ignored it." in page.text
    assert "Bob" not in page.text
    assert events()["userinfo_refused"]["reason"] == "userinfo_mismatch"


@pytest.mark.parametrize(
    ("response", "sentence"),
    [
        ((503, b""), "Userinfo is not available."),
        ((404, b""), "no userinfo that Print Shop can read"),
        ((200, b"eyJ.signed.userinfo"), "no userinfo that Print Shop can read"),
        ((200, b"[]"), "no userinfo that Print Shop can read"),
        ((403, {"error": "insufficient_scope"}), "no userinfo that Print Shop can read"),
        ((401, b""), "did not accept the access token at userinfo"),
    ],
    ids=str,
)
def test_without_userinfo_the_id_token_is_shown(signed_in, network, response, sentence):
    network.instead["/oauth/userinfo"] = response
    page = signed_in.get("/profile")

    assert page.status_code == 200
    assert sentence in page.text
    assert ("sub", "alice-1", ["ID token"]) in claims_on(page)


def test_a_server_without_userinfo_is_enough(browser, tripod_id):
    del tripod_id.metadata["userinfo_endpoint"]
    sign_in(browser)

    assert "no userinfo that Print Shop can read" in browser.get("/profile").text


def test_an_expired_access_token_is_refreshed(clock, signed_in, network):
    clock.forward(121)
    page = signed_in.get("/profile")

    assert ("name", "Alice Liddell", ["userinfo"]) in claims_on(page)
    assert network.grant_types["refresh_token"] == 1


def test_an_access_token_that_userinfo_rejects_is_refreshed(signed_in, tripod_id, network):
    tripod_id.access_tokens.clear()
    page = signed_in.get("/profile")

    assert ("name", "Alice Liddell", ["userinfo"]) in claims_on(page)
    assert network.grant_types["refresh_token"] == 1


def test_without_a_connection_the_page_offers_to_connect(browser, tripod_id):
    page = browser.get("/profile")
    address = re.search(r'class="button primary" href="(/connect[^"]+)"', page.text)[1]
    started = browser.get(address.replace("&amp;", "&")).headers["Location"]

    assert page.status_code == 200
    assert tripod_id.parameters_of(started)["scope"] == SCOPES
    assert browser.get(tripod_id.authorize(started)).headers["Location"] == "/profile"
    assert "Your profile" in browser.get("/profile").text


def test_a_connection_without_openid_is_offered_to_ask(alices_browser, tripod_id):
    page = alices_browser.get("/profile")
    address = re.search(r'class="button primary" href="(/connect[^"]+)"', page.text)[1]
    started = alices_browser.get(address.replace("&amp;", "&")).headers["Location"]

    assert page.status_code == 200
    assert tripod_id.parameters_of(started)["scope"] == "profile photos:read openid email"


def test_claims_are_escaped_and_shortened(signed_in, tripod_id):
    tripod_id.user |= {"name": "<script>alert(1)</script>", "bio": "x" * 10_000, "<b>": "bold"}
    tripod_id.user |= {f"claim-{number}": number for number in range(200)}
    text = signed_in.get("/profile").text

    assert "<script>alert" not in text
    assert "<b>" not in text
    assert "x" * 301 not in text
    assert len(text) < 40_000


@pytest.mark.parametrize("value", [-1, 10**30, True, "soon", None, [], float("inf")], ids=str)
def test_an_odd_time_is_shown_as_it_is(signed_in, tripod_id, value):
    tripod_id.user["updated_at"] = value

    assert signed_in.get("/profile").status_code == 200


def test_the_page_contains_no_token(signed_in, tripod_id):
    issued = []
    tripod_id.sign = lambda claims: issued.append(tripod_id.sign_with(RSA)(claims)) or issued[-1]
    sign_in(signed_in)
    text = signed_in.get("/profile").text

    assert issued
    assert not [token for token in [*issued, *tripod_id.access_tokens] if token in text]


def test_a_refreshed_id_token_keeps_the_claims_of_the_first(clock, signed_in, tripod_id):
    tripod_id.claims["auth_time"] = None
    clock.forward(oauth.METADATA_LIFETIME)
    names = [name for name, _, _ in claims_on(signed_in.get("/profile"))]

    assert {"auth_time", "nonce"} <= set(names)
