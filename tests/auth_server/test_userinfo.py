"""The userinfo endpoint (OpenID Connect Core §5.3, RFC 6750)."""

from collections.abc import Callable

import pytest
import requests
from world.cast import Person
from world.clock import Clock
from world.events import Events
from world.page import media_type
from world.registered_client import RegisteredClient, Tokens

from auth_server import request_throttling
from config import DEMO_SUBJECTS
from tests.auth_server.server import NOON, Server

USERINFO = "/oauth/userinfo"
SCOPE = "openid profile email"


@pytest.fixture
def tokens(alice: Person, print_shop: RegisteredClient) -> Tokens:
    return alice.connect(print_shop, scope=SCOPE)


def ask(
    server: Server, token: str | None = None, method: str = "GET", **headers: str
) -> requests.Response:
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return server.session().request(
        method, f"{server.settings.auth_server_url}{USERINFO}", headers=headers
    )


def claims(server: Server, token: str) -> dict[str, object]:
    answer = ask(server, token)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


def challenge(answer: requests.Response) -> str:
    return answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_it_returns_what_the_scope_allows(server: Server, tokens: Tokens, method: str) -> None:
    answer = ask(server, tokens.access_token, method)

    found = answer.json()
    assert (answer.status_code, media_type(answer)) == (200, "application/json")
    assert answer.headers["Cache-Control"] == "no-store"
    assert isinstance(found.pop("updated_at"), int)
    assert found == {
        "sub": DEMO_SUBJECTS["alice"],
        "name": "Alice Liddell",
        "preferred_username": "alice",
        "email": "alice@example.com",
        "email_verified": False,
    }


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        ("openid", {"sub"}),
        ("openid profile", {"sub", "name", "preferred_username", "updated_at"}),
        ("openid email", {"sub", "email", "email_verified"}),
    ],
)
def test_each_scope_adds_its_own_claims(
    server: Server, alice: Person, print_shop: RegisteredClient, scope: str, names: set[str]
) -> None:
    assert set(claims(server, alice.connect(print_shop, scope=scope).access_token)) == names


def test_the_update_time_is_that_of_the_account(clock: Clock, server: Server) -> None:
    server.run("users", "create", "carol", stdin="correct horse\n")
    clock.forward(500)
    client = server.client("print-shop", server.settings.demo_client_secret)
    client.redirect_uri = f"{server.settings.client_app_url}/callback"

    tokens = server.person("carol", "correct horse").connect(client, scope=SCOPE)

    assert claims(server, tokens.access_token)["updated_at"] == int(NOON.timestamp())


def test_a_user_without_an_address_has_no_email_claims(
    server: Server, mallory: Person, print_shop: RegisteredClient
) -> None:
    tokens = mallory.connect(print_shop, scope="openid email")

    assert set(claims(server, tokens.access_token)) == {"sub"}


def test_a_token_for_another_resource_server_is_accepted(
    server: Server, alice: Person, print_shop: RegisteredClient
) -> None:
    server.run(
        *("clients", "create", "--name", "Tools", "--resource-server"),
        *("--resource", "https://mcp.example/tools"),
    )
    tokens = alice.connect(print_shop, scope="openid", resource="https://mcp.example/tools")

    assert claims(server, tokens.access_token)["sub"] == DEMO_SUBJECTS["alice"]


def test_without_credentials_the_challenge_has_no_error(server: Server) -> None:
    """RFC 6750 §3.1: SHOULD NOT include an error code."""
    answer = ask(server)

    assert answer.status_code == 401
    assert challenge(answer) == 'Bearer realm="Tripod ID", scope="openid"'


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer a b", "Bearer ä", "Bearer a, Bearer b", "Basic eA==, Bearer a"]
)
def test_a_malformed_header_is_an_invalid_request(server: Server, header: str) -> None:
    answer = server.raw_client().get(USERINFO, headers={"Authorization": header})

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
    assert 'error="invalid_request"' in answer.headers["WWW-Authenticate"]


def test_another_scheme_counts_as_no_credentials(server: Server) -> None:
    answer = ask(server, Authorization="Basic cHJpbnQtc2hvcDpzZWNyZXQ=")

    assert (answer.status_code, "error" in challenge(answer)) == (401, False)


def test_an_unknown_token_is_invalid(server: Server) -> None:
    answer = ask(server, "made-up")

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
    assert 'error="invalid_token"' in challenge(answer)


def test_a_token_in_the_query_or_the_form_is_ignored(server: Server, tokens: Tokens) -> None:
    in_query = server.browser().get(f"{USERINFO}?access_token={tokens.access_token}")
    in_form = server.post(USERINFO, {"access_token": tokens.access_token})

    assert (in_query.status_code, in_form.status_code) == (401, 401)


def test_a_token_without_openid_has_an_insufficient_scope(
    server: Server, alice: Person, print_shop: RegisteredClient
) -> None:
    answer = ask(server, alice.connect(print_shop, scope="profile email").access_token)

    assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")
    assert 'scope="openid"' in challenge(answer)


def test_a_refresh_token_is_no_access_token(server: Server, tokens: Tokens) -> None:
    assert ask(server, tokens.refresh_token).status_code == 401


def test_an_expired_token_is_refused(clock: Clock, server: Server, tokens: Tokens) -> None:
    clock.forward(tokens.expires_in)

    assert ask(server, tokens.access_token).status_code == 401


def test_a_revoked_token_is_refused_at_once(
    server: Server, tokens: Tokens, print_shop: RegisteredClient
) -> None:
    print_shop.revoke(tokens.access_token)

    assert ask(server, tokens.access_token).status_code == 401


def test_outside_the_demo_a_token_of_the_demo_is_unknown(
    tokens: Tokens, server: Server, start: Callable[..., Server]
) -> None:
    outside = start(DEMO="0")

    assert ask(outside, tokens.access_token).status_code == 401
    assert ask(server, tokens.access_token).status_code == 200


def test_a_refusal_is_in_the_event_log_without_the_token(
    server: Server, tokens: Tokens, events: Events, print_shop: RegisteredClient
) -> None:
    print_shop.revoke(tokens.access_token)
    ask(server, tokens.access_token)

    [event] = events.named("request_refused")
    assert (event["endpoint"], event["reason"]) == (USERINFO, "grant_ended")
    assert event["client_id"] == "print-shop"
    assert tokens.access_token not in str(events.entries)


def test_a_flood_of_unknown_tokens_is_throttled(
    server: Server, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_throttling, "FAILURES_PER_ADDRESS", 2)

    answers = [ask(server, f"made-up-{number}") for number in range(3)]

    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert answers[-1].headers["Retry-After"]
    assert ask(server, tokens.access_token).status_code == 200


def test_a_user_may_have_an_email_address(server: Server, print_shop: RegisteredClient) -> None:
    server.run("users", "create", "carol", "--email", "carol@post.example", stdin="red balloon\n")
    carol = server.person("carol", "red balloon")

    tokens = carol.connect(print_shop, scope="openid email")

    assert claims(server, tokens.access_token)["email"] == "carol@post.example"


@pytest.mark.parametrize(
    "address",
    ["carol", "@example.com", "carol@", "a b@example.com", "a@b@c", f"{'a' * 250}@b.de", "a@b\n"],
)
def test_a_malformed_email_address_is_refused(server: Server, address: str) -> None:
    result = server.run("users", "create", "dora", "--email", address, stdin="red balloon\n")

    assert result.exit_code == 1
    assert "name@example.com" in result.output
    assert "dora" not in server.run("users", "list").output
