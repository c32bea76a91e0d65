"""RFC 6749 §4.1.1 and RFC 7636 §4: the authorization request, its state and its verifier."""

import base64
import hashlib


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


def test_an_endpoints_own_query_is_kept(client, tripod_id):
    """RFC 6749 §3.1: the endpoint URI's query "MUST be retained" when parameters are added."""
    tripod_id.metadata["authorization_endpoint"] += "?tenant=7"

    _, url = client.authorization_request("photos:read")

    assert tripod_id.parameters_of(url)["tenant"] == "7"
    assert tripod_id.parameters_of(url)["client_id"] == "print-shop"


def test_the_repr_contains_no_secret(client):
    request, _ = client.authorization_request("photos:read")

    assert request.state not in repr(request)
    assert request.verifier not in repr(request)
