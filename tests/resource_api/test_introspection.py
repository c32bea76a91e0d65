"""RFC 7662, token introspection: the API's request, and which responses it accepts."""

import json
from urllib.parse import parse_qs

import pytest

from web.http_client import NoResponse, UnreadableResponse


def answered(status, body, content_type="application/json", detail=None, reason=None):
    """Return an answer, the reason in the event log, and the detail."""
    what = f"status {status}, {content_type or 'no type'}, {len(body)} bytes"
    return (status, body, content_type), reason or "no_introspection", detail or what


FAILURES = {
    "the server is down": (NoResponse("not connected"), "no_answer", "not connected"),
    "the server is slow": (NoResponse("timeout"), "no_answer", "timeout"),
    "the response is too large": (
        UnreadableResponse("too large"),
        "no_introspection",
        "too large",
    ),
    "the server has an error": answered(500, b'{"error": "server_error"}', reason="server_failed"),
    "the server is throttling": answered(429, b"{}", reason="server_failed"),
    "the server redirects": answered(302, b""),
    "the server forbids it": answered(403, b"<h1>No</h1>", reason="credentials_refused"),
    "another status for wrong credentials": answered(
        400, b'{"error": "invalid_client"}', reason="credentials_refused"
    ),
    "the endpoint does not exist": answered(404, b"<h1>Not found</h1>", "text/html"),
    "success without content": answered(204, b"", ""),
    "not JSON": answered(200, b"<h1>Hello</h1>", "text/html"),
    "an unpaired surrogate": answered(200, b'{"active": true, "sub": "\\ud800"}'),
    "not UTF-8": answered(200, b"\xff\xfe\xff"),
    "deeply nested": answered(200, b"[" * 100_000),
    "JSON, but not an object": answered(200, b'["active", true]'),
    "an error that says active": answered(400, b'{"active": true}'),
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
    assert request.url == "http://127.0.0.1:9000/oauth/introspect"
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs(request.form.decode()) == {
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


@pytest.mark.parametrize(("failure", "reason", "detail"), FAILURES.values(), ids=FAILURES)
def test_no_usable_answer_means_503_and_the_log_says_why(
    alices_client, auth_server, events, failure, reason, detail
):
    """Out of reach, refused and not understood are three reasons."""
    auth_server.failure = failure
    response = alices_client.get("/photos")

    assert response.status_code == 503
    assert response.json["error"] == "temporarily_unavailable"
    assert int(response.headers["Retry-After"]) > 0
    assert "WWW-Authenticate" not in response.headers
    assert [event["error"] for event in events] == ["temporarily_unavailable"]
    assert (events[0]["reason"], events[0]["detail"]) == (reason, detail)
    assert alices_client.token not in str(events)


def test_rejected_credentials_of_the_api_mean_503(alices_client, auth_server, events):
    """§2.3: the endpoint answers 401 when the protected resource's own authentication fails."""
    auth_server.secret = "rotated"
    response = alices_client.get("/photos")

    assert response.status_code == 503
    assert events[0]["reason"] == "credentials_refused"
    assert events[0]["detail"] == "status 401, no type, 27 bytes"


def test_the_api_recovers_when_the_authorization_server_returns(alices_client, auth_server):
    auth_server.failure = NoResponse("not connected")
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


@pytest.mark.parametrize(
    ("claims", "detail"),
    [
        ({"active": "true"}, "active is a string"),
        ({"active": 1}, "active is a number"),
        ({"active": None}, "active is missing"),
        ({"token_use": None}, "token_use is missing"),
        ({"iss": ["http://127.0.0.1:9000"]}, "iss is an array"),
        ({"aud": {"of": "it"}}, "aud is an object"),
        ({"sub": 17}, "sub is a number"),
    ],
    ids=str,
)
def test_the_log_names_a_member_of_an_unexpected_kind(caller, events, claims, detail):
    """Otherwise the log would say that the token is not active, and the server never said so."""
    response = caller(**claims).get("/me")

    assert response.status_code == 401
    assert events[0]["detail"] == detail


@pytest.mark.parametrize(
    ("scope", "kind"), [(["profile"], "an array"), (5, "a number"), ({}, "an object")]
)
def test_a_scope_of_an_unexpected_kind_is_not_a_missing_scope(caller, events, scope, kind):
    """A 403 would make the client ask the user for the same scope again and again."""
    response = caller(scope=scope).get("/me")

    assert response.status_code == 503
    assert (events[0]["reason"], events[0]["detail"]) == ("no_introspection", f"scope is {kind}")


@pytest.mark.parametrize("scope", ["profile", " profile  photos:read "])
def test_additional_spaces_between_scopes_do_not_matter(caller, scope):
    assert caller(scope=scope).get("/me").status_code == 200


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_an_answer_in_any_unicode_encoding_is_read(caller, auth_server, encoding):
    client = caller()
    answer = json.dumps(auth_server.answers[client.token]).encode(encoding)
    auth_server.failure = (200, answer, "text/plain")

    assert client.get("/me").status_code == 200


def test_members_that_the_api_does_not_know_are_ignored(caller):
    claims = {"jti": 5, "nbf": "x", "cnf": None, "username": ["a"], "client_id": 7, "more": [{}]}

    assert caller(**claims).get("/me").json["username"] == "subject-of-alice"
