"""Attacks with a refresh token (RFC 6749 §6, §10.4; RFC 9700 §4.14)."""

from functools import partial
from http import HTTPStatus

from inspector.lab.attack import Attack, Group
from inspector.lab.http import Answer
from inspector.lab.outcome import CannotRun, Outcome
from inspector.lab.stage import Stage


def raise_scope(stage: Stage) -> Outcome:
    """Request write access with a refresh token that was granted read access."""
    tokens = stage.tokens("photos:read")
    answer = stage.thief.refresh(tokens["refresh_token"], scope="photos:read photos:write")
    has_succeeded = "photos:write" in str(answer.json.get("scope", "")).split()
    return _attempt(stage, tokens, answer, has_succeeded)


def replay_refresh_token(stage: Stage) -> Outcome:
    """Use a refresh token again after Print Shop has used its successor."""
    first = stage.tokens()
    second = _refreshed(stage.print_shop.refresh(first["refresh_token"]))
    third = _refreshed(stage.print_shop.refresh(second["refresh_token"]))
    stolen = stage.thief.refresh(first["refresh_token"])
    has_succeeded = "access_token" in stolen.json
    consequence = stage.describe_tokens(
        third,
        if_revoked="The grant ended. Print Shop’s newest tokens stopped working.",
        if_active="The grant did not end. Print Shop’s newest tokens still work.",
    )
    return stolen.attempt(has_succeeded, if_stopped=consequence)


def refresh_by_another_client(stage: Stage) -> Outcome:
    """Use Print Shop's refresh token as Mallory's app."""
    tokens = stage.tokens()
    answer = stage.mallorys_app.refresh(tokens["refresh_token"])
    return _attempt(stage, tokens, answer, "access_token" in answer.json)


def refresh_within_grace(stage: Stage) -> Outcome:
    """Use a refresh token again, as a client does that did not receive the answer."""
    first = stage.tokens()
    second = _refreshed(stage.print_shop.refresh(first["refresh_token"]))
    stolen = stage.thief.refresh(first["refresh_token"])
    if "access_token" not in stolen.json:
        return stolen.outcome(has_succeeded=False, consequence="The grace period is turned off.")
    owner = stage.print_shop.refresh(second["refresh_token"])
    api_status = stage.call_api(stolen.json["access_token"]).status
    consequence = ""
    if (owner.status, api_status) == (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED):
        consequence = (
            "Mallory has access until Print Shop refreshes again. "
            "Then the grant ends, and Mallory’s tokens stop working."
        )
    return stolen.outcome(has_succeeded=True, consequence=consequence)


def _attempt(stage: Stage, tokens: dict[str, str], answer: Answer, has_succeeded: bool) -> Outcome:
    """Return the outcome, and whether Print Shop's refresh token still works."""
    consequence = "Print Shop’s refresh token no longer works."
    if "access_token" in stage.print_shop.refresh(tokens["refresh_token"]).json:
        consequence = "Print Shop’s refresh token still works. The rejected request did no harm."
    return answer.attempt(has_succeeded, if_stopped=consequence)


def _refreshed(answer: Answer) -> dict[str, str]:
    if "refresh_token" not in answer.json:
        raise CannotRun(f"Print Shop could not refresh: {answer.status} {answer.error}")
    return answer.json


#: What these attacks have in common, unless an entry says otherwise.
attack = partial(
    Attack, aim="POST /oauth/token", leg="auth", plain="authlib", group=Group.REFRESH_TOKENS
)

ATTACKS = (
    attack(
        slug="scope-raised",
        title="Request more scope in a refresh",
        severity="medium",
        description="Carol granted read access. Mallory has the refresh token and the secret, "
        "and requests a token with write access.",
        run=raise_scope,
        check="scope-as-granted",
    ),
    attack(
        slug="refresh-replayed",
        title="Replay a stolen refresh token",
        severity="medium",
        description="Mallory has stolen a refresh token and the secret. "
        "Print Shop has already used that token and its successor.",
        run=replay_refresh_token,
        check="refresh-once",
    ),
    attack(
        slug="refresh-of-another-client",
        title="Use another client’s refresh token",
        severity="high",
        description="Mallory presents Print Shop’s refresh token "
        "with the credentials of another app.",
        run=refresh_by_another_client,
        check="own-client",
        section="6",
    ),
    attack(
        slug="secret-and-token-in-time",
        title="Use a stolen token and secret in the grace period",
        severity="medium",
        description="Mallory has the refresh token and the secret. "
        "Mallory uses them within the grace period, before Print Shop uses the successor.",
        run=refresh_within_grace,
        check=None,
        plain=None,
    ),
)
