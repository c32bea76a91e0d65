"""F1, F2 – Refreshing an access token (RFC 6749 §6), with rotation (RFC 9700 §4.14.2)."""

import json
from dataclasses import replace

import pytest
from requests import Response
from world.cast import Person
from world.clock import Clock
from world.events import Events
from world.registered_client import RegisteredClient, Tokens
from world.threads import repeat_at_once

from auth_server.errors import DESCRIPTIONS

EVERYTHING = "profile photos:read photos:write"


@pytest.fixture
def tokens(alice: Person, print_shop: RegisteredClient) -> Tokens:
    return alice.connect(print_shop, scope=EVERYTHING)


def refreshed(client: RegisteredClient, refresh_token: str, **changes: str) -> Tokens:
    return Tokens.read(client.refresh(refresh_token, **changes))


def is_rejected(answer: Response) -> bool:
    return (answer.status_code, answer.json()) == (
        400,
        {"error": "invalid_grant", "error_description": DESCRIPTIONS["invalid_grant"]},
    )


# Rotation ---------------------------------------------------------------------


def test_a_refresh_returns_new_tokens(print_shop: RegisteredClient, tokens: Tokens) -> None:
    answer = print_shop.refresh(tokens.refresh_token)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    assert Tokens.read(answer).scope == EVERYTHING
    assert not {answer.json()["access_token"], answer.json()["refresh_token"]} & {
        tokens.access_token,
        tokens.refresh_token,
    }


def test_the_new_tokens_work_and_the_old_refresh_token_is_spent(
    print_shop: RegisteredClient, tokens: Tokens
) -> None:
    """RFC 9700 §4.14.2: each response has a new refresh token and invalidates the previous one."""
    new = refreshed(print_shop, tokens.refresh_token)

    assert print_shop.holds(new.access_token)
    assert print_shop.holds(new.refresh_token)
    assert not print_shop.holds(tokens.refresh_token)


def test_the_previous_access_token_stays_active_until_it_expires(
    clock: Clock, alice: Person, print_shop: RegisteredClient
) -> None:
    tokens = alice.connect(print_shop)
    clock.forward(60)
    new = refreshed(print_shop, tokens.refresh_token)
    before = print_shop.holds(tokens.access_token)
    clock.forward(60)

    assert before
    assert not print_shop.holds(tokens.access_token)
    assert print_shop.holds(new.access_token)


def test_a_public_client_can_refresh(
    alice: Person, phone_app: RegisteredClient, photo_api: RegisteredClient
) -> None:
    new = refreshed(phone_app, alice.connect(phone_app).refresh_token)

    assert photo_api.holds(new.access_token)


def test_many_refreshes_in_a_row_succeed(print_shop: RegisteredClient, tokens: Tokens) -> None:
    for _ in range(10):
        tokens = refreshed(print_shop, tokens.refresh_token)

    assert print_shop.holds(tokens.access_token)


def test_a_refresh_is_logged(print_shop: RegisteredClient, tokens: Tokens, events: Events) -> None:
    new = refreshed(print_shop, tokens.refresh_token)

    [entry] = events.named("tokens_refreshed")
    assert (entry["client_id"], entry["scope"]) == ("print-shop", EVERYTHING)
    assert entry["grace"] == 10
    assert new.refresh_token not in json.dumps(events.entries)


# Rejected requests ------------------------------------------------------------


@pytest.mark.parametrize("presented", ["made-up", "\0", "é", "x" * 10_000])
def test_an_unknown_refresh_token_is_rejected(print_shop: RegisteredClient, presented: str) -> None:
    assert is_rejected(print_shop.refresh(presented))


@pytest.mark.parametrize("value", [None, ""], ids=["left out", "empty"])
def test_a_missing_token_is_an_invalid_request(
    print_shop: RegisteredClient, value: str | None
) -> None:
    answer = print_shop.request("/oauth/token", grant_type="refresh_token", refresh_token=value)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_an_access_token_cannot_be_refreshed(print_shop: RegisteredClient, tokens: Tokens) -> None:
    assert is_rejected(print_shop.refresh(tokens.access_token))
    assert print_shop.holds(tokens.access_token)


def test_a_code_cannot_be_refreshed(alice: Person, print_shop: RegisteredClient) -> None:
    code = alice.allow_request(print_shop.authorization_path()).code

    assert is_rejected(print_shop.refresh(code))
    assert print_shop.redeem(code).status_code == 200


def test_an_attempt_by_another_client_changes_nothing(
    print_shop: RegisteredClient, posters: RegisteredClient, tokens: Tokens, events: Events
) -> None:
    """RFC 9700 §4.14.2: refresh tokens MUST be bound to the client, and so are spent ones."""
    unspent = posters.refresh(tokens.refresh_token)
    new = refreshed(print_shop, tokens.refresh_token)
    spent = posters.refresh(tokens.refresh_token)

    assert is_rejected(unspent)
    assert is_rejected(spent)
    assert print_shop.holds(new.refresh_token)
    assert not events.named("grant_ended")


def test_an_unauthenticated_client_changes_nothing(
    print_shop: RegisteredClient, tokens: Tokens, events: Events
) -> None:
    """§6: the authorization server MUST require client authentication for confidential clients."""
    impostor = replace(print_shop, client_secret="a guess")
    before = impostor.refresh(tokens.refresh_token)
    new = refreshed(print_shop, tokens.refresh_token)
    after = impostor.refresh(tokens.refresh_token)

    assert (before.status_code, after.status_code) == (401, 401)
    assert print_shop.holds(new.refresh_token)
    assert not events.named("grant_ended")


@pytest.mark.parametrize("name", ["refresh_token", "scope", "grant_type"])
def test_a_repeated_parameter_is_an_invalid_request(
    print_shop: RegisteredClient, tokens: Tokens, name: str
) -> None:
    parameters: dict[str, str | list[str] | None] = {
        "grant_type": "refresh_token",
        "refresh_token": tokens.refresh_token,
        "scope": "profile",
    }
    answer = print_shop.request("/oauth/token", **parameters | {name: [str(parameters[name])] * 2})

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert print_shop.holds(tokens.refresh_token)


# Scope ------------------------------------------------------------------------


def test_a_narrower_scope_narrows_only_the_access_token(
    print_shop: RegisteredClient, tokens: Tokens
) -> None:
    """§6: the new refresh token's scope MUST be identical to that of the one in the request."""
    narrow = refreshed(print_shop, tokens.refresh_token, scope="photos:read")
    wide = refreshed(print_shop, narrow.refresh_token)

    assert narrow.scope == "photos:read"
    assert print_shop.introspect(narrow.access_token).json()["scope"] == "photos:read"
    assert wide.scope == EVERYTHING


@pytest.mark.parametrize(
    "scope",
    [
        "profile photos:write",
        "photos:write",
        "everything",
        "PROFILE",
        'pro"file\\',
        "profile,photos:read",
        "é",
    ],
)
def test_a_wider_scope_is_rejected_and_the_token_stays_unspent(
    alice: Person, print_shop: RegisteredClient, scope: str
) -> None:
    """§6: the scope MUST NOT include any scope not originally granted by the resource owner."""
    tokens = alice.connect(print_shop, "profile", scope=EVERYTHING)
    answer = print_shop.refresh(tokens.refresh_token, scope=scope)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    assert refreshed(print_shop, tokens.refresh_token).scope == "profile"


@pytest.mark.parametrize("scope", ["", " ", "  \t ", "\u00a0"])
def test_an_omitted_scope_means_the_scope_of_the_grant(
    alice: Person, print_shop: RegisteredClient, scope: str
) -> None:
    """§6: if omitted is treated as equal to the scope originally granted."""
    tokens = alice.connect(print_shop, "profile", scope=EVERYTHING)

    assert refreshed(print_shop, tokens.refresh_token, scope=scope).scope == "profile"


def test_the_returned_scope_is_ordered_and_unique(
    print_shop: RegisteredClient, tokens: Tokens
) -> None:
    new = refreshed(print_shop, tokens.refresh_token, scope="photos:read  profile photos:read")

    assert new.scope == "profile photos:read"
    assert print_shop.introspect(new.access_token).json()["scope"] == "profile photos:read"


def test_a_replay_with_an_invalid_scope_is_detected(
    print_shop: RegisteredClient, tokens: Tokens
) -> None:
    new = refreshed(print_shop, tokens.refresh_token)
    new = refreshed(print_shop, new.refresh_token)
    replay = print_shop.refresh(tokens.refresh_token, scope="everything")

    assert is_rejected(replay)
    assert not print_shop.holds(new.access_token)


# Grace after a lost response --------------------------------------------------


def test_a_lost_response_can_be_requested_once_more(
    print_shop: RegisteredClient, tokens: Tokens, events: Events
) -> None:
    lost = refreshed(print_shop, tokens.refresh_token)
    again = refreshed(print_shop, tokens.refresh_token)

    assert print_shop.holds(again.access_token)
    assert refreshed(print_shop, again.refresh_token)
    assert lost.refresh_token != again.refresh_token
    assert len(events.named("refresh_token_retried")) == 1


def test_the_tokens_of_the_lost_response_are_inactive(
    print_shop: RegisteredClient, tokens: Tokens
) -> None:
    lost = refreshed(print_shop, tokens.refresh_token)
    again = refreshed(print_shop, tokens.refresh_token)

    assert not print_shop.holds(lost.access_token)
    assert not print_shop.holds(lost.refresh_token)
    assert print_shop.holds(tokens.access_token)
    assert print_shop.holds(again.refresh_token)


def test_presenting_the_lost_refresh_token_ends_the_grant(
    print_shop: RegisteredClient, tokens: Tokens, events: Events
) -> None:
    """The client never received it, so it was intercepted."""
    lost = refreshed(print_shop, tokens.refresh_token)
    again = refreshed(print_shop, tokens.refresh_token)
    stolen = print_shop.refresh(lost.refresh_token)

    assert is_rejected(stolen)
    assert not print_shop.holds(again.access_token)
    assert [entry["reason"] for entry in events.named("grant_ended")] == ["replay"]


def test_a_third_presentation_ends_the_grant(print_shop: RegisteredClient, tokens: Tokens) -> None:
    refreshed(print_shop, tokens.refresh_token)
    again = refreshed(print_shop, tokens.refresh_token)
    third = print_shop.refresh(tokens.refresh_token)

    assert is_rejected(third)
    assert not print_shop.holds(again.access_token)
    assert not print_shop.holds(again.refresh_token)


def test_a_retry_after_the_successor_was_used_ends_the_grant(
    print_shop: RegisteredClient, tokens: Tokens
) -> None:
    """The response did arrive, so this is an attacker."""
    used = refreshed(print_shop, refreshed(print_shop, tokens.refresh_token).refresh_token)
    retry = print_shop.refresh(tokens.refresh_token)

    assert is_rejected(retry)
    assert not print_shop.holds(used.access_token)


@pytest.mark.parametrize(("seconds", "is_in_time"), [(9, True), (10, False), (3600, False)])
def test_a_retry_after_the_grace_ends_the_grant(
    clock: Clock, alice: Person, print_shop: RegisteredClient, seconds: int, is_in_time: bool
) -> None:
    tokens = alice.connect(print_shop)
    new = refreshed(print_shop, tokens.refresh_token)
    clock.forward(seconds)
    retry = print_shop.refresh(tokens.refresh_token)

    assert is_rejected(retry) is not is_in_time
    assert not print_shop.holds(new.refresh_token)


def test_a_retry_does_not_extend_the_grace(
    clock: Clock, alice: Person, print_shop: RegisteredClient
) -> None:
    tokens = alice.connect(print_shop)
    refreshed(print_shop, tokens.refresh_token)
    clock.forward(9)
    again = refreshed(print_shop, tokens.refresh_token)
    clock.forward(9)

    assert is_rejected(print_shop.refresh(tokens.refresh_token))
    assert not print_shop.holds(again.refresh_token)


def test_each_token_of_a_chain_has_its_own_grace(
    print_shop: RegisteredClient, tokens: Tokens
) -> None:
    refreshed(print_shop, tokens.refresh_token)
    second = refreshed(print_shop, tokens.refresh_token)
    refreshed(print_shop, second.refresh_token)
    third = refreshed(print_shop, second.refresh_token)

    assert print_shop.holds(third.access_token)
    assert is_rejected(print_shop.refresh(tokens.refresh_token))
    assert not print_shop.holds(third.access_token)


def test_a_rejected_retry_can_be_repeated(print_shop: RegisteredClient, tokens: Tokens) -> None:
    new = refreshed(print_shop, tokens.refresh_token)
    refused = print_shop.refresh(tokens.refresh_token, scope="everything")

    assert refused.json()["error"] == "invalid_scope"
    assert print_shop.holds(new.refresh_token)
    assert refreshed(print_shop, tokens.refresh_token)


@pytest.mark.settings(REFRESH_TOKEN_GRACE="0")
def test_a_grace_of_zero_allows_no_retry(print_shop: RegisteredClient, tokens: Tokens) -> None:
    new = refreshed(print_shop, tokens.refresh_token)
    retry = print_shop.refresh(tokens.refresh_token)

    assert is_rejected(retry)
    assert not print_shop.holds(new.access_token)
    assert not print_shop.holds(new.refresh_token)


@pytest.mark.settings(REFRESH_TOKEN_GRACE="600")
def test_the_grace_is_a_setting(clock: Clock, alice: Person, print_shop: RegisteredClient) -> None:
    tokens = alice.connect(print_shop)
    refreshed(print_shop, tokens.refresh_token)
    clock.forward(599)

    assert refreshed(print_shop, tokens.refresh_token)


def test_a_public_client_has_no_grace(
    alice: Person, phone_app: RegisteredClient, photo_api: RegisteredClient
) -> None:
    """RFC 9700 §2.2.2: without a secret, nothing shows that the same client retries."""
    tokens = alice.connect(phone_app)
    new = refreshed(phone_app, tokens.refresh_token)
    retry = phone_app.refresh(tokens.refresh_token)

    assert is_rejected(retry)
    assert not photo_api.holds(new.access_token)


# Expiry -----------------------------------------------------------------------


@pytest.mark.settings(REFRESH_TOKEN_LIFETIME="600")
def test_new_refresh_tokens_expire_with_the_grant(
    clock: Clock, alice: Person, print_shop: RegisteredClient
) -> None:
    """The lifetime counts from the authorization. A refresh does not extend it."""
    tokens = alice.connect(print_shop)
    for _ in range(5):
        clock.forward(119)
        tokens = refreshed(print_shop, tokens.refresh_token)
    in_time = print_shop.holds(tokens.refresh_token)
    clock.forward(5)

    assert in_time
    assert not print_shop.holds(tokens.refresh_token)
    assert is_rejected(print_shop.refresh(tokens.refresh_token))


def test_a_spent_token_of_an_expired_grant_is_not_a_replay(
    clock: Clock, alice: Person, print_shop: RegisteredClient, events: Events
) -> None:
    tokens = alice.connect(print_shop)
    refreshed(print_shop, tokens.refresh_token)
    clock.forward(86400)

    assert is_rejected(print_shop.refresh(tokens.refresh_token))
    assert not events.named("grant_ended")


def test_every_invalid_grant_has_the_same_description(
    print_shop: RegisteredClient, posters: RegisteredClient, tokens: Tokens, events: Events
) -> None:
    unknown = print_shop.refresh("made-up")
    elses = posters.refresh(tokens.refresh_token)
    new = refreshed(print_shop, tokens.refresh_token)
    refreshed(print_shop, new.refresh_token)
    replayed = print_shop.refresh(tokens.refresh_token)
    ended = print_shop.refresh(tokens.refresh_token)

    assert all(is_rejected(answer) for answer in (unknown, elses, replayed, ended))
    assert [entry["reason"] for entry in events.named("request_refused")] == [
        "unknown_refresh_token",
        "refresh_token_of_another_client",
        "refresh_token_replayed",
        "grant_ended",
    ]
    assert events.named("request_refused")[-1]["end_reason"] == "replay"


def test_a_replay_forgets_the_consent(
    alice: Person, print_shop: RegisteredClient, tokens: Tokens
) -> None:
    for _ in range(3):
        print_shop.refresh(tokens.refresh_token)

    assert list(alice.consent_page(print_shop.authorization_path()).boxes) == [
        "profile",
        "photos:read",
    ]


# Parallel requests ------------------------------------------------------------


def test_two_parallel_presentations_leave_one_unspent_token(
    print_shop: RegisteredClient, tokens: Tokens
) -> None:
    answers = repeat_at_once(2, lambda: print_shop.refresh(tokens.refresh_token))

    both = [Tokens.read(answer) for answer in answers]
    assert sorted(print_shop.holds(new.refresh_token) for new in both) == [False, True]
    assert sorted(print_shop.holds(new.access_token) for new in both) == [False, True]


def test_at_most_two_of_fifty_parallel_presentations_succeed(
    print_shop: RegisteredClient, tokens: Tokens, events: Events
) -> None:
    answers = repeat_at_once(50, lambda: print_shop.refresh(tokens.refresh_token))

    successes = [Tokens.read(answer) for answer in answers if answer.status_code == 200]
    assert 1 <= len(successes) <= 2
    assert all(is_rejected(answer) for answer in answers if answer.status_code != 200)
    assert not any(print_shop.holds(new.refresh_token) for new in successes)
    assert [entry["reason"] for entry in events.named("grant_ended")] == ["replay"]


@pytest.mark.settings(REFRESH_TOKEN_GRACE="0")
def test_with_a_grace_of_zero_at_most_one_succeeds(
    print_shop: RegisteredClient, tokens: Tokens, events: Events
) -> None:
    answers = repeat_at_once(50, lambda: print_shop.refresh(tokens.refresh_token))

    successes = [Tokens.read(answer) for answer in answers if answer.status_code == 200]
    assert len(successes) == 1
    assert all(is_rejected(answer) for answer in answers if answer.status_code != 200)
    assert not print_shop.holds(successes[0].refresh_token)
    assert [entry["reason"] for entry in events.named("grant_ended")] == ["replay"]
