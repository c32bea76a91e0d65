"""The model notices an answer that breaks a promise, also when answers are lost."""

from datetime import UTC, datetime, timedelta

import pytest

from world.model import (
    DONE,
    INACTIVE,
    INVALID_CLIENT,
    INVALID_GRANT,
    INVALID_SCOPE,
    Answer,
    BrokenPromise,
    DeleteClient,
    DeleteUser,
    Grant,
    Introspect,
    Kind,
    NarrowClient,
    Possibilities,
    Redeem,
    Refresh,
    RemoveApp,
    Request,
    Revoke,
    Rules,
    Sender,
    Span,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SCOPE = frozenset({"profile", "photos:read"})
READ = frozenset({"photos:read"})
ISSUED = Answer(scope=SCOPE)
OWNER, STRANGER = Sender.OWNER, Sender.STRANGER
ACCESS, REFRESH = Kind.ACCESS, Kind.REFRESH
REDEEM = Redeem(OWNER, new=1)
Series = list[tuple[Request, Answer | None]]


def at(seconds: float, until: float | None = None) -> Span:
    """Return a moment after the beginning of the grant, or a span of time."""
    latest = seconds if until is None else until
    return Span(NOON + timedelta(seconds=seconds), NOON + timedelta(seconds=latest))


def observe(*series: tuple[Request, Answer | None], rules: Rules | None = None) -> Possibilities:
    """Observe the answers to requests, one each second."""
    known = Possibilities(rules or Rules(), Grant(SCOPE, at(0)))
    for second, (request, answer) in enumerate(series):
        known.observe(request, at(second), answer)
    return known


def introspect(token: int, kind: Kind = ACCESS) -> Request:
    return Introspect(Sender.RESOURCE_SERVER, token, kind)


@pytest.mark.parametrize(
    ("series", "wrong", "right"),
    [
        pytest.param([(REDEEM, ISSUED)], (Redeem(OWNER, new=2), ISSUED), INVALID_GRANT, id="twice"),
        pytest.param([], (Redeem(STRANGER, new=1), ISSUED), INVALID_GRANT, id="another client"),
        pytest.param(
            [], (Redeem(OWNER, 1, has_right_verifier=False), ISSUED), INVALID_GRANT, id="verifier"
        ),
        pytest.param(
            [],
            (Redeem(OWNER, 1, has_right_redirect_uri=False), ISSUED),
            INVALID_GRANT,
            id="redirect URI",
        ),
        pytest.param(
            [(REDEEM, ISSUED), (Redeem(OWNER, new=2), INVALID_GRANT)],
            (introspect(1), Answer(is_active=True, scope=SCOPE)),
            INACTIVE,
            id="replayed code",
        ),
        pytest.param(
            [(REDEEM, ISSUED), (Revoke(OWNER, 1, ACCESS), DONE)],
            (Refresh(OWNER, 1, new=2), ISSUED),
            INVALID_GRANT,
            id="revoked",
        ),
        pytest.param(
            [(REDEEM, ISSUED), (Revoke(STRANGER, 1, ACCESS), INVALID_GRANT)],
            (introspect(1), INACTIVE),
            Answer(is_active=True, scope=SCOPE),
            id="revoked by another client",
        ),
        pytest.param(
            [
                (REDEEM, ISSUED),
                (Refresh(OWNER, 1, new=2), ISSUED),
                (Refresh(OWNER, 1, new=3), ISSUED),
            ],
            (Refresh(OWNER, 1, new=4), ISSUED),
            INVALID_GRANT,
            id="third presentation",
        ),
        pytest.param(
            [(REDEEM, ISSUED)],
            (Refresh(OWNER, 1, new=2, scope=frozenset({"photos:write"})), ISSUED),
            INVALID_SCOPE,
            id="wider scope",
        ),
        pytest.param(
            [(REDEEM, ISSUED), (RemoveApp(), DONE)],
            (Refresh(OWNER, 1, new=2), ISSUED),
            INVALID_GRANT,
            id="removed app",
        ),
        pytest.param(
            [(REDEEM, ISSUED), (NarrowClient(READ), DONE)],
            (introspect(1), Answer(is_active=True, scope=SCOPE)),
            Answer(is_active=True, scope=READ),
            id="narrowed client",
        ),
        pytest.param(
            [(REDEEM, ISSUED), (DeleteClient(), DONE)],
            (Refresh(OWNER, 1, new=2), ISSUED),
            INVALID_CLIENT,
            id="deleted client",
        ),
        pytest.param(
            [(REDEEM, ISSUED), (DeleteUser(), DONE)],
            (introspect(1, REFRESH), Answer(is_active=True, scope=SCOPE)),
            INACTIVE,
            id="deleted user",
        ),
    ],
)
def test_the_model_allows_one_answer(
    series: Series, wrong: tuple[Request, Answer], right: Answer
) -> None:
    request, _ = wrong
    with pytest.raises(BrokenPromise):
        observe(*series, wrong)
    observe(*series, (request, right))


@pytest.mark.parametrize("answer", [ISSUED, INVALID_GRANT])
def test_after_a_lost_answer_both_continuations_are_allowed(answer: Answer) -> None:
    observe((REDEEM, None), (Redeem(OWNER, new=2), answer))


def test_the_next_answer_decides_what_became_of_a_lost_request() -> None:
    lost_revocation: Series = [(REDEEM, ISSUED), (Revoke(OWNER, 1, ACCESS), None)]
    active = Answer(is_active=True, scope=SCOPE)

    observe(*lost_revocation, (introspect(1), active), (Refresh(OWNER, 1, new=2), ISSUED))
    with pytest.raises(BrokenPromise):
        observe(*lost_revocation, (introspect(1), INACTIVE), (introspect(1), active))


def test_a_refresh_whose_answer_was_lost_may_be_repeated_within_the_grace() -> None:
    observe((REDEEM, ISSUED), (Refresh(OWNER, 1, new=2), None), (Refresh(OWNER, 1, new=3), ISSUED))
    with pytest.raises(BrokenPromise):
        observe(
            (REDEEM, ISSUED),
            (Refresh(OWNER, 1, new=2), None),
            (Refresh(OWNER, 1, new=3), INVALID_GRANT),
        )


def test_a_public_client_has_no_grace() -> None:
    series: Series = [(REDEEM, ISSUED), (Refresh(OWNER, 1, new=2), ISSUED)]

    observe(*series, (Refresh(OWNER, 1, new=3), INVALID_GRANT), rules=Rules(is_public=True))
    with pytest.raises(BrokenPromise):
        observe(*series, (Refresh(OWNER, 1, new=3), ISSUED), rules=Rules(is_public=True))


@pytest.mark.parametrize(
    ("moment", "allowed"),
    [
        (at(59), {ISSUED}),
        (at(60), {INVALID_GRANT}),
        (at(59, until=61), {ISSUED, INVALID_GRANT}),
    ],
)
def test_a_deadline_is_exact_when_the_time_is_known(moment: Span, allowed: set[Answer]) -> None:
    outcomes = Rules(code_lifetime=60).outcomes(Grant(SCOPE, at(0)), REDEEM, moment)

    assert {answer for answer, _ in outcomes} == allowed
