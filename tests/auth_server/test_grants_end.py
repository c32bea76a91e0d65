"""The end of a grant: it ends once, with one reason, together with its codes and tokens."""

from collections.abc import Callable

import pytest
from world.cast import Person
from world.events import Events
from world.registered_client import RegisteredClient, Tokens

from tests.auth_server.server import Server

End = Callable[[], object]


@pytest.fixture
def code(alice: Person, posters: RegisteredClient) -> str:
    return alice.allow_request(posters.authorization_path()).code


@pytest.fixture
def tokens(posters: RegisteredClient, code: str) -> Tokens:
    return Tokens.read(posters.redeem(code))


@pytest.fixture
def ends(server: Server, posters: RegisteredClient, code: str, tokens: Tokens) -> dict[str, End]:
    """End the grant of `tokens` in each possible way."""

    def replay_a_refresh_token() -> None:
        for token in (tokens.refresh_token, tokens.refresh_token, tokens.refresh_token):
            posters.refresh(token)

    return {
        "a code is replayed": lambda: posters.redeem(code),
        "a refresh token is replayed": replay_a_refresh_token,
        "the access token is revoked": lambda: posters.revoke(tokens.access_token),
        "the refresh token is revoked": lambda: posters.revoke(tokens.refresh_token),
        "the client is deleted": lambda: server.run("clients", "delete", posters.client_id),
        "the person is deleted": lambda: server.run("users", "delete", "alice"),
    }


WAYS = [
    *["a code is replayed", "a refresh token is replayed", "the access token is revoked"],
    *["the refresh token is revoked", "the client is deleted", "the person is deleted"],
]


@pytest.mark.parametrize("way", WAYS)
def test_all_tokens_of_an_ended_grant_are_inactive(
    posters: RegisteredClient,
    photo_api: RegisteredClient,
    tokens: Tokens,
    ends: dict[str, End],
    way: str,
) -> None:
    new = Tokens.read(posters.refresh(tokens.refresh_token))
    ends[way]()

    revoked = [tokens.access_token, tokens.refresh_token, new.access_token, new.refresh_token]
    assert [photo_api.introspect(token).json() for token in revoked] == [{"active": False}] * 4


@pytest.mark.parametrize("way", WAYS)
def test_an_ended_grant_issues_no_new_tokens(
    posters: RegisteredClient, code: str, tokens: Tokens, ends: dict[str, End], way: str
) -> None:
    ends[way]()

    assert posters.refresh(tokens.refresh_token).status_code in (400, 401)
    assert posters.redeem(code).status_code in (400, 401)


@pytest.mark.parametrize("way", WAYS)
def test_the_reason_of_the_end_is_logged(ends: dict[str, End], way: str, events: Events) -> None:
    ends[way]()

    told = [
        entry.get("reason") or entry["event"]
        for entry in events.entries
        if logs_the_end(entry["event"])
    ]
    assert told == [
        {
            "a code is replayed": "replay",
            "a refresh token is replayed": "replay",
            "the access token is revoked": "revoked_by_client",
            "the refresh token is revoked": "revoked_by_client",
            "the client is deleted": "client_deleted",
            "the person is deleted": "user_deleted",
        }[way]
    ]


def test_the_first_reason_is_kept(
    posters: RegisteredClient, code: str, tokens: Tokens, events: Events
) -> None:
    posters.revoke(tokens.access_token)
    posters.redeem(code)

    assert [entry["reason"] for entry in events.named("grant_ended")] == ["revoked_by_client"]


def test_deleting_a_client_invalidates_its_unredeemed_codes(
    server: Server,
    posters: RegisteredClient,
    print_shop: RegisteredClient,
    alice: Person,
    code: str,
) -> None:
    server.run("clients", "delete", posters.client_id)

    assert posters.redeem(code).status_code == 401
    assert alice.browser.get(posters.authorization_path()).status_code == 400


def test_deleting_a_user_invalidates_their_unredeemed_codes(
    server: Server, posters: RegisteredClient, code: str
) -> None:
    server.run("users", "delete", "alice")

    assert posters.redeem(code).json()["error"] == "invalid_grant"


def test_a_deleted_user_is_signed_out(
    server: Server, alice: Person, print_shop: RegisteredClient
) -> None:
    alice.send_login()
    page = alice.consent_page(print_shop.authorization_path())
    server.run("users", "delete", "alice")
    answer = alice.decide(page, "allow", *page.boxes)

    assert not alice.is_signed_in()
    assert alice.send_login().status_code == 403
    assert answer.headers["Location"].startswith("/login?")


def test_a_reused_username_is_a_different_user(
    server: Server,
    alice: Person,
    posters: RegisteredClient,
    photo_api: RegisteredClient,
    tokens: Tokens,
) -> None:
    """A `sub` is never reused, and the new user gets no tokens or consents of the old one."""
    before = photo_api.introspect(tokens.access_token).json()["sub"]
    server.run("users", "delete", "alice")
    server.run("users", "create", "alice", stdin="another alice\n")
    alice.password = "another alice"
    was_signed_in = alice.is_signed_in()
    page = alice.consent_page(posters.authorization_path())
    after = photo_api.introspect(alice.connect(posters).access_token).json()["sub"]

    assert not was_signed_in
    assert page.boxes
    assert before != after
    assert not photo_api.holds(tokens.access_token)


def test_ending_one_grant_keeps_the_others(
    server: Server,
    alice: Person,
    bob: Person,
    posters: RegisteredClient,
    print_shop: RegisteredClient,
    tokens: Tokens,
) -> None:
    bobs, alices = bob.connect(posters), alice.connect(print_shop)
    posters.revoke(tokens.access_token)

    assert posters.holds(bobs.access_token)
    assert print_shop.holds(alices.access_token)


def logs_the_end(event: str) -> bool:
    return event in ("grant_ended", "client_deleted", "user_deleted")
