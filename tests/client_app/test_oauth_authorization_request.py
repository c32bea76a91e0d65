"""RFC 6749 §4.1.1 and RFC 7636 §4: the authorization request, its state and its verifier."""

import base64
import hashlib
from urllib.parse import parse_qsl

import pytest

from web.addresses import append_parameters

QUERIES = [
    "",
    "?",
    "?b=%E9",
    "?y=a%20b",
    "?flag",
    "?a=1&&b=2",
    "?a=1&",
    "?x=%c3%a9+;~%2f?",
    "?a=1?",
]


def test_the_request_contains_the_required_parameters(client, tripod_id):
    request, url = client.authorization_request("profile photos:read")

    assert url.startswith("http://127.0.0.1:9000/oauth/authorize?")
    assert tripod_id.parameters_of(url) | {"code_challenge": "…"} == {
        "response_type": "code",
        "client_id": "print-shop",
        "redirect_uri": "http://127.0.0.1:9001/callback",
        "scope": "profile photos:read",
        "state": request.state,
        "code_challenge": "…",
        "code_challenge_method": "S256",
    }


def test_the_challenge_is_the_verifiers_digest(client, tripod_id):
    """RFC 7636 §4.2: the challenge is BASE64URL-ENCODE(SHA256(ASCII(code_verifier)))."""
    request, url = client.authorization_request("photos:read")

    digest = base64.urlsafe_b64decode(tripod_id.parameters_of(url)["code_challenge"] + "=")
    assert digest == hashlib.sha256(request.verifier.encode()).digest()


def test_the_verifier_is_not_sent(client):
    """RFC 7636 §4.1: the verifier has 43 to 128 characters. Only its challenge is sent."""
    request, url = client.authorization_request("photos:read")

    assert 43 <= len(request.verifier) <= 128
    assert request.verifier not in url


def test_no_two_requests_share_a_state_or_a_verifier(client):
    requests = [client.authorization_request("photos:read")[0] for _ in range(50)]

    assert (
        len({request.state for request in requests} | {request.verifier for request in requests})
        == 100
    )


@pytest.mark.parametrize("query", QUERIES)
def test_an_endpoints_own_query_is_kept(client, tripod_id, query):
    """RFC 6749 §3.1: the endpoint URI's query "MUST be retained" when parameters are added."""
    tripod_id.metadata["authorization_endpoint"] += query
    endpoint = tripod_id.metadata["authorization_endpoint"]

    _, url = client.authorization_request("photos:read photos:write")

    parameters = parse_qsl(url.removeprefix(endpoint).lstrip("?&"))
    assert ("scope", "photos:read photos:write") in parameters
    assert url == append_parameters(endpoint, parameters)


@pytest.mark.parametrize("query", QUERIES)
def test_the_browser_is_sent_to_the_endpoint_as_it_is_published(browser, tripod_id, query):
    tripod_id.metadata["authorization_endpoint"] += query

    assert browser.begin().startswith(tripod_id.metadata["authorization_endpoint"])


@pytest.mark.parametrize("query", ["?b=%E9", "?y=a%20b", "?flag", "?a=1&&b=2"])
def test_the_token_endpoints_own_query_is_kept(client, network, tripod_id, query):
    """§3.2: the same holds for the token endpoint."""
    tripod_id.metadata["token_endpoint"] += query
    request, url = client.authorization_request("photos:read")
    code = tripod_id.parameters_of(tripod_id.authorize(url).replace("/callback", ""))["code"]

    client.redeem(code, request)

    assert network.requests[-1].url == tripod_id.metadata["token_endpoint"]


def test_the_repr_contains_no_secret(client):
    request, _ = client.authorization_request("photos:read")

    assert request.state not in repr(request)
    assert request.verifier not in repr(request)
