"""E1 – Token revocation (RFC 7009): either token ends the grant."""

from dataclasses import replace

import pytest
from world.cast import Person
from world.clock import Clock
from world.events import Events
from world.registered_client import RegisteredClient, Tokens


@pytest.fixture
def tokens(alice: Person, print_shop: RegisteredClient) -> Tokens:
    return alice.connect(print_shop)


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_either_token_ends_the_grant(
    print_shop: RegisteredClient, tokens: Tokens, kind: str, events: Events
) -> None:
    """§2.1: SHOULD also invalidate all access tokens based on the same authorization grant."""
    answer = print_shop.revoke(getattr(tokens, kind))

    assert answer.status_code == 200
    assert not print_shop.holds(tokens.access_token)
    assert not print_shop.holds(tokens.refresh_token)
    assert print_shop.refresh(tokens.refresh_token).json()["error"] == "invalid_grant"
    assert [entry["reason"] for entry in events.named("grant_ended")] == ["revoked_by_client"]


@pytest.mark.parametrize("presented", ["made-up", "\0", "é", "x" * 10_000])
def test_revoking_an_unknown_token_succeeds(print_shop: RegisteredClient, presented: str) -> None:
    """§2.2: the server responds with status code 200 if the client submitted an invalid token."""
    assert print_shop.revoke(presented).status_code == 200


def test_revoking_twice_succeeds(
    print_shop: RegisteredClient, tokens: Tokens, events: Events
) -> None:
    print_shop.revoke(tokens.refresh_token)

    assert print_shop.revoke(tokens.refresh_token).status_code == 200
    assert len(events.named("grant_ended")) == 1


def test_an_expired_token_ends_the_grant(
    clock: Clock, alice: Person, print_shop: RegisteredClient
) -> None:
    tokens = alice.connect(print_shop)
    clock.forward(600)
    print_shop.revoke(tokens.access_token)

    assert not print_shop.holds(tokens.refresh_token)


def test_a_spent_token_ends_the_grant(print_shop: RegisteredClient, tokens: Tokens) -> None:
    new = Tokens.read(print_shop.refresh(tokens.refresh_token))
    print_shop.revoke(tokens.refresh_token)

    assert not print_shop.holds(new.access_token)


def test_another_clients_token_cannot_be_revoked(
    print_shop: RegisteredClient, posters: RegisteredClient, tokens: Tokens
) -> None:
    """§2.1: verifies whether the token was issued to the client making the request."""
    answers = [posters.revoke(tokens.access_token), posters.revoke(tokens.refresh_token)]

    assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [
        (400, "invalid_grant")
    ] * 2
    assert print_shop.holds(tokens.access_token)


def test_a_resource_server_cannot_revoke(
    print_shop: RegisteredClient, photo_api: RegisteredClient, tokens: Tokens
) -> None:
    assert photo_api.revoke(tokens.access_token).status_code == 400
    assert print_shop.holds(tokens.access_token)


def test_a_public_client_can_revoke_its_token(
    alice: Person, phone_app: RegisteredClient, photo_api: RegisteredClient
) -> None:
    tokens = alice.connect(phone_app)

    assert phone_app.revoke(tokens.refresh_token).status_code == 200
    assert not photo_api.holds(tokens.access_token)


def test_the_client_must_authenticate(print_shop: RegisteredClient, tokens: Tokens) -> None:
    """§2.1: the authorization server first validates the client credentials."""
    assert (
        replace(print_shop, client_secret="a guess").revoke(tokens.access_token).status_code == 401
    )
    assert print_shop.holds(tokens.access_token)


def test_a_code_cannot_be_revoked(alice: Person, print_shop: RegisteredClient) -> None:
    code = alice.allow_request(print_shop.authorization_path()).code

    assert print_shop.revoke(code).status_code == 200
    assert print_shop.redeem(code).status_code == 200


def test_other_grants_stay_active(
    alice: Person,
    bob: Person,
    print_shop: RegisteredClient,
    posters: RegisteredClient,
    tokens: Tokens,
) -> None:
    bobs, elsewhere, again = (
        bob.connect(print_shop),
        alice.connect(posters),
        alice.connect(print_shop),
    )
    print_shop.revoke(tokens.refresh_token)

    assert print_shop.holds(bobs.access_token)
    assert posters.holds(elsewhere.access_token)
    assert print_shop.holds(again.access_token)


def test_the_consent_is_kept(alice: Person, print_shop: RegisteredClient, tokens: Tokens) -> None:
    """The client gave up its access. The user did not remove it."""
    print_shop.revoke(tokens.refresh_token)

    assert alice.browser.get(print_shop.authorization_path()).status_code == 302


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "id_token", ""])
def test_the_token_type_hint_is_ignored(
    print_shop: RegisteredClient, tokens: Tokens, hint: str
) -> None:
    """§2.1: an authorization server MAY ignore this parameter."""
    assert print_shop.revoke(tokens.access_token, token_type_hint=hint).status_code == 200
    assert not print_shop.holds(tokens.refresh_token)


@pytest.mark.parametrize(
    "changes", [{"token": None}, {"token": ""}, {"token": ["made-up", "made-up"]}]
)
def test_a_request_must_contain_one_token(
    print_shop: RegisteredClient, changes: dict[str, str | list[str] | None]
) -> None:
    answer = print_shop.request("/oauth/revoke", **changes)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
