"""RFC 6749 §4.1.3 and §5: a code becomes tokens, on the back channel."""

import time

import pytest

from client_app import oauth


@pytest.fixture
def redeem(client, tripod_id):
    """Begins a flow and redeems its code."""

    def run():
        request, url = client.authorization_request("profile photos:read")
        return client.redeem(tripod_id.asked(tripod_id.authorize(url))["code"], request)

    return run


def test_a_code_becomes_tokens(redeem, tripod_id):
    tokens = redeem()

    assert tripod_id.scope_of(tokens.access_token) == ["profile", "photos:read"]
    assert tokens.scope == "profile photos:read"
    assert tokens.expires_at == pytest.approx(time.time() + 120, abs=5)


def test_the_request_carries_the_code_the_verifier_and_the_redirect_uri(client, network):
    request, _ = client.authorization_request("photos:read")
    with pytest.raises(oauth.RefusedError):
        client.redeem("no code of yours", request)

    assert network.forms("/oauth/token")[-1] == {
        "grant_type": "authorization_code",
        "code": "no code of yours",
        "redirect_uri": "http://127.0.0.1:9001/callback",
        "code_verifier": request.verifier,
    }


def test_id_and_secret_go_form_encoded_into_http_basic(redeem, network, tripod_id):
    """§2.3.1: encoded "using the "application/x-www-form-urlencoded" encoding algorithm", and not in the body."""
    redeem()

    assert tripod_id.credentials(network.requests[-1]) == ("print-shop", "a secret: with + and %")
    assert "client_secret" not in network.requests[-1].body


@pytest.mark.parametrize("granted", ["photos:read", None])
def test_the_scope_is_the_granted_one_or_else_the_requested(redeem, tripod_id, granted):
    """§5.1: scope is "OPTIONAL, if identical to the scope requested by the client; otherwise, REQUIRED"."""
    tripod_id.token_response["scope"] = granted

    assert redeem().scope == (granted or "profile photos:read")


@pytest.mark.parametrize("token_type", ["bearer", "BEARER"])
def test_the_token_types_case_does_not_matter(redeem, tripod_id, token_type):
    """§5.1: "Value is case insensitive"."""
    tripod_id.token_response["token_type"] = token_type

    assert redeem().access_token


@pytest.mark.parametrize("expires_in", [None, "120", "soon", -1, 0, True, 1e400, 10**12, [], {}])
def test_a_lifetime_that_is_not_told_is_assumed_short(redeem, tripod_id, expires_in):
    tripod_id.token_response["expires_in"] = expires_in

    assert redeem().lifetime == oauth.ASSUMED_LIFETIME


@pytest.mark.parametrize(
    "wrong",
    [
        {"access_token": None},
        {"access_token": 5},
        {"access_token": ""},
        {"access_token": "a\r\nX-Header: injected"},
        {"access_token": "ñ"},
        {"token_type": None},
        {"token_type": "DPoP"},
        {"token_type": ["Bearer"]},
        {"refresh_token": 7},
        {"refresh_token": {"a": "b"}},
        {"scope": 5},
        {"scope": ["profile"]},
    ],
    ids=str,
)
def test_a_token_response_that_is_none_is_a_server_out_of_reach(redeem, tripod_id, wrong):
    tripod_id.token_response |= wrong

    with pytest.raises(oauth.UnreachableError):
        redeem()


@pytest.mark.parametrize(
    "answer",
    [
        (200, b""),
        (200, b"null"),
        (200, b"\xff\xfe\xfd"),
        (200, b'{"expires_in": ' + b"9" * 5000 + b"}"),
        (302, {"error": None}),
        (400, {"error": 5}),
        (400, {"error": "two\nlines"}),
        (400, b"<html>"),
        (429, {"error": "slow_down"}),
        (500, {"error": "server_error"}),
        (503, b""),
    ],
    ids=str,
)
def test_an_answer_that_decides_nothing_is_a_server_out_of_reach(redeem, network, answer):
    network.instead["/oauth/token"] = answer

    with pytest.raises(oauth.UnreachableError):
        redeem()


def test_a_server_that_is_down_is_out_of_reach(redeem, client, network, tripod_id):
    client.authorization_request("photos:read")
    network.down.add(tripod_id.url)

    with pytest.raises(oauth.UnreachableError, match="ConnectionError"):
        redeem()


def test_a_refusal_carries_the_rfcs_word(redeem, network):
    """§5.2."""
    network.instead["/oauth/token"] = (
        401,
        {"error": "invalid_client", "error_description": ["odd"]},
    )

    with pytest.raises(oauth.RefusedError) as caught:
        redeem()

    assert (caught.value.error, caught.value.description) == ("invalid_client", "")


def test_tokens_do_not_show_in_a_log(redeem):
    tokens = redeem()

    assert tokens.access_token not in repr(tokens)
    assert tokens.refresh_token not in repr(tokens)


@pytest.mark.parametrize(("lifetime", "leeway"), [(3600, 5), (120, 5), (20, 2), (3, 0.3), (1, 0.1)])
def test_a_token_counts_as_expired_a_moment_early(lifetime, leeway):
    tokens = oauth.Tokens("at", "rt", "profile", expires_at=1000.0, lifetime=lifetime)

    assert not tokens.has_expired(1000 - leeway - 0.01)
    assert tokens.has_expired(1000 - leeway + 0.01)
