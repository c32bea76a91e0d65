"""What other authorization servers send: accepted where the meaning is certain, or named.

Three outcomes stay apart, for the user and in the event log: the server is out of reach, its answer
is not understood, or it refused with an error of the RFC. The log says what was not understood, and
never the value, which could be a token.
"""

import gzip
import json

import pytest

from client_app import oauth

TOKEN = "at-of-another-server"
USUAL = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600, "scope": "profile"}
JSON = {"Content-Type": "application/json"}


def body(**changes):
    """Return a token response with these members; None leaves a member out."""
    return json.dumps({k: v for k, v in (USUAL | changes).items() if v is not None}).encode()


@pytest.fixture
def redeem(client, network):
    """Return a function that redeems a code and gets the given answer of the token endpoint."""

    def run(status, content, headers=JSON):
        network.instead["/oauth/token"] = (status, content, headers)
        request, _ = client.authorization_request("profile photos:read")
        return client.redeem("a-code", request)

    return run


ACCEPTED = {
    "a byte order mark": (200, b"\xef\xbb\xbf" + body(), JSON),
    "UTF-16": (200, body().decode().encode("utf-16"), JSON),
    "a charset": (200, body(), {"Content-Type": "application/json; charset=UTF-8"}),
    "text/plain": (200, body(), {"Content-Type": "text/plain"}),
    "no content type": (200, body(), {"X-Other": "y"}),
    "gzip": (200, gzip.compress(body()), JSON | {"Content-Encoding": "gzip"}),
    "status 201": (201, body(), JSON),
    "members that it does not know": (200, body(id_token="a.b.c", more={"deep": [1]}), JSON),
    "error: null": (200, body()[:-1] + b', "error": null}', JSON),
    "error: an empty string": (200, body(error=""), JSON),
}


@pytest.mark.parametrize("answer", ACCEPTED.values(), ids=ACCEPTED)
def test_an_answer_whose_meaning_is_certain_is_accepted(redeem, answer):
    tokens = redeem(*answer)

    assert (tokens.access_token, tokens.scope, tokens.lifetime) == (TOKEN, "profile", 3600)


@pytest.mark.parametrize("expires_in", [3600, 3600.0, "3600", " 3600 "])
def test_a_lifetime_may_be_a_string_of_digits(redeem, expires_in):
    """RFC 6749 §5.1 has a number. Many servers send a string, and it can mean nothing else."""
    assert redeem(200, body(expires_in=expires_in)).lifetime == 3600


@pytest.mark.parametrize(
    "expires_in",
    ["null", "-1", "0", "true", "NaN", "Infinity", "1e400", "10e12", '"1h"', '""', "[]"],
)
def test_any_other_lifetime_is_assumed_to_be_short(redeem, expires_in):
    """The API rejects an access token that has expired before, and Print Shop refreshes it."""
    content = body(expires_in=7).replace(b": 7,", f": {expires_in},".encode())

    assert redeem(200, content).lifetime == oauth.ASSUMED_LIFETIME


@pytest.mark.parametrize("scope", [None, "", "  "])
def test_a_scope_that_is_left_out_or_empty_is_the_requested_one(redeem, scope):
    assert redeem(200, body(scope=scope)).scope == "profile photos:read"


def test_spaces_around_scopes_do_not_matter(redeem):
    assert redeem(200, body(scope=" photos:read  profile ")).scope == "photos:read profile"


@pytest.mark.parametrize("token_type", ["bearer", "BEARER"])
def test_the_case_of_the_token_type_does_not_matter(redeem, token_type):
    assert redeem(200, body(token_type=token_type)).access_token == TOKEN


HTML = {"Content-Type": "text/html; charset=utf-8"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
NOT_UNDERSTOOD = [
    ("scope is an array", 200, body(scope=["profile"]), JSON),
    ("scope is an array", 200, body(scope=[]), JSON),
    ("scope is a number", 200, body(scope=5), JSON),
    ("scope is an object", 200, body(scope={"secret": "b"}), JSON),
    ("scope is a boolean", 200, body(scope=False), JSON),
    ("scope is not valid", 200, body(scope="profile\nsecret"), JSON),
    ("token_type is missing", 200, body(token_type=None), JSON),
    ("token_type is not valid", 200, body(token_type="DPoP"), JSON),
    ("token_type is an array", 200, body(token_type=["Bearer"]), JSON),
    ("access_token is missing", 200, body(access_token=None), JSON),
    ("access_token is a number", 200, body(access_token=5), JSON),
    ("access_token is not valid", 200, body(access_token=""), JSON),
    ("access_token is not valid", 200, body(access_token="secret value"), JSON),
    ("access_token is not valid", 200, body(access_token="sécret"), JSON),
    ("refresh_token is a number", 200, body(refresh_token=7), JSON),
    ("refresh_token is a boolean", 200, body(refresh_token=False), JSON),
    ("refresh_token is not valid", 200, body(refresh_token="sécret"), JSON),
    ("200 text/html, 6 bytes, not a JSON object", 200, b"<html>", HTML),
    ("200 application/x-www-form-urlencoded", 200, b"access_token=secret", FORM),
    ("200 application/json, 0 bytes", 200, b"", JSON),
    ("204 no type, 0 bytes", 204, b"", {"X-Other": "y"}),
    ("not a JSON object", 200, b"[]", JSON),
    ("not a JSON object", 200, b"null", JSON),
    ("not a JSON object", 200, b'"secret"', JSON),
    ("not a JSON object", 200, b"[" * 100_000, JSON),
    ("not a JSON object", 200, b"{" + b" " * 500_000, JSON),
    (
        "its answer cannot be read: ContentDecodingError",
        200,
        b"no gzip",
        JSON | {"Content-Encoding": "gzip"},
    ),
    ("302 text/html", 302, b"<html>", HTML),
    ("cannot be read", 302, b"<html>", HTML | {"Location": "http://["}),
    ("400 text/html, 0 bytes", 400, b"", {"Content-Type": "text/html\x1bsecret"}),
    (
        "not a JSON object",
        400,
        b'{"error": "invalid_grant", "error_description": "\\ud800"}',
        JSON,
    ),
    ("400 text/html", 400, b"<html>", HTML),
    ("401 no type", 401, b"", {"WWW-Authenticate": "Basic"}),
    (
        "400 application/json, 45 bytes, error is an object",
        400,
        b'{"error": {"code": 190, "message": "secret"}}',
        JSON,
    ),
    ("error is missing", 400, b'{"message": "secret"}', JSON),
    ("error is not valid", 400, b'{"error": "two\\nlines"}', JSON),
]


@pytest.mark.parametrize(("what", "status", "content", "headers"), NOT_UNDERSTOOD)
def test_an_answer_that_is_not_understood_says_what(redeem, what, status, content, headers):
    with pytest.raises(oauth.NotUnderstoodError) as caught:
        redeem(status, content, headers)

    assert what in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("status", [200, 400, 401, 403])
def test_an_error_of_the_rfc_is_a_refusal_whatever_the_status(redeem, status):
    """Some servers answer 200 with an `error`."""
    with pytest.raises(oauth.RefusedError) as caught:
        redeem(status, b'{"error": "invalid_grant", "error_description": "expired"}')

    assert (caught.value.error, caught.value.description) == ("invalid_grant", "expired")


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_server_that_failed_is_out_of_reach(redeem, status):
    with pytest.raises(oauth.UnreachableError) as caught:
        redeem(status, b"<html>", {"Retry-After": "60"})

    assert caught.value.code == "server_failed"
    assert not isinstance(caught.value, oauth.NotUnderstoodError)


OUTCOMES = [
    (None, 424, "Tripod ID is not available", "could not reach", "no_answer"),
    ((503, b""), 424, "Tripod ID is not available", "could not reach", "server_failed"),
    (
        (200, body(scope=["profile"])),
        424,
        "cannot read the response of Tripod ID",
        "scope is an array",
        "bad_token_response",
    ),
    (
        (200, b"<html>", {"Content-Type": "text/html"}),
        424,
        "cannot read the response of Tripod ID",
        "200 text/html, 6 bytes, not a JSON object",
        "bad_answer",
    ),
    (
        (401, {"error": "invalid_client"}),
        400,
        "Tripod ID did not connect you",
        "The operator of Print Shop must correct them",
        "invalid_client",
    ),
]


@pytest.mark.parametrize(("answer", "status", "title", "words", "reason"), OUTCOMES)
def test_the_page_and_the_log_tell_the_outcomes_apart(
    browser, tripod_id, network, events, answer, status, title, words, reason
):
    callback = tripod_id.authorize(browser.begin())
    if answer is None:
        network.down.add(tripod_id.url)
    network.instead["/oauth/token"] = answer
    page = browser.get(callback)

    assert page.status_code == status
    assert title in page.text
    assert words in page.text
    assert TOKEN not in page.text
    assert events()["access_token_request_failed"]["reason"] == reason


@pytest.mark.parametrize("answer", [(200, body(scope=["profile"])), (200, b"<html>")], ids=str)
def test_a_refresh_that_is_not_understood_keeps_the_connection(
    alices_browser, network, events, answer
):
    form = alices_browser.form()
    network.instead["/oauth/token"] = answer
    page = alices_browser.post("/refresh", form)

    assert page.status_code == 503
    assert "cannot read the response" in page.text
    assert "You are still connected" in page.text
    assert events()["refresh_failed"]["reason"] in ("bad_answer", "bad_token_response")


def test_an_answer_that_is_too_large_is_not_understood(browser, tripod_id, network, events):
    callback = tripod_id.authorize(browser.begin())
    network.instead["/oauth/token"] = (200, body(more="x" * 2**20))

    assert "its answer cannot be read: ResponseTooLarge" in browser.get(callback).text
    assert events()["access_token_request_failed"]["reason"] == "bad_answer"


def test_a_refused_client_is_not_said_to_be_out_of_reach(alices_browser, network, events):
    form = alices_browser.form()
    network.instead["/oauth/token"] = (401, {"error": "invalid_client"})
    page = alices_browser.post("/refresh", form)

    assert page.status_code == 503
    assert "Tripod ID refused Print Shop" in page.text
    assert events()["refresh_failed"]["reason"] == "invalid_client"


@pytest.mark.parametrize(("status", "content"), [(200, b"<html>"), (202, b"{}"), (204, b"")])
def test_any_success_confirms_a_revocation(alices_browser, network, events, status, content):
    """RFC 7009 §2.2: the body of the response is ignored."""
    form = alices_browser.form()
    network.instead["/oauth/revoke"] = (status, content, {"Content-Type": "text/html"})
    alices_browser.post("/disconnect", form)

    assert "revocation_failed" not in events()


METADATA = "/.well-known/oauth-authorization-server"


@pytest.mark.parametrize("media_type", ["text/plain", "application/octet-stream", "text/html"])
def test_metadata_is_recognized_by_its_content(client, network, tripod_id, media_type):
    """File servers do not know the type of a file without an extension."""
    content = json.dumps(tripod_id.metadata).encode()
    network.instead[METADATA] = (200, content, {"Content-Type": media_type})

    assert client.authorization_request("profile")[1].startswith(tripod_id.url)


ODD_METADATA = [
    ({"issuer": "http://127.0.0.1:9000/"}, "wrong_metadata_issuer", "http://127.0.0.1:9000/"),
    ({"issuer": None}, "wrong_metadata_issuer", "None"),
    ({"issuer": ["x"]}, "wrong_metadata_issuer", "['x']"),
    ({"authorization_endpoint": None}, "bad_endpoint", "authorization_endpoint is missing"),
    ({"authorization_endpoint": ["x"]}, "bad_endpoint", "authorization_endpoint is an array"),
    ({"authorization_endpoint": "http://id.example/a"}, "bad_endpoint", "it must be https"),
]


@pytest.mark.parametrize(("members", "reason", "detail"), ODD_METADATA)
def test_invalid_metadata_is_described_in_the_log(
    browser, network, tripod_id, events, members, reason, detail
):
    metadata = {k: v for k, v in (tripod_id.metadata | members).items() if v is not None}
    network.instead[METADATA] = (200, metadata)
    page = browser.get("/connect")
    event = events()["authorization_request_failed"]

    assert page.status_code == 503
    assert "cannot read the response" in page.text
    assert event["reason"] == reason
    assert detail in event["detail"]


@pytest.mark.parametrize("member", ["scopes_supported", "response_types_supported", "jwks_uri"])
@pytest.mark.parametrize("value", [None, "text", 5, {}])
def test_metadata_that_is_not_needed_may_be_missing_or_odd(client, tripod_id, member, value):
    tripod_id.metadata[member] = value

    assert client.authorization_request("profile")[1].startswith(tripod_id.url)
