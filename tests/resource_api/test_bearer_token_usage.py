"""RFC 6750, bearer token usage: which requests are accepted, and how others are rejected."""

import pytest
from werkzeug.datastructures import WWWAuthenticate

METADATA = "http://127.0.0.1:9002/.well-known/oauth-protected-resource"
#: The challenge to `GET /photos`, besides the error.
CHALLENGE = {"realm": "Photo API", "resource_metadata": METADATA, "scope": "photos:read"}
PHOTO = "/photos/00000000000000000000000000000000"
PROTECTED = {
    "GET /me": "profile",
    "GET /photos": "photos:read",
    f"GET {PHOTO}": "photos:read",
    f"GET {PHOTO}/image": "photos:read",
    "POST /photos": "photos:write",
    f"PATCH {PHOTO}": "photos:write",
    f"DELETE {PHOTO}": "photos:write",
}
WITHOUT_CREDENTIALS = {
    "no header": None,
    "an empty header": "",
    "basic": "Basic YWxpY2U6d29uZGVybGFuZA==",
    "digest with commas": 'Digest username="alice", realm="Photo API"',
    "a scheme that starts with Bearer": "BearerToken abc",
    "a token without a scheme": "abc",
}
MALFORMED = {
    "no token": "Bearer",
    "an empty token": "Bearer ",
    "two tokens": "Bearer abc def",
    "a quoted token": 'Bearer "abc"',
    "a parameter": "Bearer token=abc",
    "padding in the middle": "Bearer a=b",
    "only padding": "Bearer ==",
    "a tab": "Bearer\tabc",
    "a character outside b64token": "Bearer abc!",
    "a letter outside ASCII": "Bearer abcé",
    "two headers": "Bearer abc,Bearer def",
    "two headers, the first one basic": "Basic YWxpY2U6,Bearer abc",
}


def challenge_of(response):
    """Return the parameters of the only challenge in the response."""
    [header] = response.headers.getlist("WWW-Authenticate")
    challenge = WWWAuthenticate.from_header(header)
    assert challenge.type == "bearer"
    return challenge.parameters


@pytest.mark.parametrize("request_line", PROTECTED)
def test_every_resource_needs_a_token(http, request_line):
    method, path = request_line.split()
    response = http.open(path, method=method)

    assert response.status_code == 401


@pytest.mark.parametrize("request_line", PROTECTED)
@pytest.mark.parametrize("header", [None, "Bearer never-issued", "Bearer"])
def test_the_challenge_has_the_scope_that_the_request_needs(http, request_line, header):
    """§3: the scope attribute is the scope that is needed for the resource."""
    method, path = request_line.split()
    response = http.open(path, method=method, headers={"Authorization": header or ""})

    assert challenge_of(response)["scope"] == PROTECTED[request_line]


@pytest.mark.parametrize("header", WITHOUT_CREDENTIALS.values(), ids=WITHOUT_CREDENTIALS)
def test_without_credentials_the_challenge_has_no_error_code(http, header):
    """§3.1: without authentication information, the response SHOULD NOT include an error code."""
    response = http.get("/photos", headers={} if header is None else {"Authorization": header})

    assert response.status_code == 401
    assert challenge_of(response) == CHALLENGE
    assert response.json["error"] == "unauthorized"
    assert response.json["error_description"]


def test_a_token_in_the_query_is_ignored(http, alices_client, auth_server):
    """RFC 9700 §4.3.2: clients MUST NOT pass access tokens in a URI query parameter."""
    response = http.get("/photos", query_string={"access_token": alices_client.token})

    assert response.status_code == 401
    assert "error" not in challenge_of(response)
    assert auth_server.requests == []


def test_a_token_in_the_form_is_ignored(http, alices_client, auth_server):
    response = http.post("/photos", data={"access_token": alices_client.token})

    assert response.status_code == 401
    assert "error" not in challenge_of(response)
    assert auth_server.requests == []


@pytest.mark.parametrize("header", MALFORMED.values(), ids=MALFORMED)
def test_malformed_credentials_are_an_invalid_request(http, auth_server, header):
    response = http.get("/photos", headers={"Authorization": header})

    assert response.status_code == 400
    assert response.json["error"] == "invalid_request"
    assert challenge_of(response) == CHALLENGE | response.json
    assert auth_server.requests == []


def test_two_authorization_headers_are_an_invalid_request(http, alices_client):
    """§3.1: sending an access token in more than one way is an invalid_request."""
    header = ("Authorization", f"Bearer {alices_client.token}")
    response = http.get("/photos", headers=[header, header])

    assert response.status_code == 400
    assert response.json["error"] == "invalid_request"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer  "])
def test_the_scheme_is_case_insensitive(http, alices_client, scheme):
    response = http.get("/photos", headers={"Authorization": f"{scheme} {alices_client.token}"})

    assert response.status_code == 200


def test_an_unknown_token_is_invalid(caller):
    response = caller(token="never-issued").get("/photos")

    assert response.status_code == 401
    assert response.json["error"] == "invalid_token"
    assert challenge_of(response) == CHALLENGE | response.json


def test_a_revoked_token_is_rejected_at_the_next_request(alices_client, auth_server):
    alices_client.get("/photos")
    auth_server.revoke(alices_client.token)
    response = alices_client.get("/photos")

    assert response.status_code == 401
    assert response.json["error"] == "invalid_token"


@pytest.mark.parametrize("request_line", PROTECTED)
def test_a_missing_scope_is_named_in_header_and_body(caller, request_line):
    """§3.1: insufficient_scope MAY include the "scope" attribute with the scope necessary."""
    method, path = request_line.split()
    needed = PROTECTED[request_line]
    granted = {"profile", "photos:read", "photos:write"} - {needed}
    client = caller(scope=" ".join(granted))
    response = client.http.open(
        path, method=method, headers={"Authorization": f"Bearer {client.token}"}
    )

    assert response.status_code == 403
    assert response.json["error"] == "insufficient_scope"
    assert response.json["scope"] == needed
    assert challenge_of(response) == CHALLENGE | response.json


@pytest.mark.parametrize("scope", ["", "photos", "photos:readers", "PHOTOS:READ", None])
def test_a_scope_must_match_as_a_whole(caller, scope):
    response = caller(scope=scope).get("/photos")

    assert response.status_code == 403


def test_authorization_is_checked_before_the_rest_of_the_request(http):
    """Without a token, a client learns nothing and cannot make the server read a large body."""
    assert http.get("/photos?limit=many").status_code == 401
    assert http.post("/photos", data=bytes(11 * 1024 * 1024)).status_code == 401
    assert http.patch(PHOTO, data="not JSON").status_code == 401


def test_a_refusal_is_logged_with_its_reason_and_without_the_token(caller, events):
    client = caller(scope="profile")
    client.get("/photos")

    assert [event for event in events if event["event"] == "access_refused"] == [
        {
            "event": "access_refused",
            "leg": "resource_api",
            "time": events[0]["time"],
            "request_id": events[0]["request_id"],
            "error": "insufficient_scope",
            "reason": "scope_not_granted",
            "required_scope": "photos:read",
            "client_id": "print-shop",
            "sub": "subject-of-alice",
        }
    ]
    assert client.token not in str(events)
