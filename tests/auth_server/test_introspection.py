"""R2 – Token introspection (RFC 7662)."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from world.cast import Person
from world.clock import Clock
from world.events import Events
from world.page import media_type
from world.registered_client import RegisteredClient, Tokens

from tests.auth_server.server import API, ISSUER, NOON, Server

INACTIVE = {"active": False}


@pytest.fixture
def tokens(clock: Clock, alice: Person, print_shop: RegisteredClient) -> Tokens:
    return alice.connect(print_shop)


def test_introspection_describes_an_active_access_token(
    photo_api: RegisteredClient, tokens: Tokens
) -> None:
    """§2.2."""
    answer = photo_api.introspect(tokens.access_token)

    assert answer.status_code == 200
    claims = dict(answer.json())
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


def test_introspection_marks_a_refresh_token(photo_api: RegisteredClient, tokens: Tokens) -> None:
    """A resource server must be able to reject it, because it is valid as long as the grant."""
    answer = photo_api.introspect(tokens.refresh_token).json()

    assert (answer["active"], answer["token_use"]) == (True, "refresh_token")
    assert "token_type" not in answer
    assert answer["exp"] == int(NOON.timestamp()) + 86400


def test_the_response_is_json_and_must_not_be_cached(
    photo_api: RegisteredClient, tokens: Tokens
) -> None:
    answer = photo_api.introspect(tokens.access_token)

    assert media_type(answer) == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"


def test_introspection_does_not_change_the_times(
    clock: Clock, photo_api: RegisteredClient, tokens: Tokens
) -> None:
    before = photo_api.introspect(tokens.access_token).json()
    clock.forward(100)

    assert photo_api.introspect(tokens.access_token).json() == before


def test_the_subject_is_not_the_username(
    alice: Person, bob: Person, print_shop: RegisteredClient, posters: RegisteredClient
) -> None:
    alices = print_shop.introspect(alice.connect(print_shop).access_token).json()
    alices_again = posters.introspect(alice.connect(posters).access_token).json()
    bobs = print_shop.introspect(bob.connect(print_shop).access_token).json()

    assert alices["sub"] == alices_again["sub"] != bobs["sub"]
    assert "alice" not in alices["sub"]


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_only_tokens_with_the_scope_profile_tell_the_users_name(
    alice: Person, print_shop: RegisteredClient, photo_api: RegisteredClient, kind: str
) -> None:
    with_profile, without = (
        getattr(alice.connect(print_shop, scope=scope), kind)
        for scope in ("photos:read profile", "photos:read")
    )

    for caller in (print_shop, photo_api):
        named, unnamed = (caller.introspect(token).json() for token in (with_profile, without))
        assert (named["username"], named["name"]) == ("alice", "Alice Liddell")
        assert {"username", "name"}.isdisjoint(unnamed)
        assert named["sub"] == unnamed["sub"]


def test_a_client_does_not_learn_the_name_of_a_user_who_unticked_profile(
    alice: Person, print_shop: RegisteredClient
) -> None:
    tokens = alice.connect(print_shop, "photos:read", scope="profile photos:read")

    for token in (tokens.access_token, tokens.refresh_token):
        assert "Alice" not in print_shop.introspect(token).text


def test_an_access_token_with_less_scope_than_its_grant_tells_no_name(
    print_shop: RegisteredClient, photo_api: RegisteredClient, tokens: Tokens
) -> None:
    narrow = Tokens.read(print_shop.refresh(tokens.refresh_token, scope="photos:read"))

    assert "username" not in photo_api.introspect(narrow.access_token).json()
    assert photo_api.introspect(narrow.refresh_token).json()["username"] == "alice"


# Inactive ---------------------------------------------------------------------


@pytest.mark.parametrize("presented", ["made-up", "\0", "é", "x" * 10_000, " "])
def test_an_unknown_token_is_inactive(photo_api: RegisteredClient, presented: str) -> None:
    """§2.2: MUST return a response with the "active" field set to "false", and nothing more."""
    answer = photo_api.introspect(presented)

    assert (answer.status_code, answer.json()) == (200, INACTIVE)


def test_a_token_is_active_until_it_expires(
    clock: Clock, photo_api: RegisteredClient, tokens: Tokens
) -> None:
    """§4: the authorization server MUST determine whether or not the token has expired."""
    clock.forward(119)
    before = photo_api.holds(tokens.access_token)
    clock.forward(1)

    assert before
    assert photo_api.introspect(tokens.access_token).json() == INACTIVE


def test_a_code_is_not_active(
    alice: Person, print_shop: RegisteredClient, photo_api: RegisteredClient
) -> None:
    code = alice.allow_request(print_shop.authorization_path()).code

    assert photo_api.introspect(code).json() == INACTIVE


@pytest.mark.parametrize(("seconds", "is_active"), [(86399, True), (86400, False), (86401, False)])
def test_a_refresh_token_expires_with_its_grant(
    clock: Clock, photo_api: RegisteredClient, tokens: Tokens, seconds: int, is_active: bool
) -> None:
    clock.forward(seconds)

    assert photo_api.introspect(tokens.refresh_token).json()["active"] is is_active


def test_a_spent_refresh_token_is_inactive(
    print_shop: RegisteredClient, photo_api: RegisteredClient, tokens: Tokens
) -> None:
    print_shop.refresh(tokens.refresh_token)

    assert photo_api.introspect(tokens.refresh_token).json() == INACTIVE


def test_tokens_of_an_ended_grant_are_inactive(
    print_shop: RegisteredClient, photo_api: RegisteredClient, tokens: Tokens
) -> None:
    """§4: if the token can be revoked, the server MUST determine whether or not it has been."""
    print_shop.revoke(tokens.refresh_token)

    assert photo_api.introspect(tokens.access_token).json() == INACTIVE
    assert photo_api.introspect(tokens.refresh_token).json() == INACTIVE


def test_the_reason_for_inactive_is_logged(
    clock: Clock,
    print_shop: RegisteredClient,
    photo_api: RegisteredClient,
    tokens: Tokens,
    events: Events,
) -> None:
    photo_api.introspect("made-up")
    print_shop.refresh(tokens.refresh_token)
    photo_api.introspect(tokens.refresh_token)
    clock.forward(121)
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


def test_introspection_changes_nothing(
    print_shop: RegisteredClient, photo_api: RegisteredClient, tokens: Tokens
) -> None:
    for _ in range(3):
        photo_api.introspect(tokens.refresh_token)

    assert print_shop.refresh(tokens.refresh_token).status_code == 200


# Callers ----------------------------------------------------------------------


def test_a_client_may_introspect_its_own_token(
    print_shop: RegisteredClient, tokens: Tokens
) -> None:
    assert print_shop.introspect(tokens.access_token).json()["username"] == "alice"


def test_a_client_learns_nothing_about_other_clients_tokens(
    posters: RegisteredClient, tokens: Tokens, events: Events
) -> None:
    """§4: a registered client must not be able to scan for tokens."""
    answer = posters.introspect(tokens.access_token)

    assert (answer.status_code, answer.json()) == (200, INACTIVE)
    assert [entry["client_id"] for entry in events.named("introspection_refused")] == [
        posters.client_id
    ]


def test_every_resource_server_may_introspect(
    server: Server, registers: Callable[..., RegisteredClient], tokens: Tokens
) -> None:
    other_api = registers("--name", "Another API", "--resource-server")

    assert other_api.holds(tokens.access_token)


def test_an_unauthenticated_request_is_rejected(
    photo_api: RegisteredClient, phone_app: RegisteredClient, tokens: Tokens
) -> None:
    """§2.1: the endpoint MUST also require some form of authorization to access this endpoint."""
    assert (
        replace(photo_api, client_secret="a guess").introspect(tokens.access_token).status_code
        == 401
    )
    assert replace(photo_api, client_secret=None).introspect(tokens.access_token).status_code == 401
    assert phone_app.introspect(tokens.access_token).status_code == 401


# The form of the request ------------------------------------------------------


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "id_token", "", "é"])
def test_the_token_type_hint_is_ignored(
    photo_api: RegisteredClient, tokens: Tokens, hint: str
) -> None:
    """§2.1: MUST extend its search if it does not find the token by the hint."""
    assert photo_api.introspect(tokens.access_token, token_type_hint=hint).json()["active"]
    assert photo_api.introspect(tokens.refresh_token, token_type_hint=hint).json()["active"]


@pytest.mark.parametrize(
    "changes", [{"token": None}, {"token": ""}, {"token": ["made-up", "made-up"]}]
)
def test_a_request_must_contain_one_token(
    photo_api: RegisteredClient, changes: dict[str, str | list[str] | None]
) -> None:
    answer = photo_api.request("/oauth/introspect", **changes)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_token_in_the_query_is_rejected(
    server: Server, photo_api: RegisteredClient, tokens: Tokens
) -> None:
    """§2.1: the token is in the request body, because queries end up in logs."""
    assert photo_api.client_secret
    auth, query = (photo_api.client_id, photo_api.client_secret), {"token": tokens.access_token}

    assert server.browser().post("/oauth/introspect", params=query, auth=auth).status_code == 400
    assert server.browser().get("/oauth/introspect", params=query, auth=auth).status_code == 405
