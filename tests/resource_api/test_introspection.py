"""RFC 7662, token introspection: the API's request, and which responses it accepts."""

from urllib.parse import parse_qs

import pytest
import requests

FAILURES = {
    "the server is down": requests.ConnectionError("refused"),
    "the server is slow": requests.Timeout("slow"),
    "the response is incomplete": requests.exceptions.ChunkedEncodingError("incomplete"),
    "the server has an error": (500, b'{"error": "server_error"}'),
    "the server is throttling": (429, b"{}"),
    "the server redirects": (302, b""),
    "the endpoint does not exist": (404, b"<h1>Not found</h1>"),
    "success without content": (204, b""),
    "not JSON": (200, b"<h1>Hello</h1>"),
    "not UTF-8": (200, b"\xff\xfe\xff"),
    "JSON, but not an object": (200, b'["active", true]'),
    "an error that says active": (400, b'{"active": true}'),
}
NOT_ACCESS_TOKENS_FOR_THIS_API = {
    "inactive": ({"active": False}, "not_active"),
    "active as a string": ({"active": "true"}, "not_active"),
    "active as a number": ({"active": 1}, "not_active"),
    "a refresh token": ({"token_use": "refresh_token"}, "not_an_access_token"),
    "a token of unknown use": ({"token_use": None}, "not_an_access_token"),
    "another issuer": ({"iss": "http://127.0.0.1:9999"}, "other_issuer"),
    "no issuer": ({"iss": None}, "other_issuer"),
    "another audience": ({"aud": "http://127.0.0.1:9003"}, "other_audience"),
    "several other audiences": (
        {"aud": ["http://127.0.0.1:9003", "http://127.0.0.1:9004"]},
        "other_audience",
    ),
    "an audience with the same prefix": (
        {"aud": "http://127.0.0.1:90020"},
        "other_audience",
    ),
    "no audience": ({"aud": None}, "other_audience"),
    "an empty subject": ({"sub": ""}, "no_subject"),
    "a subject that is not a string": ({"sub": 17}, "no_subject"),
}


def test_the_api_sends_its_own_credentials_and_a_form(alices_client, auth_server):
    """§2.1: The protected resource calls the introspection endpoint using an HTTP POST request."""
    response = alices_client.get("/me")

    assert response.status_code == 200
    [request] = auth_server.requests
    assert (request.method, request.url) == ("POST", "http://127.0.0.1:9000/oauth/introspect")
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs(request.body) == {
        "token": [alices_client.token],
        "token_type_hint": ["access_token"],
    }


def test_every_request_causes_one_introspection(alices_client, auth_server):
    alices_client.get("/me")
    alices_client.get("/me")

    assert len(auth_server.requests) == 2


def test_the_request_id_is_passed_to_the_authorization_server(alices_client, auth_server):
    alices_client.get("/me", headers={"X-Request-Id": "the-same-request"})

    assert auth_server.requests[0].headers["X-Request-Id"] == "the-same-request"


@pytest.mark.parametrize(
    ("claims", "reason"),
    NOT_ACCESS_TOKENS_FOR_THIS_API.values(),
    ids=NOT_ACCESS_TOKENS_FOR_THIS_API,
)
def test_only_an_active_access_token_for_this_api_is_accepted(caller, events, claims, reason):
    """§4: the API must check that it is the audience. A refresh token is not an access token."""
    response = caller(**claims).get("/me")

    assert response.status_code == 401
    assert response.json["error"] == "invalid_token"
    assert [event["reason"] for event in events] == [reason]


def test_every_invalid_token_has_the_same_description(caller):
    responses = [
        caller(**claims).get("/me").json for claims, _ in NOT_ACCESS_TOKENS_FOR_THIS_API.values()
    ]

    assert all(response == responses[0] for response in responses)


@pytest.mark.parametrize(
    "audience", ["http://127.0.0.1:9002", ["http://127.0.0.1:9003", "http://127.0.0.1:9002"]]
)
def test_the_audience_may_be_one_or_several(caller, audience):
    response = caller(aud=audience).get("/me")

    assert response.status_code == 200


@pytest.mark.parametrize("exp", [None, 0, 1_700_000_000, "1700000000", 1.7e12, "tomorrow"])
def test_an_active_token_is_accepted_whatever_exp_says(caller, exp):
    """§4: the authorization server MUST determine whether the token has expired."""
    response = caller(exp=exp).get("/me")

    assert response.status_code == 200


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_an_unreachable_authorization_server_means_503(alices_client, auth_server, events, failure):
    auth_server.failure = failure
    response = alices_client.get("/photos")

    assert response.status_code == 503
    assert response.json["error"] == "temporarily_unavailable"
    assert int(response.headers["Retry-After"]) > 0
    assert "WWW-Authenticate" not in response.headers
    assert [event["error"] for event in events] == ["temporarily_unavailable"]
    assert events[0]["reason"] in ("no_answer", "no_introspection")
    assert alices_client.token not in str(events)


def test_rejected_credentials_of_the_api_mean_503(alices_client, auth_server, events):
    """§2.3: the endpoint answers 401 when the protected resource's own authentication fails."""
    auth_server.secret = "rotated"
    response = alices_client.get("/photos")

    assert response.status_code == 503
    assert events[0]["reason"] == "no_introspection"
    assert events[0]["detail"] == "status 401"


def test_the_api_recovers_when_the_authorization_server_returns(alices_client, auth_server):
    auth_server.failure = requests.ConnectionError("refused")
    alices_client.get("/photos")
    auth_server.failure = None
    response = alices_client.get("/photos")

    assert response.status_code == 200


def test_me_returns_the_introspected_user(alices_client):
    response = alices_client.get("/me")

    assert response.json == {
        "sub": "subject-of-alice",
        "username": "alice",
        "name": "Alice Liddell",
    }


def test_a_missing_name_is_replaced_by_the_username(caller):
    response = caller(name=None).get("/me")

    assert response.json["name"] == "alice"


def test_a_missing_username_is_replaced_by_the_subject(caller):
    response = caller(name=None, username=None).get("/me")

    assert response.json == dict.fromkeys(["sub", "username", "name"], "subject-of-alice")
