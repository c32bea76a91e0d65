"""The life of a grant's tokens, as messages and event log tell it: timeline and family."""

from inspector import tokens
from inspector.drawing.family import Member
from inspector.exchange import Exchange
from tests.inspector.exchanges import exchange

GRANT = {"grant_id": "g"}


def issued(at: float = 0) -> Exchange:
    event = {"event": "authorization_code_issued", "grant_lifetime": 86400, **GRANT}
    return exchange("auth_server", "POST /oauth/authorize", at=at, until=at, events=[event])


def redeemed(at: float, refresh_token: str) -> Exchange:
    return _answered(at, {"event": "code_redeemed", **GRANT}, [("code", "••••••••~c0c0c0")], refresh_token)


def refreshed(at: float, spent: str, refresh_token: str) -> Exchange:
    form = [("refresh_token", f"••••••••~{spent}")]
    return _answered(at, {"event": "tokens_refreshed", **GRANT}, form, refresh_token)


def ended(at: float, reason: str) -> Exchange:
    event = {"event": "grant_ended", "reason": reason, **GRANT}
    return exchange("auth_server", "POST /oauth/revoke", at=at, until=at, events=[event])


def _answered(at: float, event: dict[str, str], form: list[tuple[str, str]], refresh_token: str) -> Exchange:
    answer = f'{{\n  "expires_in": 120,\n  "refresh_token": "rrrrrr••••••••~{refresh_token}"\n}}'
    return exchange("auth_server", "POST /oauth/token", at=at, until=at, events=[event], form=form, answer=answer)


def states(member: Member) -> list[tuple[str, str]]:
    """Label and state, parents before children."""
    return [(member.label, member.state), *(each for child in member.children for each in states(child))]


def test_a_code_that_was_not_redeemed_has_no_tokens() -> None:
    [grant] = tokens.grants([issued()])

    assert (grant.pairs, states(tokens.family(grant, 1001))) == ([], [("Code", "alive")])


def test_each_refresh_replaces_the_token_before_it() -> None:
    [grant] = tokens.grants([issued(), redeemed(1, "aaaaaa"), refreshed(61, "aaaaaa", "bbbbbb")])

    first, second = tokens.access_tokens(grant)

    assert (first.issued, first.expires, first.ended, first.why) == (1001, 1121, 1061, "replaced by a refresh")
    assert (second.issued, second.expires, second.ended) == (1061, 1181, None)
    assert tokens.refresh_life(grant).expires == 1000 + 86400
    assert states(tokens.family(grant, 1062)) == [("Code", "spent"), ("Tokens 1", "spent"), ("Tokens 2", "alive")]


def test_a_token_that_ran_out_before_the_refresh_was_not_cut_short() -> None:
    [grant] = tokens.grants([issued(), redeemed(1, "aaaaaa"), refreshed(500, "aaaaaa", "bbbbbb")])

    assert tokens.access_tokens(grant)[0].ended is None


def test_the_end_of_the_grant_ends_every_token_and_says_why() -> None:
    [grant] = tokens.grants([issued(), redeemed(1, "aaaaaa"), ended(30, "replay")])

    assert tokens.access_tokens(grant)[0].why == "the grant ended: what is good for one use was presented once more"
    assert (
        tokens.family(grant, 1031).children[0].note
        == "the grant ended: what is good for one use was presented once more"
    )
    assert grant.is_over(1031)


def test_an_answer_that_was_lost_leaves_a_dead_sibling() -> None:
    """The same refresh token comes again within the grace; the successor that never arrived is dead."""
    story = [issued(), redeemed(1, "aaaaaa"), refreshed(60, "aaaaaa", "bbbbbb"), refreshed(65, "aaaaaa", "cccccc")]

    [grant] = tokens.grants(story)

    assert states(tokens.family(grant, 1066))[1:] == [
        ("Tokens 1", "spent"),
        ("Tokens 2", "lost"),
        ("Tokens 3", "alive"),
    ]


def test_a_grant_runs_out_by_itself() -> None:
    [grant] = tokens.grants([issued(), redeemed(1, "aaaaaa")])

    assert states(tokens.family(grant, 1000 + 86400)) == [("Code", "spent"), ("Tokens 1", "expired")]


def test_an_access_token_that_ran_out_leaves_the_refresh_token_alive() -> None:
    [grant] = tokens.grants([issued(), redeemed(1, "aaaaaa")])

    [first] = tokens.family(grant, 1200).children

    assert (first.state, first.note) == ("alive", "the access token ran out; the refresh token works")


def test_a_grant_whose_beginning_was_not_recorded_is_told_from_where_it_is_known() -> None:
    [grant] = tokens.grants([refreshed(60, "unseen", "bbbbbb")])

    assert tokens.refresh_life(grant).expires is None
    assert len(tokens.access_tokens(grant)) == 1


def test_two_grants_in_one_flow_are_two_families() -> None:
    other = exchange(
        "auth_server",
        "POST /oauth/authorize",
        at=9,
        events=[{"event": "authorization_code_issued", "grant_id": "other", "grant_lifetime": 5}],
    )

    assert [grant.id for grant in tokens.grants([issued(), other])] == ["g", "other"]


def test_an_event_that_only_ends_a_grant_is_no_grant_to_draw() -> None:
    assert tokens.grants([ended(1, "revoked by the client")]) == []


def test_an_answer_that_cannot_be_read_breaks_nothing() -> None:
    event = {"event": "code_redeemed", **GRANT}
    for answer in ("", "[1, 2]", "{", '{"expires_in": "soon"}', '{"expires_in": {}}'):
        [grant] = tokens.grants([exchange("auth_server", "POST /oauth/token", events=[event], answer=answer)])

        assert len(tokens.access_tokens(grant)) == 1
