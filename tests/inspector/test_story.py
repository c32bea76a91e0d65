"""The description of a message says who sent it and what the result was."""

from typing import Any

import pytest

from inspector.read.messages import read_trees
from inspector.read.names import Names
from inspector.read.steps import Lane
from inspector.read.story import sentence
from tests.inspector.exchanges import exchange

NAMES = Names("Paper Calendar", "Tripod ID")
BASIC = [("Authorization", "Basic print-shop:••••••••")]
BEARER = [("Authorization", "Bearer ••••••••")]
MALLORY = [("User-Agent", "Tripod lab: mallory")]
IN_CAROLS_BROWSER = [("User-Agent", "Tripod lab: mallory's work, in carol's browser (simulated)")]
CODE_GRANT = [("grant_type", "authorization_code")]
REFRESH_GRANT = [("grant_type", "refresh_token")]
REDIRECT_URI = "http://127.0.0.1:9001/callback"
UNKNOWN = [{"event": "authorization_response_refused", "reason": "unknown_state"}]
DENIED = [{"event": "authorization_response_refused", "reason": "access_denied"}]
ENDED = [{"event": "grant_ended", "reason": "replay"}]


def describe(leg: str, request_line: str, **fields: Any) -> str:
    """Return the description of a message that is alone in its flow."""
    [message] = read_trees([exchange(leg, request_line, **fields)])
    return sentence(message, NAMES)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"location": "http://127.0.0.1:9000/oauth/authorize?state=s"},
            "sends the browser to the authorization server",
        ),
        ({"status": 503}, "cannot continue"),
    ],
)
def test_a1_is_described_by_its_response(fields: dict[str, Any], expected: str) -> None:
    assert expected in describe("client_app", "GET /connect", **fields)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"location": "/login?next=x"}, "where to send the response."),
        ({}, "is signed in, so Tripod ID asks for consent."),
        (
            {"location": f"{REDIRECT_URI}?code=c&state=s"},
            "allowed this before, so Tripod ID responds immediately.",
        ),
        (
            {"location": f"{REDIRECT_URI}?error=invalid_request"},
            "Tripod ID refuses, and the browser carries the error back.",
        ),
        ({"status": 400}, "does not redirect the browser."),
    ],
)
def test_a2_is_described_by_its_response(fields: dict[str, Any], expected: str) -> None:
    story = describe("auth_server", "GET /oauth/authorize", query=[("state", "s")], **fields)

    assert story.startswith("Paper Calendar requests access")
    assert story.endswith(expected)


def test_the_choice_of_an_account_is_described() -> None:
    page, choice = (
        read_trees([exchange("auth_server", f"{method} /login/account")])[0]
        for method in ("GET", "POST")
    )

    assert (page.answer_step, choice.step) == ("A3", "")
    assert sentence(page, NAMES) == "Tripod ID asks which account the user wants to use."
    assert sentence(choice, NAMES) == "The user continues with the account that is signed in."


def test_a_password_manager_request_comes_from_the_browser() -> None:
    [message] = read_trees([exchange("auth_server", "GET /.well-known/change-password")])

    assert message.source == Lane.BROWSER
    assert sentence(message, NAMES) == (
        "A password manager looks for the page to change the password."
    )


@pytest.mark.parametrize("leg", ["auth_server", "resource_api"])
def test_a_preflight_is_described_as_a_question_of_the_browser(leg: str) -> None:
    """It belongs to no step, although a request to the API usually does."""
    [message] = read_trees([exchange(leg, "OPTIONS /photos", status=204)])

    assert (message.step, message.source) == ("", Lane.BROWSER)
    assert sentence(message, NAMES) == (
        "The browser asks whether a script of another site may send a request here (CORS)."
    )


def test_a_repeated_authorization_request_is_described_as_repeated() -> None:
    first = exchange(
        "auth_server", "GET /oauth/authorize", query=[("state", "s")], location="/login"
    )
    again = exchange("auth_server", "GET /oauth/authorize", at=1, query=[("state", "s")])

    _, message = read_trees([first, again])

    assert sentence(message, NAMES).startswith(
        "The browser sends the same request again. The user is"
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"location": "/oauth/authorize"}, "The user signs in."),
        ({"status": 400}, "and Tripod ID refuses."),
        ({"status": 429}, "and Tripod ID refuses."),
    ],
)
def test_a4_is_described_by_its_response(fields: dict[str, Any], expected: str) -> None:
    assert expected in describe("auth_server", "POST /login", **fields)


@pytest.mark.parametrize(
    ("decision", "fields", "expected"),
    [
        ("allow", {"location": f"{REDIRECT_URI}?code=c"}, "issues a code for Paper Calendar."),
        (
            "deny",
            {"location": f"{REDIRECT_URI}?error=access_denied"},
            "The user denies the request.",
        ),
        ("allow", {"location": f"{REDIRECT_URI}?error=server_error"}, "Tripod ID refuses"),
        ("allow", {"status": 400}, "does not accept this form. It issues no code."),
    ],
)
def test_a6_is_described_by_decision_and_response(
    decision: str, fields: dict[str, Any], expected: str
) -> None:
    assert expected in describe(
        "auth_server", "POST /oauth/authorize", form=[("decision", decision)], **fields
    )


@pytest.mark.parametrize(
    ("query", "fields", "expected"),
    [
        ([("code", "c")], {"location": "/photos"}, "carries the code to Paper Calendar"),
        (
            [("error", "access_denied")],
            {"status": 403},
            "carries Tripod ID’s error to Paper Calendar",
        ),
        (
            [("error", "access_denied")],
            {"status": 400, "events": UNKNOWN},
            "a response that Paper Calendar does not accept",
        ),
        (
            [("error", "access_denied")],
            {"status": 403, "events": DENIED},
            "carries Tripod ID’s error to Paper Calendar",
        ),
        (
            [("code", "c")],
            {"status": 400, "events": UNKNOWN},
            "a response that Paper Calendar does not accept",
        ),
        ([("code", "c")], {"status": 502}, "which gets no tokens for it"),
    ],
)
def test_a7_is_described_by_parameters_and_response(
    query: list[tuple[str, str]], fields: dict[str, Any], expected: str
) -> None:
    assert expected in describe("client_app", "GET /callback", query=query, **fields)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"request_headers": BASIC, "form": CODE_GRANT}, "proves its identity with its secret"),
        (
            {"form": [*CODE_GRANT, ("client_secret", "••••••••")]},
            "proves its identity with its secret",
        ),
        (
            {"form": [*CODE_GRANT, ("client_id", "public")]},
            "Only the verifier proves that it started this flow.",
        ),
        ({"request_headers": BASIC, "form": CODE_GRANT, "status": 400}, "gets no tokens for it"),
        ({"form": REFRESH_GRANT}, "The old one is spent"),
        ({"form": REFRESH_GRANT, "status": 400}, "gets no new tokens for it"),
        (
            {"form": [("grant_type", "password")], "status": 400},
            "with a grant type that Tripod ID does not support",
        ),
    ],
)
def test_a_token_request_is_described_by_grant_type_and_response(
    fields: dict[str, Any], expected: str
) -> None:
    assert expected in describe("auth_server", "POST /oauth/token", **fields)


def test_a_refresh_is_not_described_as_caused_by_expiry() -> None:
    """The message does not show whether the old token had expired."""
    assert "expired" not in describe("auth_server", "POST /oauth/token", form=REFRESH_GRANT)


def test_r1_is_described_with_its_introspection_if_there_is_one() -> None:
    photos = exchange(
        "resource_api", "GET /photos", until=1, request_id="one", request_headers=BEARER
    )
    introspection = exchange(
        "auth_server",
        "POST /oauth/introspect",
        at=0.1,
        request_id="one",
        request_headers=[("Authorization", "Basic photo-api:••••••••")],
    )

    [introspected], [not_introspected] = read_trees([photos, introspection]), read_trees([photos])

    assert "Photo API introspects it at Tripod ID" in sentence(introspected, NAMES)
    assert (
        sentence(not_introspected, NAMES) == "Paper Calendar calls the API with the access token."
    )


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, "with an access token that does not allow this."),
        (403, "with an access token that does not allow this."),
        (404, "does not exist, or sends an invalid request."),
        (400, "does not exist, or sends an invalid request."),
    ],
)
def test_a_rejected_r1_is_described_by_its_status(status: int, expected: str) -> None:
    assert describe("resource_api", "GET /photos", request_headers=BEARER, status=status).endswith(
        expected
    )


def test_a_revocation_by_a_new_connection_ends_another_grant() -> None:
    callback = exchange(
        "client_app", "GET /callback", until=1, request_id="one", location="/photos"
    )
    revocation = exchange(
        "auth_server", "POST /oauth/revoke", at=0.5, request_id="one", events=ENDED
    )

    [tree] = read_trees([callback, revocation])

    assert sentence(tree.inside[0], NAMES).endswith("That grant ends; this one has just begun.")


@pytest.mark.parametrize(
    ("path", "fields", "expected"),
    [
        ("/oauth/revoke", {"events": ENDED}, "Paper Calendar revokes its token. The grant ends"),
        ("/oauth/revoke", {}, "a token whose grant had already ended."),
        ("/oauth/revoke", {"status": 401}, "and Tripod ID refuses."),
        ("/account/apps", {"events": ENDED}, "The user removes an app."),
    ],
)
def test_e1_is_described_by_its_response(path: str, fields: dict[str, Any], expected: str) -> None:
    assert expected in describe("auth_server", f"POST {path}", **fields)


@pytest.mark.parametrize(
    ("leg", "request_line", "expected"),
    [
        ("client_app", "GET /", "home page"),
        ("client_app", "GET /photos", "opens the album"),
        (
            "client_app",
            "GET /photos/0a/image",
            "through Paper Calendar, because the browser has no token",
        ),
        ("client_app", "POST /photos", "adds a photo"),
        ("client_app", "POST /photos/0a/title", "renames a photo"),
        ("client_app", "GET /photos/0a/delete", "asks the user to confirm the deletion"),
        ("client_app", "POST /photos/0a/delete", "deletes a photo"),
        ("client_app", "GET /orders/12", "orders prints"),
        ("client_app", "POST /refresh", "refresh its tokens now"),
        ("client_app", "POST /disconnect", "deletes its tokens"),
        ("auth_server", "GET /", "who is signed in"),
        ("auth_server", "GET /login", "opens the login page"),
        ("auth_server", "POST /logout", "signs out"),
        ("auth_server", "GET /account/apps", "the list of apps that have access"),
        ("auth_server", "POST /account/password", "manages their account"),
        ("auth_server", "GET /developer/apps", "A developer"),
        (
            "auth_server",
            "GET /.well-known/oauth-authorization-server",
            "reads the addresses of Tripod ID’s endpoints",
        ),
        ("auth_server", "POST /oauth/introspect", "Paper Calendar asks whether a token is active"),
        (
            "auth_server",
            "GET /oauth/token",
            "Paper Calendar sends GET to an endpoint that accepts only POST",
        ),
        (
            "resource_api",
            "GET /.well-known/oauth-protected-resource",
            "reads Photo API’s metadata, which names its authorization server.",
        ),
        ("resource_api", "GET /photos", "without an access token"),
        (
            "client_app",
            "GET /{client.__class__}",
            "The browser requests /{client.__class__} from Paper Calendar.",
        ),
        ("auth_server", "GET /%7B", "The browser requests /%7B from Tripod ID."),
        ("auth_server", "GET /{", "The browser requests /{ from Tripod ID."),
    ],
)
def test_a_message_without_a_step_is_described_by_its_address(
    leg: str, request_line: str, expected: str
) -> None:
    assert expected in describe(leg, request_line)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"request_headers": MALLORY + BASIC, "status": 400},
            "sends this as Paper Calendar. Tripod ID refuses",
        ),
        (
            {"request_headers": MALLORY + BASIC},
            "The attacker sends this as Paper Calendar.",
        ),
        ({"request_headers": MALLORY}, "The attacker sends this."),
        (
            {"request_headers": IN_CAROLS_BROWSER},
            "The attacker makes another user’s browser send this.",
        ),
    ],
)
def test_the_attackers_messages_are_described_as_such(
    fields: dict[str, Any], expected: str
) -> None:
    story = describe("auth_server", "POST /oauth/token", form=CODE_GRANT, **fields)

    assert expected in story
    assert "exchanges the code" not in story


CHALLENGE = [("WWW-Authenticate", 'Bearer error="insufficient_scope", scope="photos:write"')]


@pytest.mark.parametrize(
    ("leg", "request_line", "fields", "expected"),
    [
        ("auth_server", "GET /oauth/userinfo", {}, "tells what the scope allows."),
        ("auth_server", "GET /oauth/userinfo", {"status": 403}, "Tripod ID refuses."),
        (
            "resource_api",
            "POST /mcp",
            {"status": 403, "response_headers": CHALLENGE},
            "Photo API names the scope that is needed",
        ),
    ],
)
def test_a_call_with_an_access_token_is_described_by_its_address_and_response(
    leg: str, request_line: str, fields: dict[str, Any], expected: str
) -> None:
    assert expected in describe(leg, request_line, request_headers=BEARER, **fields)
