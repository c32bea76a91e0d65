"""R2 – Token introspection (RFC 7662)."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.auth_server.cast import (
    API,
    ISSUER,
    NOON,
    Clock,
    Events,
    Person,
    RegisteredClient,
    Server,
    Tokens,
)

INACTIVE = {"active": False}


@pytest.fixture
def tokens(clock: Clock, alice: Person, print_shop: RegisteredClient) -> Tokens:
    return print_shop.connect(alice)


def test_an_access_token_tells_everything_about_itself(
    photo_api: RegisteredClient, tokens: Tokens
) -> None:
    """§2.2."""
    answer = photo_api.introspect(tokens.access_token)

    assert answer.status_code == 200
    claims = dict(answer.json)
    assert claims.pop("sub")
    assert claims == {
        "active": True,
        "token_use": "access_token",
        "token_type": "Bearer",
        "scope": "profile photos:read",
        "client_id": "print-shop",
        "username": "alice",
        "name": "Alice Liddell",
        "aud": API,
        "iss": ISSUER,
        "iat": int(NOON.timestamp()),
        "exp": int(NOON.timestamp()) + 120,
    }


def test_a_refresh_token_says_that_it_is_no_access_token(
    photo_api: RegisteredClient, tokens: Tokens
) -> None:
    """A resource server must be able to tell: it lives as long as the grant, and is no bearer token."""
    answer = photo_api.introspect(tokens.refresh_token).json

    assert (answer["active"], answer["token_use"]) == (True, "refresh_token")
    assert "token_type" not in answer
    assert answer["exp"] == int(NOON.timestamp()) + 86400


def test_the_answer_is_json_that_nobody_keeps(photo_api: RegisteredClient, tokens: Tokens) -> None:
    answer = photo_api.introspect(tokens.access_token)

    assert answer.mimetype == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_token_keeps_its_times_when_it_is_asked_about(
    clock: Clock, photo_api: RegisteredClient, tokens: Tokens
) -> None:
    before = photo_api.introspect(tokens.access_token).json
    clock.advance(100)

    assert photo_api.introspect(tokens.access_token).json == before


def test_the_subject_is_the_persons_and_not_her_name(
    alice: Person, bob: Person, print_shop: RegisteredClient, posters: RegisteredClient
) -> None:
    hers = print_shop.introspect(print_shop.connect(alice).access_token).json
    hers_again = posters.introspect(posters.connect(alice).access_token).json
    his = print_shop.introspect(print_shop.connect(bob).access_token).json

    assert hers["sub"] == hers_again["sub"] != his["sub"]
    assert "alice" not in hers["sub"]


# Inactive --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("presented", ["made-up", "\0", "é", "x" * 10_000, " "])
def test_an_unknown_token_is_inactive(photo_api: RegisteredClient, presented: str) -> None:
    """§2.2: the server MUST return an introspection response with the "active" field set to "false", and nothing more."""
    answer = photo_api.introspect(presented)

    assert (answer.status_code, answer.json) == (200, INACTIVE)


def test_a_token_is_active_until_the_second_it_expires(
    clock: Clock, photo_api: RegisteredClient, tokens: Tokens
) -> None:
    """§4: the authorization server MUST determine whether or not the token has expired."""
    clock.advance(119)
    before = photo_api.holds(tokens.access_token)
    clock.advance(1)

    assert before
    assert photo_api.introspect(tokens.access_token).json == INACTIVE


def test_a_code_is_no_token(
    alice: Person, print_shop: RegisteredClient, photo_api: RegisteredClient
) -> None:
    code = alice.allow(print_shop.authorization_request()).code

    assert photo_api.introspect(code).json == INACTIVE


@pytest.mark.parametrize(("seconds", "is_active"), [(86399, True), (86400, False), (86401, False)])
def test_a_refresh_token_expires_with_its_grant(
    clock: Clock, photo_api: RegisteredClient, tokens: Tokens, seconds: int, is_active: bool
) -> None:
    clock.advance(seconds)

    assert photo_api.introspect(tokens.refresh_token).json["active"] is is_active


def test_a_spent_refresh_token_is_inactive(
    print_shop: RegisteredClient, photo_api: RegisteredClient, tokens: Tokens
) -> None:
    print_shop.refresh(tokens.refresh_token)

    assert photo_api.introspect(tokens.refresh_token).json == INACTIVE


def test_what_belongs_to_an_ended_grant_is_inactive(
    print_shop: RegisteredClient, photo_api: RegisteredClient, tokens: Tokens
) -> None:
    """§4: if the token can be revoked, the authorization server MUST determine whether or not it has been."""
    print_shop.revoke(tokens.refresh_token)

    assert photo_api.introspect(tokens.access_token).json == INACTIVE
    assert photo_api.introspect(tokens.refresh_token).json == INACTIVE


def test_the_event_log_says_why_a_token_is_not_active(
    clock: Clock,
    print_shop: RegisteredClient,
    photo_api: RegisteredClient,
    tokens: Tokens,
    events: Events,
) -> None:
    photo_api.introspect("made-up")
    print_shop.refresh(tokens.refresh_token)
    photo_api.introspect(tokens.refresh_token)
    clock.advance(121)
    photo_api.introspect(tokens.access_token)
    print_shop.revoke(tokens.access_token)
    photo_api.introspect(tokens.access_token)

    assert [entry["reason"] for entry in events.named("token_not_active")] == [
        "unknown_token",
        "refresh_token_not_active",
        "access_token_expired",
        "grant_ended",
    ]
    assert events.named("token_not_active")[-1]["end_reason"] == "revoked_by_client"


def test_to_be_asked_about_changes_nothing(
    print_shop: RegisteredClient, photo_api: RegisteredClient, tokens: Tokens
) -> None:
    for _ in range(3):
        photo_api.introspect(tokens.refresh_token)

    assert print_shop.refresh(tokens.refresh_token).status_code == 200


# Who may ask -----------------------------------------------------------------------------------------------------------


def test_a_token_s_own_client_may_ask(print_shop: RegisteredClient, tokens: Tokens) -> None:
    assert print_shop.introspect(tokens.access_token).json["username"] == "alice"


def test_any_other_client_learns_nothing(
    posters: RegisteredClient, tokens: Tokens, events: Events
) -> None:
    """§4: no token scanning by somebody who merely has an account."""
    answer = posters.introspect(tokens.access_token)

    assert (answer.status_code, answer.json) == (200, INACTIVE)
    assert [entry["client_id"] for entry in events.named("introspection_refused")] == [
        posters.client_id
    ]


def test_every_resource_server_may_ask(
    server: Server, registers: Callable[..., RegisteredClient], tokens: Tokens
) -> None:
    other_api = registers("--name", "Another API", "--resource-server")

    assert other_api.holds(tokens.access_token)


def test_nobody_else_may(
    photo_api: RegisteredClient, phone_app: RegisteredClient, tokens: Tokens
) -> None:
    """§2.1: the endpoint MUST also require some form of authorization to access this endpoint."""
    assert replace(photo_api, secret="a guess").introspect(tokens.access_token).status_code == 401
    assert replace(photo_api, secret=None).introspect(tokens.access_token).status_code == 401
    assert phone_app.introspect(tokens.access_token).status_code == 401


# The form of the request -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "id_token", "", "é"])
def test_the_hint_does_not_matter(photo_api: RegisteredClient, tokens: Tokens, hint: str) -> None:
    """§2.1: the server MAY ignore this parameter, and MUST extend its search if it does not find it by the hint."""
    assert photo_api.introspect(tokens.access_token, token_type_hint=hint).json["active"]
    assert photo_api.introspect(tokens.refresh_token, token_type_hint=hint).json["active"]


@pytest.mark.parametrize(
    "changes", [{"token": None}, {"token": ""}, {"token": ["made-up", "made-up"]}]
)
def test_a_request_names_one_token(
    photo_api: RegisteredClient, changes: dict[str, str | list[str] | None]
) -> None:
    answer = photo_api.request("/oauth/introspect", **changes)

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_the_token_does_not_come_in_the_query(
    server: Server, photo_api: RegisteredClient, tokens: Tokens
) -> None:
    """§2.1: in the request body; a query ends up in logs."""
    assert photo_api.secret
    auth, query = (photo_api.client_id, photo_api.secret), {"token": tokens.access_token}

    assert (
        server.browser().post("/oauth/introspect", query_string=query, auth=auth).status_code == 400
    )
    assert (
        server.browser().get("/oauth/introspect", query_string=query, auth=auth).status_code == 405
    )
