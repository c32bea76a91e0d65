"""`POST /backchannel-logout`: OpenID Connect Back-Channel Logout 1.0, §2.5 to §2.8."""

import json
import secrets
import time

import pytest
from joserfc import jwt

from client_app import oauth
from client_app.models import MAX_BROWSERS, Record
from client_app.openid import LOGOUT_EVENT
from tests.client_app.conftest import PRINT_SHOP
from tests.client_app.openid_provider import (
    EC,
    OTHER_RSA,
    RSA,
    TRIPOD_ID,
    SimulatedProvider,
    encode_segment,
    encode_with_hmac,
)
from tests.client_app.storages import EVERY_STORE
from tests.client_app.test_id_token import sign_in


@pytest.fixture
def tripod_id():
    return SimulatedProvider()


def claims_of_logout(**changes):
    """Return the claims of a logout token; None removes one."""
    now = int(time.time())
    claims = {
        "iss": TRIPOD_ID,
        "aud": "print-shop",
        "iat": now,
        "exp": now + 120,
        "jti": secrets.token_hex(8),
        "sub": "alice-1",
        "sid": "session-1",
        "events": {LOGOUT_EVENT: {}},
    } | changes
    return {name: value for name, value in claims.items() if value is not None}


def logout_token(key=RSA, header=None, **changes):
    header = {"alg": key.alg, "kid": key.kid, "typ": "logout+jwt"} | (header or {})
    claims = claims_of_logout(**changes)
    return jwt.encode(header, claims, key, algorithms=[key.alg], default_type=None)


@pytest.fixture
def send(app):
    """Return a function that sends a form as the authorization server does."""

    def post(*tokens, **form):
        form |= {"logout_token": list(tokens)}
        return app.test_client().post("/backchannel-logout", base_url=PRINT_SHOP, data=form)

    return post


@pytest.mark.parametrize("storage", EVERY_STORE, indirect=True)
def test_the_connection_of_the_session_ends(signed_in, send, tripod_id, stored):
    [refresh_token] = tripod_id.refresh_tokens
    response = send(logout_token())

    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert signed_in.get("/photos").status_code == 403
    assert tripod_id.revoked == [refresh_token]
    assert not stored()


@pytest.mark.parametrize("key", [RSA, EC], ids=lambda key: key.alg)
def test_each_accepted_algorithm_works(signed_in, send, events, key):
    send(logout_token(key))

    assert signed_in.get("/photos").status_code == 403
    validated = events()["logout_token_validated"]
    assert (validated["kid"], validated["alg"]) == (key.kid, key.alg)
    assert events()["connection_ended"]["reason"] == "signed_out"


def test_every_browser_of_the_session_is_disconnected(signed_in, mallorys_browser, send):
    sign_in(mallorys_browser)
    send(logout_token())

    assert signed_in.get("/photos").status_code == 403
    assert mallorys_browser.get("/photos").status_code == 403


def test_another_session_of_the_user_stays(signed_in, mallorys_browser, send, tripod_id):
    tripod_id.claims["sid"] = "session-2"
    sign_in(mallorys_browser)
    send(logout_token())

    assert signed_in.get("/photos").status_code == 403
    assert mallorys_browser.get("/photos").status_code == 200


def test_without_sid_all_sessions_of_the_user_end(signed_in, mallorys_browser, send, tripod_id):
    tripod_id.claims["sid"] = "session-2"
    sign_in(mallorys_browser)
    response = send(logout_token(sid=None))

    assert response.status_code == 200
    assert signed_in.get("/photos").status_code == 403
    assert mallorys_browser.get("/photos").status_code == 403


def test_a_token_with_sid_alone_is_enough(signed_in, send):
    send(logout_token(sub=None))

    assert signed_in.get("/photos").status_code == 403


def test_a_session_of_another_user_stays(signed_in, send):
    response = send(logout_token(sub="bob-1"))

    assert response.status_code == 200
    assert signed_in.get("/photos").status_code == 200


def test_a_connection_without_openid_stays(alices_browser, send):
    send(logout_token())

    assert alices_browser.get("/photos").status_code == 200


def test_a_token_that_is_sent_again_is_harmless(signed_in, send, tripod_id):
    token = logout_token()
    answers = [send(token).status_code, send(token).status_code]
    tripod_id.claims["sid"] = "session-2"
    sign_in(signed_in)
    answers.append(send(token).status_code)

    assert answers == [200, 200, 200]
    assert signed_in.get("/photos").status_code == 200


def test_the_newest_session_of_a_browser_ends(signed_in, send, tripod_id):
    tripod_id.claims["sid"] = "session-2"
    sign_in(signed_in)
    send(logout_token(sid="session-1"))
    after_the_old = signed_in.get("/photos").status_code
    send(logout_token(sid="session-2"))

    assert after_the_old == 200
    assert signed_in.get("/photos").status_code == 403


def refused(response):
    """Return whether the response is that of §2.8 for an invalid token."""
    answer = response.get_json()
    is_refused = response.status_code == 400 and answer["error"] == "invalid_request"
    return is_refused and response.headers["Cache-Control"] == "no-store"


IN_2001, IN_2286 = 10**9, 10**10 - 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://mallory.example"}, "jwt_issuer"),
        ({"iss": None}, "jwt_issuer"),
        ({"aud": "mallorys-app"}, "jwt_audience"),
        ({"aud": None}, "jwt_audience"),
        ({"exp": IN_2001}, "jwt_expired"),
        ({"exp": None}, "jwt_malformed"),
        ({"iat": IN_2286}, "jwt_from_the_future"),
        ({"iat": None}, "jwt_malformed"),
        ({"jti": None}, "jwt_malformed"),
        ({"jti": 5}, "jwt_malformed"),
        ({"sub": None, "sid": None}, "jwt_malformed"),
        ({"sid": ["session-1"]}, "jwt_malformed"),
        ({"sub": 5}, "jwt_malformed"),
        ({"nonce": "n"}, "not_a_logout"),
        ({"events": None}, "not_a_logout"),
        ({"events": {}}, "not_a_logout"),
        ({"events": [LOGOUT_EVENT]}, "not_a_logout"),
        ({"events": {LOGOUT_EVENT: True}}, "not_a_logout"),
        ({"header": {"typ": "at+jwt"}}, "not_a_logout"),
        ({"header": {"typ": "secevent+jwt"}}, "not_a_logout"),
        ({"header": {"kid": "unknown"}}, "jwt_key"),
        ({"header": {"kid": EC.kid}}, "jwt_malformed"),
    ],
    ids=str,
)
def test_an_invalid_token_changes_nothing(signed_in, send, events, changes, reason):
    response = send(logout_token(**changes))

    assert refused(response)
    assert events()["logout_token_refused"]["reason"] == reason
    assert signed_in.get("/photos").status_code == 200


def test_a_token_with_a_forged_signature_changes_nothing(signed_in, send, events):
    response = send(logout_token(OTHER_RSA, {"kid": RSA.kid}))

    assert refused(response)
    assert events()["logout_token_refused"]["reason"] == "jwt_signature"
    assert signed_in.get("/photos").status_code == 200


@pytest.mark.parametrize(
    ("header", "secret"),
    [
        ({"alg": "none"}, b""),
        ({"alg": "HS256", "kid": RSA.kid}, RSA.as_pem(private=False)),
        ({"alg": "HS256"}, b"a secret: with + and %"),
    ],
    ids=lambda value: value.get("alg") if isinstance(value, dict) else "",
)
def test_a_token_with_another_algorithm_changes_nothing(signed_in, send, header, secret):
    response = send(encode_with_hmac({**header, "typ": "logout+jwt"}, claims_of_logout(), secret))

    assert refused(response)
    assert signed_in.get("/photos").status_code == 200


def test_an_id_token_signs_nobody_out(signed_in, send, tripod_id):
    [access_token] = tripod_id.access_tokens
    id_token = tripod_id.sign(tripod_id.claims_for(access_token))

    assert refused(send(id_token))
    assert signed_in.get("/photos").status_code == 200


@pytest.mark.parametrize("header", [{"typ": "JWT"}, {"typ": "application/logout+jwt"}, {"typ": ""}])
def test_servers_that_send_another_type_are_accepted(signed_in, send, header):
    """§2.4: `logout+jwt` is recommended, so not every server sends it."""
    assert send(logout_token(header=header)).status_code == 200
    assert signed_in.get("/photos").status_code == 403


@pytest.mark.parametrize(
    "header",
    [{"crit": 5}, {"crit": [["exp"]]}, {"crit": ["b64"], "b64": False}, {"zip": "DEF"}, {"x5c": 5}],
    ids=str,
)
def test_a_header_with_odd_values_is_refused(send, header):
    """Anybody can send one; its signature is not checked yet."""
    parts = [{"alg": RSA.alg, "kid": RSA.kid} | header, {"sub": "alice-1"}]
    token = ".".join(encode_segment(json.dumps(part).encode()) for part in parts)

    assert refused(send(f"{token}.AA"))


@pytest.mark.parametrize("tokens", [[], ["a", "b"], [""], ["x"], ["a.b.c"]], ids=str)
def test_a_form_without_one_token_is_refused(send, tokens):
    assert refused(send(*tokens))


def test_two_valid_tokens_are_refused(signed_in, send):
    assert refused(send(logout_token(), logout_token()))
    assert signed_in.get("/photos").status_code == 200


@pytest.mark.parametrize("storage", EVERY_STORE, indirect=True)
def test_a_connection_is_found_as_long_as_it_lasts(clock, signed_in, send, tripod_id):
    clock.forward(hours=11)
    send(logout_token())

    assert len(tripod_id.revoked) == 1


def test_a_token_in_the_query_is_refused(app):
    address = f"/backchannel-logout?logout_token={logout_token()}"

    assert refused(app.test_client().post(address, base_url=PRINT_SHOP))


def test_get_is_refused(browser):
    response = browser.get("/backchannel-logout")

    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}


def test_no_form_token_is_needed_and_no_cookie_is_set(signed_in, send):
    response = send(logout_token())

    assert "Set-Cookie" not in response.headers


def test_a_logout_that_failed_has_status_400(clock, signed_in, send, network):
    """§2.8: the response to a logout that failed has status 400 too."""
    clock.forward(oauth.METADATA_LIFETIME)
    network.instead["/oauth/jwks"] = (503, b"")
    response = send(logout_token())

    assert (response.status_code, response.get_json()["error"]) == (400, "temporarily_unavailable")


def test_forged_tokens_cause_few_requests(signed_in, send, network):
    for _ in range(5):
        send(logout_token(OTHER_RSA))

    assert len([one for one in network.requests if one.url.endswith("/oauth/jwks")]) == 1


def test_a_connection_ends_here_even_if_the_revocation_fails(signed_in, send, network):
    network.instead["/oauth/revoke"] = (503, b"")

    assert send(logout_token()).status_code == 200
    assert signed_in.get("/photos").status_code == 403


def test_an_index_entry_of_a_deleted_browser_is_ignored(clock, signed_in, send):
    clock.forward(hours=13)

    assert send(logout_token()).status_code == 200


def test_the_index_keeps_a_limited_number_of_browsers():
    record = Record()
    for number in range(MAX_BROWSERS + 5):
        record.add_browser(f"browser {number}")

    assert record.browsers[-1] == f"browser {MAX_BROWSERS + 4}"
    assert len(record.browsers) == MAX_BROWSERS


def test_the_logout_token_is_in_no_log(signed_in, send, logged):
    token = logout_token()
    send(token)

    assert token not in "".join(str(vars(record)) for record in logged())
