"""RFC 6749 §4.1.3 and §5: redeeming a code on the back channel."""

import time

import pytest

from client_app import oauth


@pytest.fixture
def redeem(client, tripod_id):
    """Return a function that starts a flow and redeems its code."""

    def run():
        request, url = client.authorization_request("profile photos:read")
        return client.redeem(tripod_id.parameters_of(tripod_id.authorize(url))["code"], request)

    return run


def test_a_code_is_redeemed_for_tokens(redeem, tripod_id):
    tokens = redeem()

    assert tripod_id.scope_of(tokens.access_token) == ["profile", "photos:read"]
    assert tokens.scope == "profile photos:read"
    assert tokens.expires_at == pytest.approx(time.time() + 120, abs=5)


def test_the_request_contains_the_code_the_verifier_and_the_redirect_uri(client, network):
    request, _ = client.authorization_request("photos:read")
    with pytest.raises(oauth.RefusedError):
        client.redeem("unknown-code", request)

    assert network.forms("/oauth/token")[-1] == {
        "grant_type": "authorization_code",
        "code": "unknown-code",
        "redirect_uri": "http://127.0.0.1:9001/callback",
        "code_verifier": request.verifier,
    }


def test_id_and_secret_are_form_encoded_in_http_basic(redeem, network, tripod_id):
    """§2.3.1: id and secret are form-encoded before HTTP Basic, and not sent in the body."""
    redeem()

    assert tripod_id.credentials(network.requests[-1]) == ("print-shop", "a secret: with + and %")
    assert "client_secret" not in network.requests[-1].body


@pytest.mark.parametrize("granted", ["photos:read", None])
def test_the_scope_is_the_granted_one_or_else_the_requested(redeem, tripod_id, granted):
    """§5.1: `scope` is optional if it is identical to the requested scope."""
    tripod_id.token_response["scope"] = granted

    assert redeem().scope == (granted or "profile photos:read")


@pytest.mark.parametrize("token_type", ["bearer", "BEARER"])
def test_the_token_types_case_does_not_matter(redeem, tripod_id, token_type):
    """§5.1: "Value is case insensitive"."""
    tripod_id.token_response["token_type"] = token_type

    assert redeem().access_token


@pytest.mark.parametrize("expires_in", [None, "soon", -1, 0, True, 1e400, 10**12, [], {}])
def test_a_missing_expires_in_means_a_short_lifetime(redeem, tripod_id, expires_in):
    tripod_id.token_response["expires_in"] = expires_in

    assert redeem().lifetime == oauth.ASSUMED_LIFETIME


@pytest.mark.parametrize(
    "changes",
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
def test_an_invalid_token_response_counts_as_an_unreachable_server(redeem, tripod_id, changes):
    tripod_id.token_response |= changes

    with pytest.raises(oauth.UnreachableError):
        redeem()


@pytest.mark.parametrize(
    "response",
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
def test_a_malformed_response_counts_as_an_unreachable_server(redeem, network, response):
    network.instead["/oauth/token"] = response

    with pytest.raises(oauth.UnreachableError):
        redeem()


def test_a_stopped_server_counts_as_an_unreachable_server(redeem, client, network, tripod_id):
    client.authorization_request("photos:read")
    network.down.add(tripod_id.url)

    with pytest.raises(oauth.UnreachableError, match="ConnectionError"):
        redeem()


def test_an_error_response_is_raised_with_its_code(redeem, network):
    """§5.2: an error response has an `error` code, and may have a description."""
    network.instead["/oauth/token"] = (
        401,
        {"error": "invalid_client", "error_description": ["not a string"]},
    )

    with pytest.raises(oauth.RefusedError) as caught:
        redeem()

    assert (caught.value.error, caught.value.description) == ("invalid_client", "")


def test_the_repr_of_tokens_contains_no_token(redeem):
    tokens = redeem()

    assert tokens.access_token not in repr(tokens)
    assert tokens.refresh_token not in repr(tokens)


@pytest.mark.parametrize(("lifetime", "leeway"), [(3600, 5), (120, 5), (20, 2), (3, 0.3), (1, 0.1)])
def test_a_token_counts_as_expired_shortly_before_it_expires(lifetime, leeway):
    tokens = oauth.Tokens("at", "rt", "profile", expires_at=1000.0, lifetime=lifetime)

    assert not tokens.has_expired(1000 - leeway - 0.01)
    assert tokens.has_expired(1000 - leeway + 0.01)
