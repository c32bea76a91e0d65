"""The tokens of a grant, derived from messages and the event log."""

from dataclasses import replace

from inspector.draw import lifespan, timeline_words
from inspector.read import steps, tokens
from inspector.read.token_lives import Member
from inspector.record.exchange import Exchange
from tests.inspector.exchanges import exchange

GRANT = {"grant_id": "g"}


def issue_code(at: float = 0) -> Exchange:
    """Return an exchange in which the server issues a code."""
    event = {"event": "authorization_code_issued", "grant_lifetime": 86400, **GRANT}
    return exchange("auth_server", "POST /oauth/authorize", at=at, until=at, events=[event])


def redeem(at: float, refresh_token: str) -> Exchange:
    """Return an exchange in which the code is redeemed for this refresh token."""
    return token_response(
        at, {"event": "code_redeemed", **GRANT}, [("code", "••••••••~c0c0c0")], refresh_token
    )


def refresh(at: float, presented: str, refresh_token: str) -> Exchange:
    """Return an exchange in which the refresh token `presented` is replaced by `refresh_token`."""
    form = [("refresh_token", f"••••••••~{presented}")]
    return token_response(at, {"event": "tokens_refreshed", **GRANT}, form, refresh_token)


def refresh_again(at: float, presented: str, refresh_token: str) -> Exchange:
    """Return the same, sent by the inspector."""
    refreshed = refresh(at, presented, refresh_token)
    return replace(refreshed, request_headers=[("User-Agent", steps.sent_again(refreshed.id))])


def end_grant(at: float, reason: str) -> Exchange:
    """Return an exchange in which the grant ends."""
    event = {"event": "grant_ended", "reason": reason, **GRANT}
    return exchange("auth_server", "POST /oauth/revoke", at=at, until=at, events=[event])


def token_response(
    at: float, event: dict[str, str], form: list[tuple[str, str]], refresh_token: str
) -> Exchange:
    """Return a successful token request, whose response contains this refresh token."""
    text = f'{{\n  "expires_in": 120,\n  "refresh_token": "rrrrrr••••••••~{refresh_token}"\n}}'
    return exchange(
        "auth_server",
        "POST /oauth/token",
        at=at,
        until=at,
        events=[event],
        form=form,
        response_text=text,
    )


def states(member: Member) -> list[tuple[str, str]]:
    """Return the label and the state of each token, parents before children."""
    return [
        (member.label, member.state),
        *(each for child in member.children for each in states(child)),
    ]


def test_a_code_that_was_not_redeemed_has_no_tokens() -> None:
    [grant] = tokens.grants([issue_code()])

    assert (grant.pairs, states(tokens.family(grant, 1001))) == ([], [("Code", "active")])


def test_each_refresh_replaces_the_token_before_it() -> None:
    [grant] = tokens.grants([issue_code(), redeem(1, "aaaaaa"), refresh(61, "aaaaaa", "bbbbbb")])

    first, second = tokens.access_tokens(grant)

    assert (first.issued, first.expires, first.replaced) == (1001, 1121, 1061)
    assert (second.issued, second.expires, second.replaced) == (1061, 1181, None)
    assert tokens.refresh_tokens(grant).expires == 1000 + 86400
    assert states(tokens.family(grant, 1062)) == [
        ("Code", "spent"),
        ("Tokens 1", "spent"),
        ("Tokens 2", "active"),
    ]


def test_a_replaced_token_works_until_it_expires() -> None:
    [grant] = tokens.grants([issue_code(), redeem(1, "aaaaaa"), refresh(61, "aaaaaa", "bbbbbb")])

    first = tokens.access_tokens(grant)[0]

    assert (
        first.ended,
        first.end,
        first.works_after_replacement(1100),
        first.works_after_replacement(1121),
    ) == (
        None,
        1121,
        True,
        False,
    )


def test_the_end_of_the_grant_ends_every_token_with_a_reason() -> None:
    exchanges = [
        issue_code(),
        redeem(1, "aaaaaa"),
        refresh(21, "aaaaaa", "bbbbbb"),
        end_grant(30, "replay"),
    ]

    [grant] = tokens.grants(exchanges)
    why = "the grant ended: a single-use code or token was presented again"

    assert [(token.end, token.why) for token in tokens.access_tokens(grant)] == [
        (1030, why),
        (1030, why),
    ]
    assert grant.is_over(1031)


def test_a_token_that_expired_first_stays_expired() -> None:
    [grant] = tokens.grants(
        [issue_code(), redeem(1, "aaaaaa"), end_grant(300, "revoked_by_client")]
    )

    assert (tokens.access_tokens(grant)[0].ended, tokens.access_tokens(grant)[0].why) == (None, "")


def test_used_refresh_tokens_stay_marked_after_the_grant_ended() -> None:
    exchanges = [
        issue_code(),
        redeem(1, "aaaaaa"),
        refresh(21, "aaaaaa", "bbbbbb"),
        end_grant(30, "replay"),
    ]

    [grant] = tokens.grants(exchanges)
    [first] = tokens.family(grant, 1031).children

    assert (first.state, first.note) == ("spent", "the refresh token was used")
    assert (first.children[0].state, first.children[0].note) == (
        "ended",
        "the grant ended: a single-use code or token was presented again",
    )


def grant_with_a_replay(*later: Exchange) -> tokens.Grant:
    """Return a grant whose refresh token was presented twice within the grace period."""
    exchanges = [
        issue_code(),
        redeem(1, "aaaaaa"),
        refresh(60, "aaaaaa", "bbbbbb"),
        refresh(65, "aaaaaa", "cccccc"),
    ]
    [grant] = tokens.grants([*exchanges, *later])
    return grant


def test_a_repeated_refresh_token_marks_the_first_successor_as_lost() -> None:
    """The server cannot know whether the first response was lost or the token was stolen."""
    family = tokens.family(grant_with_a_replay(), 1066)

    assert states(family)[1:] == [
        ("Tokens 1", "spent"),
        ("Tokens 2", "lost"),
        ("Tokens 3", "active"),
    ]
    assert (
        family.children[0].children[0].note
        == "lost: the token before it was presented again, so both tokens stopped working"
    )


def test_a_lost_token_stays_lost_after_the_grant_ended() -> None:
    family = tokens.family(grant_with_a_replay(end_grant(70, "replay")), 1071)

    assert states(family)[1:] == [
        ("Tokens 1", "spent"),
        ("Tokens 2", "lost"),
        ("Tokens 3", "ended"),
    ]


def test_a_repeated_refresh_ends_the_lost_access_token() -> None:
    _, lost, active = tokens.access_tokens(grant_with_a_replay())

    assert (lost.end, lost.replaced, lost.why[:14]) == (1065, None, "lost: the toke")
    assert active.ended is None


def test_the_successor_of_an_unrecorded_token_ends_no_other_token() -> None:
    [grant] = tokens.grants([issue_code(), redeem(1, "aaaaaa"), refresh(60, "unseen", "bbbbbb")])

    assert states(tokens.family(grant, 1061))[1:] == [
        ("Tokens 1", "active"),
        ("Tokens 2", "active"),
    ]


def test_a_grant_expires() -> None:
    [grant] = tokens.grants([issue_code(), redeem(1, "aaaaaa")])

    assert states(tokens.family(grant, 1000 + 86400)) == [
        ("Code", "spent"),
        ("Tokens 1", "expired"),
    ]


def test_an_expired_access_token_leaves_the_refresh_token_active() -> None:
    [grant] = tokens.grants([issue_code(), redeem(1, "aaaaaa")])

    [first] = tokens.family(grant, 1200).children

    assert (first.state, first.note) == (
        "active",
        "the access token has expired; the refresh token works",
    )


def test_a_grant_without_a_recorded_beginning_starts_at_its_first_message() -> None:
    [grant] = tokens.grants([refresh(60, "unseen", "bbbbbb")])

    assert tokens.refresh_tokens(grant).expires is None
    assert len(tokens.access_tokens(grant)) == 1


def test_two_grants_in_one_flow_are_two_families() -> None:
    other = exchange(
        "auth_server",
        "POST /oauth/authorize",
        at=9,
        events=[{"event": "authorization_code_issued", "grant_id": "other", "grant_lifetime": 5}],
    )

    assert [grant.id for grant in tokens.grants([issue_code(), other])] == ["g", "other"]


def test_a_grant_with_no_event_but_its_end_is_omitted() -> None:
    assert tokens.grants([end_grant(1, "revoked_by_client")]) == []


def test_an_unreadable_response_is_ignored() -> None:
    event = {"event": "code_redeemed", **GRANT}
    for answer in ("", "[1, 2]", "{", '{"expires_in": "soon"}', '{"expires_in": {}}'):
        [grant] = tokens.grants(
            [exchange("auth_server", "POST /oauth/token", events=[event], response_text=answer)]
        )

        assert len(tokens.access_tokens(grant)) == 1


def test_tokens_that_the_inspector_received_belong_to_nobody() -> None:
    [grant] = tokens.grants(
        [
            issue_code(),
            redeem(1, "aaaaaa"),
            refresh(2, "aaaaaa", "bbbbbb"),
            refresh_again(3, "aaaaaa", "cccccc"),
        ]
    )

    assert [one.is_discarded for one in tokens.access_tokens(grant)] == [False, False, True]
    words = timeline_words(tokens.access_tokens(grant), tokens.refresh_tokens(grant), 1004)
    assert "Access token 3 expires in 1:59. The inspector received it and did not keep it." in words
    assert lifespan(grant, 1004, "Photo API")[1].words.startswith(
        "3 issued, 1 of them to the inspector;"
    )
    newest = tokens.family(grant, 1004).children[0].children[-1]
    assert newest.note == "the inspector received them and did not keep them"
