"""OpenID Connect Core §3.1.3.7 and §12.2: Print Shop accepts only the ID token of its sign-in."""

import json
import time

import pytest
from joserfc import jws, jwt
from joserfc.jwk import OctKey

from auth_server.signing_keys import ANNOUNCED_FOR
from client_app import oauth
from tests.client_app.openid_provider import (
    EC,
    OTHER_RSA,
    RSA,
    TRIPOD_ID,
    SimulatedProvider,
    encode_segment,
    encode_with_hmac,
)


@pytest.fixture
def tripod_id():
    return SimulatedProvider()


def sign_in(browser, **more):
    """Run the whole flow with `openid` and return the response of the callback."""
    query = {"scope": "openid photos:read"} | more
    started = browser.get("/connect", query_string=query).headers["Location"]
    return browser.get(browser.tripod_id.authorize(started))


def sign_in_refused(browser, events):
    """Run the flow, and return the reason for which it ended with a page and no connection."""
    response = sign_in(browser)

    assert response.status_code == 400
    assert "Print Shop cannot verify who you are" in response.text
    assert browser.get("/photos").status_code == 403
    [refresh_token] = browser.tripod_id.refresh_tokens
    assert browser.tripod_id.revoked == [refresh_token]
    reason = events()["access_token_request_failed"]["reason"]
    assert reason in response.text
    return reason


@pytest.mark.parametrize("key", [RSA, EC], ids=lambda key: key.alg)
def test_the_id_token_of_the_sign_in_is_accepted(browser, tripod_id, events, key):
    tripod_id.sign = tripod_id.sign_with(key)

    assert sign_in(browser).status_code == 303
    validated = events()["id_token_validated"]
    assert (validated["kid"], validated["alg"]) == (key.kid, key.alg)
    assert validated["flow"] == events()["tokens_received"]["flow"]


def test_without_openid_there_is_no_nonce_and_no_id_token(browser, tripod_id, network, events):
    started = browser.begin("photos:read")
    browser.get(tripod_id.authorize(started))

    assert "nonce" not in tripod_id.parameters_of(started)
    assert "id_token_validated" not in events()
    assert not [request for request in network.requests if request.url.endswith("/jwks")]


def test_the_nonce_is_new_for_each_request(browser, tripod_id):
    sent = [tripod_id.parameters_of(browser.begin("openid"))["nonce"] for _ in range(3)]

    assert len(set(sent)) == 3
    assert all(len(nonce) >= 43 for nonce in sent)


def test_the_nonce_of_the_address_does_not_count(client):
    request, url = client.authorization_request("openid", nonce="forged")

    assert "forged" not in url
    assert request.nonce


def test_an_id_token_of_another_issuer_is_refused(browser, tripod_id, events):
    tripod_id.claims["iss"] = "https://mallory.example"

    assert sign_in_refused(browser, events) == "jwt_issuer"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "mallorys-app"},
        {"aud": ["mallorys-app"]},
        {"aud": []},
        {"aud": None},
        {"aud": {"print-shop": 1}},
        {"aud": ["print-shop", "mallorys-app"]},
        {"aud": ["print-shop", "mallorys-app"], "azp": "mallorys-app"},
        {"azp": "mallorys-app"},
    ],
    ids=str,
)
def test_an_id_token_of_another_client_is_refused(browser, tripod_id, events, claims):
    tripod_id.claims |= claims

    assert sign_in_refused(browser, events) == "jwt_audience"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["print-shop"]},
        {"aud": ["another", "print-shop"], "azp": "print-shop"},
        {"azp": "print-shop"},
    ],
    ids=str,
)
def test_several_audiences_need_azp(browser, tripod_id, claims):
    tripod_id.claims |= claims

    assert sign_in(browser).status_code == 303


@pytest.mark.parametrize("nonce", ["of another sign-in", None, 5])
def test_an_id_token_with_another_nonce_is_refused(browser, tripod_id, events, nonce):
    tripod_id.claims["nonce"] = nonce

    assert sign_in_refused(browser, events) == "nonce_mismatch"


@pytest.mark.parametrize("depth", [60, 700])
def test_an_id_token_with_a_deep_claim_is_refused(browser, tripod_id, events, depth):
    """Python stores such a value by recursion, which fails for 600 brackets."""
    tripod_id.claims["address"] = json.loads("[" * depth + "]" * depth)

    assert sign_in_refused(browser, events) == "jwt_malformed"


def test_an_expired_id_token_is_refused(browser, tripod_id, events):
    tripod_id.claims["exp"] = int(time.time()) - oauth.CLOCK_SKEW - 1

    assert sign_in_refused(browser, events) == "jwt_expired"


def test_an_id_token_from_the_future_is_refused(browser, tripod_id, events):
    tripod_id.claims["iat"] = int(time.time()) + oauth.CLOCK_SKEW + 60

    assert sign_in_refused(browser, events) == "jwt_from_the_future"


def test_an_id_token_that_is_not_valid_yet_is_refused(browser, tripod_id, events):
    """RFC 7519 §4.1.5. Tripod ID sends no `nbf`."""
    tripod_id.claims["nbf"] = int(time.time()) + oauth.CLOCK_SKEW + 60

    assert sign_in_refused(browser, events) == "jwt_from_the_future"


@pytest.mark.parametrize("value", ["", True, [], -1, float("nan")], ids=str)
def test_an_id_token_with_a_malformed_nbf_is_refused(browser, tripod_id, events, value):
    tripod_id.claims["nbf"] = value

    assert sign_in_refused(browser, events) == "jwt_malformed"


def test_clocks_may_differ_by_a_few_seconds(browser, tripod_id):
    now = int(time.time())
    tripod_id.claims |= {"exp": now - 10, "iat": now + 10, "nbf": now + 10}

    assert sign_in(browser).status_code == 303


@pytest.mark.parametrize("name", ["exp", "iat", "sub"])
@pytest.mark.parametrize("value", [None, True, [], {}, float("nan"), 10**40], ids=str)
def test_an_id_token_with_a_malformed_claim_is_refused(browser, tripod_id, events, name, value):
    tripod_id.claims[name] = value

    assert sign_in_refused(browser, events) == "jwt_malformed"


def test_an_id_token_with_an_unknown_key_is_refused(browser, tripod_id, events):
    tripod_id.sign = tripod_id.sign_with(OTHER_RSA)

    assert sign_in_refused(browser, events) == "jwt_key"


def test_an_id_token_with_a_forged_signature_is_refused(browser, tripod_id, events):
    tripod_id.sign = tripod_id.sign_with(OTHER_RSA, kid=RSA.kid)

    assert sign_in_refused(browser, events) == "jwt_signature"


def sign_with_public_key(claims):
    """Sign with HS256, and as the secret the public key that everyone knows."""
    return encode_with_hmac({"alg": "HS256", "kid": RSA.kid}, claims, RSA.as_pem(private=False))


def sign_with_client_secret(claims):
    return encode_with_hmac({"alg": "HS256"}, claims, b"a secret: with + and %")


def sign_with_another_algorithm(claims):
    key = type(RSA).import_key({**RSA.as_dict(private=True), "alg": "RS512"})
    return jwt.encode({"alg": "RS512", "kid": RSA.kid}, claims, key, algorithms=["RS512"])


@pytest.mark.parametrize(
    "sign", [sign_with_public_key, sign_with_client_secret, sign_with_another_algorithm]
)
def test_an_id_token_with_another_algorithm_is_refused(browser, tripod_id, events, sign):
    tripod_id.sign = sign

    assert sign_in_refused(browser, events) == "jwt_algorithm"


def test_an_unsigned_id_token_is_refused(browser, tripod_id, events):
    tripod_id.sign = lambda claims: encode_with_hmac({"alg": "none"}, claims, b"")

    assert sign_in_refused(browser, events) == "jwt_algorithm"


def test_a_published_secret_key_signs_nothing(browser, tripod_id, events, network):
    """An attacker who can write a key to the set still needs an algorithm that is accepted."""
    secret = OctKey.generate_key(256, {"kid": "oct-1", "alg": "HS256"})
    network.instead["/oauth/jwks"] = (200, {"keys": [secret.as_dict(private=True)]})
    tripod_id.sign = tripod_id.sign_with(secret)

    assert sign_in_refused(browser, events) == "jwt_algorithm"


def test_a_key_signs_only_with_its_own_algorithm(browser, tripod_id, events):
    tripod_id.sign = tripod_id.sign_with(EC, kid=RSA.kid)

    assert sign_in_refused(browser, events) == "jwt_malformed"


@pytest.mark.parametrize("at_hash", ["of another access token", 5, ""])
def test_an_id_token_with_another_at_hash_is_refused(browser, tripod_id, events, at_hash):
    tripod_id.claims["at_hash"] = at_hash

    assert sign_in_refused(browser, events) == "at_hash_mismatch"


def test_the_at_hash_is_optional(browser, tripod_id):
    """§3.1.3.6: in the code flow, `at_hash` is optional."""
    tripod_id.claims["at_hash"] = None

    assert sign_in(browser).status_code == 303


def test_a_missing_id_token_is_refused(browser, tripod_id, events):
    tripod_id.sign = lambda _claims: None

    assert sign_in_refused(browser, events) == "jwt_missing"


@pytest.mark.parametrize("raw", ["x", "a.b.c", "....", "e30.e30.", "a.b.c.d.e", "9" * 70_000])
def test_an_unreadable_id_token_is_refused(browser, tripod_id, events, raw):
    tripod_id.sign = lambda _claims: raw

    assert sign_in_refused(browser, events) == "jwt_malformed"


@pytest.mark.parametrize("payload", [b"[]", b"\xff", b'{"sub": "\\ud800"}', b"[" * 5_000])
def test_an_id_token_with_an_odd_payload_is_refused(browser, tripod_id, events, payload):
    header = {"alg": "RS256", "kid": RSA.kid}
    tripod_id.sign = lambda _claims: jws.serialize_compact(header, payload, RSA)

    assert sign_in_refused(browser, events) == "jwt_malformed"


def test_an_id_token_with_a_deep_header_is_refused(browser, tripod_id, events):
    header = encode_segment(b'{"alg": ' + b"[" * 380 + b"}")
    tripod_id.sign = lambda _claims: f"{header}.e30.eA"

    assert sign_in_refused(browser, events) == "jwt_malformed"


def test_an_id_token_of_another_type_is_an_invalid_response(browser, tripod_id, network):
    tripod_id.token_response["id_token"] = ["a"]
    tripod_id.sign = lambda _claims: None

    assert sign_in(browser).status_code == 424


def test_an_id_token_that_was_not_requested_is_ignored(browser, tripod_id, events):
    """Some servers grant `openid` to every request for the user's name."""
    response = browser.get(tripod_id.authorize(browser.begin("photos:read"), "openid photos:read"))

    assert response.status_code == 303
    assert "id_token_validated" not in events()


@pytest.mark.parametrize("scope", ["photos:read", "openid,photos:read"])
def test_an_id_token_is_checked_whatever_the_scope_of_the_answer(browser, tripod_id, events, scope):
    """Some servers do not repeat `openid`, or write the scope in another way."""
    tripod_id.named_scope = scope
    sign_in(browser)

    assert "id_token_validated" in events()


def test_a_wrong_id_token_is_refused_whatever_the_scope_of_the_answer(browser, tripod_id, events):
    tripod_id.named_scope = "photos:read"
    tripod_id.claims["nonce"] = "forged"

    assert sign_in_refused(browser, events) == "nonce_mismatch"


def test_openid_that_was_not_granted_needs_no_id_token(browser, tripod_id):
    started = browser.get("/connect", query_string={"scope": "openid photos:read"})
    callback = tripod_id.authorize(started.headers["Location"], "photos:read")

    assert browser.get(callback).status_code == 303


def test_the_page_offers_to_try_again(browser, tripod_id):
    tripod_id.claims["nonce"] = "another"

    assert "/connect?scope=openid+photos:read" in sign_in(browser).text.replace("%3A", ":")


# max_age (§3.1.2.1)


@pytest.fixture
def redeem(client, tripod_id):
    """Return a function that signs in with `max_age` and returns the tokens."""

    def run(max_age, auth_time):
        tripod_id.claims["auth_time"] = auth_time
        request, url = client.authorization_request("openid", max_age=str(max_age))
        return client.redeem(tripod_id.parameters_of(tripod_id.authorize(url))["code"], request)

    return run


def test_a_sign_in_within_max_age_is_accepted(redeem):
    assert redeem(60, int(time.time()) - 59).id_token


def test_a_sign_in_before_max_age_is_refused(redeem):
    with pytest.raises(oauth.BadTokenError, match="sign_in_too_old"):
        redeem(60, int(time.time()) - 60 - oauth.CLOCK_SKEW - 5)


def test_auth_time_is_required_with_max_age(redeem):
    with pytest.raises(oauth.BadTokenError, match="jwt_malformed"):
        redeem(60, None)


# Keys


def key_requests(network):
    return len([request for request in network.requests if request.url.endswith("/oauth/jwks")])


def test_the_keys_are_loaded_once(browser, network):
    sign_in(browser)
    sign_in(browser)

    assert key_requests(network) == 1


def test_a_new_key_is_accepted_as_soon_as_it_signs(clock, browser, tripod_id):
    sign_in(browser)
    clock.forward(ANNOUNCED_FOR)
    tripod_id.keys, tripod_id.sign = [RSA, OTHER_RSA], tripod_id.sign_with(OTHER_RSA)

    assert sign_in(browser).status_code == 303


def test_forged_keys_cause_few_requests(browser, tripod_id, network):
    sign_in(browser)
    tripod_id.sign = tripod_id.sign_with(OTHER_RSA)
    for _ in range(5):
        sign_in(browser)

    assert key_requests(network) == 1


def test_a_removed_key_is_refused_after_a_while(clock, browser, tripod_id):
    sign_in(browser)
    clock.forward(oauth.METADATA_LIFETIME)
    tripod_id.keys = [EC]

    assert sign_in(browser).status_code == 400


def test_a_token_without_kid_needs_the_only_key(browser, tripod_id, events):
    tripod_id.sign = lambda claims: jwt.encode({"alg": "RS256"}, claims, RSA)
    tripod_id.keys = [RSA, OTHER_RSA]
    refused = sign_in_refused(browser, events)
    tripod_id.keys = [RSA]

    assert refused == "jwt_key"


def test_a_token_without_kid_is_checked_with_the_only_key(browser, tripod_id):
    tripod_id.sign = lambda claims: jwt.encode({"alg": "RS256"}, claims, RSA)
    tripod_id.keys = [RSA]

    assert sign_in(browser).status_code == 303


def test_unusable_keys_of_the_set_are_ignored(browser, network):
    odd = [5, None, "x", {}, {"kty": "XYZ"}, {"kty": []}, {"kty": "RSA", "n": "?", "e": "?"}]
    odd += [{"kty": "EC", "crv": curve, "x": "AA", "y": "AA"} for curve in ("BP-256", [], None)]
    odd += [{"kty": "OKP", "crv": "X9", "x": "AA"}, {"kty": "EC", "crv": "P-256"}]
    network.instead["/oauth/jwks"] = (200, {"keys": [*odd, RSA.as_dict(private=False)]})

    assert sign_in(browser).status_code == 303


@pytest.mark.parametrize(
    "response", [(200, b"<html>"), (200, {}), (200, {"keys": {}}), (404, {}), (503, b"")], ids=str
)
def test_without_keys_nobody_is_connected(browser, tripod_id, network, response):
    network.instead["/oauth/jwks"] = response

    assert sign_in(browser).status_code == 424
    assert len(tripod_id.revoked) == 1


def test_keys_come_over_https_only(browser, tripod_id, network):
    tripod_id.metadata["jwks_uri"] = "http://mallory.example/jwks"

    assert sign_in(browser).status_code == 424


# Refreshing (§12.2)


def refresh(browser):
    return browser.post("/refresh")


def test_a_refresh_may_bring_a_new_id_token(browser, events):
    sign_in(browser)
    response = refresh(browser)

    assert (response.status_code, response.headers["Location"]) == (303, "/photos")
    assert "connection" in events()["id_token_validated"]


def test_a_refresh_may_bring_no_id_token(browser, tripod_id):
    sign_in(browser)
    tripod_id.sign = lambda _claims: None

    assert refresh(browser).headers["Location"] == "/photos"


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": "https://mallory.example"}, "jwt_issuer"),
        ({"sub": "bob-1"}, "sign_in_changed"),
        ({"aud": ["print-shop", "other"], "azp": "print-shop"}, "sign_in_changed"),
        ({"azp": "print-shop"}, "sign_in_changed"),
        ({"auth_time": 1_700_000_001}, "sign_in_changed"),
        ({"nonce": "another"}, "sign_in_changed"),
        ({"at_hash": "another"}, "at_hash_mismatch"),
    ],
    ids=str,
)
def test_a_refreshed_id_token_of_another_sign_in_ends_the_connection(
    browser, tripod_id, events, claims, reason
):
    sign_in(browser)
    tripod_id.claims |= claims
    response = refresh(browser)

    assert response.status_code == 403
    assert events()["connection_ended"]["reason"] == reason
    assert len(tripod_id.revoked) == 1


def test_a_refreshed_id_token_that_cannot_be_checked_is_not_used(clock, browser, network):
    sign_in(browser)
    clock.forward(oauth.METADATA_LIFETIME)
    network.instead["/oauth/jwks"] = (503, b"")

    assert refresh(browser).headers["Location"] == "/photos"


# Secrets


def test_no_id_token_is_logged_or_stored_in_clear(browser, tripod_id, stored, logged):
    issued = []
    tripod_id.sign = lambda claims: issued.append(tripod_id.sign_with(RSA)(claims)) or issued[-1]
    sign_in(browser)
    refresh(browser)

    assert len(issued) == 2
    written = "".join(str(vars(record)) for record in logged())
    assert not [token for token in issued if token in written]
    assert not [token for token in issued if token.encode() in b"".join(stored())]


def test_the_repr_of_tokens_contains_no_id_token(redeem):
    tokens = redeem(60, int(time.time()))

    assert tokens.id_token.raw not in repr(tokens)
    assert "alice-1" not in repr(tokens)


def test_the_issuer_is_compared_character_by_character(browser, tripod_id, events):
    tripod_id.claims["iss"] = f"{TRIPOD_ID}/"

    assert sign_in_refused(browser, events) == "jwt_issuer"
