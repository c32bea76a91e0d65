"""F1, F2 – Refreshing an access token (RFC 6749 §6), with rotation and detection of replays (RFC 9700 §4.14.2)."""

import json
from dataclasses import replace

import pytest
from werkzeug.test import TestResponse

from auth_server.errors import DESCRIPTIONS
from tests.auth_server.cast import Clock, Events, Person, RegisteredClient, Tokens, at_once

EVERYTHING = "profile photos:read photos:write"


@pytest.fixture
def tokens(alice: Person, print_shop: RegisteredClient) -> Tokens:
    return print_shop.connect(alice, scope=EVERYTHING)


def refreshed(client: RegisteredClient, refresh_token: str, **changes: str) -> Tokens:
    return Tokens.read(client.refresh(refresh_token, **changes))


def is_refused(answer: TestResponse) -> bool:
    return (answer.status_code, answer.json) == (
        400,
        {"error": "invalid_grant", "error_description": DESCRIPTIONS["invalid_grant"]},
    )


# Rotation --------------------------------------------------------------------------------------------------------------


def test_a_refresh_token_becomes_new_tokens(print_shop: RegisteredClient, tokens: Tokens) -> None:
    answer = print_shop.refresh(tokens.refresh_token)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    assert Tokens.read(answer).scope == EVERYTHING
    assert not {answer.json["access_token"], answer.json["refresh_token"]} & {
        tokens.access_token,
        tokens.refresh_token,
    }


def test_the_new_tokens_are_good_and_the_old_one_is_spent(
    print_shop: RegisteredClient, tokens: Tokens
) -> None:
    """RFC 9700 §4.14.2: a new refresh token with every response; the previous one is invalidated but retained."""
    new = refreshed(print_shop, tokens.refresh_token)

    assert print_shop.holds(new.access_token)
    assert print_shop.holds(new.refresh_token)
    assert not print_shop.holds(tokens.refresh_token)


def test_the_access_token_from_before_lives_out_its_time(
    clock: Clock, alice: Person, print_shop: RegisteredClient
) -> None:
    tokens = print_shop.connect(alice)
    clock.advance(60)
    new = refreshed(print_shop, tokens.refresh_token)
    before = print_shop.holds(tokens.access_token)
    clock.advance(60)

    assert before
    assert not print_shop.holds(tokens.access_token)
    assert print_shop.holds(new.access_token)


def test_a_public_client_refreshes_too(
    alice: Person, phone_app: RegisteredClient, photo_api: RegisteredClient
) -> None:
    new = refreshed(phone_app, phone_app.connect(alice).refresh_token)

    assert photo_api.holds(new.access_token)


def test_a_chain_can_be_long(print_shop: RegisteredClient, tokens: Tokens) -> None:
    for _ in range(10):
        tokens = refreshed(print_shop, tokens.refresh_token)

    assert print_shop.holds(tokens.access_token)


def test_the_event_log_tells_of_it(
    print_shop: RegisteredClient, tokens: Tokens, events: Events
) -> None:
    new = refreshed(print_shop, tokens.refresh_token)

    [entry] = events.named("tokens_refreshed")
    assert (entry["client_id"], entry["scope"]) == ("print-shop", EVERYTHING)
    assert new.refresh_token not in json.dumps(events.entries)


# What is refused -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("presented", ["made-up", "\0", "é", "x" * 10_000])
def test_an_unknown_token_is_refused(print_shop: RegisteredClient, presented: str) -> None:
    assert is_refused(print_shop.refresh(presented))


@pytest.mark.parametrize("value", [None, ""], ids=["left out", "empty"])
def test_a_missing_token_is_an_invalid_request(
    print_shop: RegisteredClient, value: str | None
) -> None:
    answer = print_shop.request("/oauth/token", grant_type="refresh_token", refresh_token=value)

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_an_access_token_is_no_refresh_token(print_shop: RegisteredClient, tokens: Tokens) -> None:
    assert is_refused(print_shop.refresh(tokens.access_token))
    assert print_shop.holds(tokens.access_token)


def test_a_code_is_no_refresh_token(alice: Person, print_shop: RegisteredClient) -> None:
    code = alice.allow(print_shop.authorization_request()).code

    assert is_refused(print_shop.refresh(code))
    assert print_shop.redeem(code).status_code == 200


def test_another_clients_attempt_changes_nothing(
    print_shop: RegisteredClient, posters: RegisteredClient, tokens: Tokens, events: Events
) -> None:
    """RFC 9700 §4.14.2: refresh tokens MUST be bound to the client; being spent or not makes no difference."""
    unspent = posters.refresh(tokens.refresh_token)
    new = refreshed(print_shop, tokens.refresh_token)
    spent = posters.refresh(tokens.refresh_token)

    assert is_refused(unspent)
    assert is_refused(spent)
    assert print_shop.holds(new.refresh_token)
    assert not events.named("grant_ended")


def test_a_client_that_does_not_prove_itself_changes_nothing(
    print_shop: RegisteredClient, tokens: Tokens, events: Events
) -> None:
    """§6: the authorization server MUST require client authentication for confidential clients."""
    impostor = replace(print_shop, secret="a guess")
    before = impostor.refresh(tokens.refresh_token)
    new = refreshed(print_shop, tokens.refresh_token)
    after = impostor.refresh(tokens.refresh_token)

    assert (before.status_code, after.status_code) == (401, 401)
    assert print_shop.holds(new.refresh_token)
    assert not events.named("grant_ended")


@pytest.mark.parametrize("name", ["refresh_token", "scope", "grant_type"])
def test_a_parameter_comes_once(print_shop: RegisteredClient, tokens: Tokens, name: str) -> None:
    parameters: dict[str, str | list[str] | None] = {
        "grant_type": "refresh_token",
        "refresh_token": tokens.refresh_token,
        "scope": "profile",
    }
    answer = print_shop.request("/oauth/token", **parameters | {name: [str(parameters[name])] * 2})

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
    assert print_shop.holds(tokens.refresh_token)


# Scope -----------------------------------------------------------------------------------------------------------------


def test_a_narrower_scope_narrows_the_access_token_only(
    print_shop: RegisteredClient, tokens: Tokens
) -> None:
    """§6: if a new refresh token is issued, its scope MUST be identical to that of the refresh token in the request."""
    narrow = refreshed(print_shop, tokens.refresh_token, scope="photos:read")
    wide = refreshed(print_shop, narrow.refresh_token)

    assert narrow.scope == "photos:read"
    assert print_shop.introspect(narrow.access_token).json["scope"] == "photos:read"
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
def test_a_wider_scope_is_refused_and_the_token_stays_unspent(
    alice: Person, print_shop: RegisteredClient, scope: str
) -> None:
    """§6: the requested scope MUST NOT include any scope not originally granted by the resource owner."""
    tokens = print_shop.connect(alice, "profile", scope=EVERYTHING)
    answer = print_shop.refresh(tokens.refresh_token, scope=scope)

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_scope")
    assert refreshed(print_shop, tokens.refresh_token).scope == "profile"


@pytest.mark.parametrize("scope", ["", " ", "  \t ", "\u00a0"])
def test_a_scope_of_nothing_is_the_scope_of_the_grant(
    alice: Person, print_shop: RegisteredClient, scope: str
) -> None:
    """§6: if omitted is treated as equal to the scope originally granted. Never as the client's registration."""
    tokens = print_shop.connect(alice, "profile", scope=EVERYTHING)

    assert refreshed(print_shop, tokens.refresh_token, scope=scope).scope == "profile"


def test_a_scope_is_answered_in_order_and_once(
    print_shop: RegisteredClient, tokens: Tokens
) -> None:
    new = refreshed(print_shop, tokens.refresh_token, scope="photos:read  profile photos:read")

    assert new.scope == "profile photos:read"
    assert print_shop.introspect(new.access_token).json["scope"] == "profile photos:read"


def test_a_replay_is_one_whatever_the_scope(print_shop: RegisteredClient, tokens: Tokens) -> None:
    new = refreshed(print_shop, tokens.refresh_token)
    new = refreshed(print_shop, new.refresh_token)
    replay = print_shop.refresh(tokens.refresh_token, scope="everything")

    assert is_refused(replay)
    assert not print_shop.holds(new.access_token)


# The grace: an answer may get lost -------------------------------------------------------------------------------------


def test_an_answer_that_was_lost_can_be_had_once_more(
    print_shop: RegisteredClient, tokens: Tokens, events: Events
) -> None:
    lost = refreshed(print_shop, tokens.refresh_token)
    again = refreshed(print_shop, tokens.refresh_token)

    assert print_shop.holds(again.access_token)
    assert refreshed(print_shop, again.refresh_token)
    assert lost.refresh_token != again.refresh_token
    assert len(events.named("refresh_token_retried")) == 1


def test_the_lost_answer_is_dead(print_shop: RegisteredClient, tokens: Tokens) -> None:
    lost = refreshed(print_shop, tokens.refresh_token)
    again = refreshed(print_shop, tokens.refresh_token)

    assert not print_shop.holds(lost.access_token)
    assert not print_shop.holds(lost.refresh_token)
    assert print_shop.holds(tokens.access_token)
    assert print_shop.holds(again.refresh_token)


def test_presenting_what_was_lost_ends_the_grant(
    print_shop: RegisteredClient, tokens: Tokens, events: Events
) -> None:
    """The client never had it: whoever presents it took it on the way."""
    lost = refreshed(print_shop, tokens.refresh_token)
    again = refreshed(print_shop, tokens.refresh_token)
    stolen = print_shop.refresh(lost.refresh_token)

    assert is_refused(stolen)
    assert not print_shop.holds(again.access_token)
    assert [entry["reason"] for entry in events.named("grant_ended")] == ["replay"]


def test_a_third_presentation_ends_the_grant(print_shop: RegisteredClient, tokens: Tokens) -> None:
    refreshed(print_shop, tokens.refresh_token)
    again = refreshed(print_shop, tokens.refresh_token)
    third = print_shop.refresh(tokens.refresh_token)

    assert is_refused(third)
    assert not print_shop.holds(again.access_token)
    assert not print_shop.holds(again.refresh_token)


def test_a_retry_after_the_successor_was_used_ends_the_grant(
    print_shop: RegisteredClient, tokens: Tokens
) -> None:
    """The answer did arrive, so this is somebody else."""
    used = refreshed(print_shop, refreshed(print_shop, tokens.refresh_token).refresh_token)
    retry = print_shop.refresh(tokens.refresh_token)

    assert is_refused(retry)
    assert not print_shop.holds(used.access_token)


@pytest.mark.parametrize(("seconds", "is_in_time"), [(9, True), (10, False), (3600, False)])
def test_a_retry_after_the_grace_ends_the_grant(
    clock: Clock, alice: Person, print_shop: RegisteredClient, seconds: int, is_in_time: bool
) -> None:
    tokens = print_shop.connect(alice)
    new = refreshed(print_shop, tokens.refresh_token)
    clock.advance(seconds)
    retry = print_shop.refresh(tokens.refresh_token)

    assert is_refused(retry) is not is_in_time
    assert not print_shop.holds(new.refresh_token)


def test_the_grace_does_not_slide(
    clock: Clock, alice: Person, print_shop: RegisteredClient
) -> None:
    tokens = print_shop.connect(alice)
    refreshed(print_shop, tokens.refresh_token)
    clock.advance(9)
    again = refreshed(print_shop, tokens.refresh_token)
    clock.advance(9)

    assert is_refused(print_shop.refresh(tokens.refresh_token))
    assert not print_shop.holds(again.refresh_token)


def test_each_token_of_a_chain_has_its_own_grace(
    print_shop: RegisteredClient, tokens: Tokens
) -> None:
    refreshed(print_shop, tokens.refresh_token)
    second = refreshed(print_shop, tokens.refresh_token)
    refreshed(print_shop, second.refresh_token)
    third = refreshed(print_shop, second.refresh_token)

    assert print_shop.holds(third.access_token)
    assert is_refused(print_shop.refresh(tokens.refresh_token))
    assert not print_shop.holds(third.access_token)


def test_a_retry_that_is_refused_is_not_used_up(
    print_shop: RegisteredClient, tokens: Tokens
) -> None:
    new = refreshed(print_shop, tokens.refresh_token)
    refused = print_shop.refresh(tokens.refresh_token, scope="everything")

    assert refused.json["error"] == "invalid_scope"
    assert print_shop.holds(new.refresh_token)
    assert refreshed(print_shop, tokens.refresh_token)


@pytest.mark.settings(REFRESH_TOKEN_GRACE="0")
def test_with_a_grace_of_nothing_there_is_no_retry(
    print_shop: RegisteredClient, tokens: Tokens
) -> None:
    new = refreshed(print_shop, tokens.refresh_token)
    retry = print_shop.refresh(tokens.refresh_token)

    assert is_refused(retry)
    assert not print_shop.holds(new.access_token)
    assert not print_shop.holds(new.refresh_token)


@pytest.mark.settings(REFRESH_TOKEN_GRACE="600")
def test_how_long_the_grace_is_is_a_setting(
    clock: Clock, alice: Person, print_shop: RegisteredClient
) -> None:
    tokens = print_shop.connect(alice)
    refreshed(print_shop, tokens.refresh_token)
    clock.advance(599)

    assert refreshed(print_shop, tokens.refresh_token)


def test_a_public_client_has_no_grace(
    alice: Person, phone_app: RegisteredClient, photo_api: RegisteredClient
) -> None:
    """RFC 9700 §2.2.2: nothing else shows that it is the same client that comes back."""
    tokens = phone_app.connect(alice)
    new = refreshed(phone_app, tokens.refresh_token)
    retry = phone_app.refresh(tokens.refresh_token)

    assert is_refused(retry)
    assert not photo_api.holds(new.access_token)


# The end of it ---------------------------------------------------------------------------------------------------------


@pytest.mark.settings(REFRESH_TOKEN_LIFETIME="600")
def test_successors_inherit_the_end_of_the_grant(
    clock: Clock, alice: Person, print_shop: RegisteredClient
) -> None:
    """The lifetime counts from the authorization: refreshing does not lengthen it."""
    tokens = print_shop.connect(alice)
    for _ in range(5):
        clock.advance(119)
        tokens = refreshed(print_shop, tokens.refresh_token)
    in_time = print_shop.holds(tokens.refresh_token)
    clock.advance(5)

    assert in_time
    assert not print_shop.holds(tokens.refresh_token)
    assert is_refused(print_shop.refresh(tokens.refresh_token))


def test_after_the_end_a_spent_token_is_no_replay_any_more(
    clock: Clock, alice: Person, print_shop: RegisteredClient, events: Events
) -> None:
    tokens = print_shop.connect(alice)
    refreshed(print_shop, tokens.refresh_token)
    clock.advance(86400)

    assert is_refused(print_shop.refresh(tokens.refresh_token))
    assert not events.named("grant_ended")


def test_there_is_one_description_whatever_the_reason(
    print_shop: RegisteredClient, posters: RegisteredClient, tokens: Tokens, events: Events
) -> None:
    unknown = print_shop.refresh("made-up")
    elses = posters.refresh(tokens.refresh_token)
    new = refreshed(print_shop, tokens.refresh_token)
    refreshed(print_shop, new.refresh_token)
    replayed = print_shop.refresh(tokens.refresh_token)
    ended = print_shop.refresh(tokens.refresh_token)

    assert all(is_refused(answer) for answer in (unknown, elses, replayed, ended))
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

    assert list(alice.consent_page(print_shop.authorization_request()).boxes) == [
        "profile",
        "photos:read",
    ]


# At once ---------------------------------------------------------------------------------------------------------------


def test_two_presentations_at_once_leave_one_unspent_token(
    print_shop: RegisteredClient, tokens: Tokens
) -> None:
    answers = at_once(2, lambda: print_shop.refresh(tokens.refresh_token))

    both = [Tokens.read(answer) for answer in answers]
    assert sorted(print_shop.holds(new.refresh_token) for new in both) == [False, True]
    assert sorted(print_shop.holds(new.access_token) for new in both) == [False, True]


def test_fifty_presentations_at_once_succeed_twice_at_the_most(
    print_shop: RegisteredClient, tokens: Tokens, events: Events
) -> None:
    answers = at_once(50, lambda: print_shop.refresh(tokens.refresh_token))

    successes = [Tokens.read(answer) for answer in answers if answer.status_code == 200]
    assert 1 <= len(successes) <= 2
    assert all(is_refused(answer) for answer in answers if answer.status_code != 200)
    assert not any(print_shop.holds(new.refresh_token) for new in successes)
    assert [entry["reason"] for entry in events.named("grant_ended")] == ["replay"]


@pytest.mark.settings(REFRESH_TOKEN_GRACE="0")
def test_with_a_grace_of_nothing_they_succeed_once_at_the_most(
    print_shop: RegisteredClient, tokens: Tokens, events: Events
) -> None:
    answers = at_once(50, lambda: print_shop.refresh(tokens.refresh_token))

    successes = [Tokens.read(answer) for answer in answers if answer.status_code == 200]
    assert len(successes) == 1
    assert all(is_refused(answer) for answer in answers if answer.status_code != 200)
    assert not print_shop.holds(successes[0].refresh_token)
    assert [entry["reason"] for entry in events.named("grant_ended")] == ["replay"]
