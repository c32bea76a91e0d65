"""The consequence on a card was observed. If the servers behave differently, the card says something else."""

from collections.abc import Callable
from contextlib import ExitStack

import flask_wtf.csrf
import pytest
from flask import request
from werkzeug.wrappers import Request, Response
from world.clock import Clock
from world.legs import Legs

from auth_server import grant_types, issued_tokens, sign_in, tokens
from inspector.lab.attacks import ATTACKS
from inspector.lab.outcome import Failure, Outcome
from inspector.lab.run import run
from inspector.lab.stage import Stage

#: Seconds.
A_CODES_LIFE, A_GRANTS_LIFE = 61, 86401


def outcome_of(slug: str, lab: Stage) -> Outcome:
    outcome = run(next(attack for attack in ATTACKS if attack.slug == slug), lab)
    assert isinstance(outcome, Outcome), outcome
    return outcome


def after(
    legs: Legs, origin: str, path: str, happens: Callable[[], object], *, times: int = 1
) -> None:
    """Run a function after `path` has answered for the nth time."""
    application, left = legs.network.application(origin), [times]

    @Request.application
    def around(request: Request) -> Response:
        answer = Response.from_app(application, request.environ)
        if request.path == path:
            left[0] -= 1
            if left[0] == 0:
                happens()
        return answer

    legs.network.attach(origin, around)


@pytest.mark.parametrize(
    ("slug", "consequence"),
    [
        (
            "redirect-uri-port",
            "Carol’s browser is not redirected, and no code is issued.",
        ),
        ("pkce-none", "The client receives the error, and no code."),
        (
            "forged-consent",
            "Carol’s account page does not list Mallory’s app.",
        ),
        (
            "open-redirect",
            "The login form does not contain the link’s next page. "
            "Carol is signed in and stays on this server.",
        ),
        ("forged-callback", "Print Shop shows no album in Carol’s browser."),
        (
            "callback-in-another-browser",
            "Mallory does not see Carol’s album, and Carol’s own flow continues.",
        ),
        ("code-replay", "The grant ended. The tokens from the first use stopped working."),
        (
            "code-without-verifier",
            "Print Shop can still redeem the code. The failed attempt did no harm.",
        ),
        (
            "scope-raised",
            "Print Shop’s refresh token still works. The rejected request did no harm.",
        ),
        ("refresh-replayed", "The grant ended. Print Shop’s newest tokens stopped working."),
        (
            "secret-and-token-in-time",
            "Mallory has access until Print Shop refreshes again. "
            "Then the grant ends, and Mallory’s tokens stop working.",
        ),
        (
            "revoked-access-token",
            "The access token stopped working when the refresh token was revoked.",
        ),
        ("another-persons-photo", "The answer is the same as for a photo that does not exist."),
    ],
)
def test_the_consequence_of_an_attack_is_shown(lab: Stage, slug: str, consequence: str) -> None:
    assert outcome_of(slug, lab).consequence == consequence


@pytest.mark.parametrize(
    "slug", ["code-without-verifier", "code-of-another-client", "redirect-uri-at-token"]
)
def test_a_code_that_its_owner_cannot_redeem_is_not_called_unharmed(
    lab: Stage, legs: Legs, clock: Clock, slug: str
) -> None:
    after(legs, legs.auth_server_url, "/oauth/token", lambda: clock.forward(A_CODES_LIFE))

    assert outcome_of(slug, lab).consequence == "Print Shop can no longer redeem the code."


@pytest.mark.parametrize("slug", ["scope-raised", "refresh-of-another-client"])
def test_a_refresh_token_that_no_longer_works_is_not_called_unharmed(
    lab: Stage, legs: Legs, clock: Clock, slug: str
) -> None:
    after(legs, legs.auth_server_url, "/oauth/token", lambda: clock.forward(A_GRANTS_LIFE), times=2)

    assert outcome_of(slug, lab).consequence == "Print Shop’s refresh token no longer works."


def refuse_a_replay_and_leave_the_grant_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behave like Authlib's defaults."""
    monkeypatch.setattr(grant_types, "ReplayDetected", grant_types.GrantRefused)


@pytest.mark.parametrize(
    ("slug", "consequence"),
    [
        ("code-replay", "The tokens from the first use still work."),
        ("refresh-replayed", "The grant did not end. Print Shop’s newest tokens still work."),
    ],
)
def test_a_replay_without_consequence_is_described_correctly(
    lab: Stage, monkeypatch: pytest.MonkeyPatch, slug: str, consequence: str
) -> None:
    refuse_a_replay_and_leave_the_grant_alone(monkeypatch)

    outcome = outcome_of(slug, lab)

    assert (outcome.has_succeeded, outcome.consequence) == (False, consequence)


def test_a_grant_with_one_active_token_is_described_correctly(
    lab: Stage, legs: Legs, clock: Clock
) -> None:
    """The access token has expired meanwhile, and the refresh token has not."""
    after(legs, legs.auth_server_url, "/oauth/token", lambda: clock.forward(121), times=2)
    with pytest.MonkeyPatch.context() as patch:
        refuse_a_replay_and_leave_the_grant_alone(patch)
        outcome = outcome_of("code-replay", lab)

    assert (outcome.has_succeeded, outcome.consequence) == (False, "")


def test_a_grant_that_goes_on_is_not_said_to_end(
    lab: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "spend_refresh_token", lambda *_: True)

    outcome = outcome_of("secret-and-token-in-time", lab)

    assert (outcome.has_succeeded, outcome.consequence) == (True, "")


def test_a_grant_whose_stolen_tokens_work_is_not_said_to_end(
    lab: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_a_replay_and_leave_the_grant_alone(monkeypatch)

    outcome = outcome_of("secret-and-token-in-time", lab)

    assert (outcome.has_succeeded, outcome.consequence) == (True, "")


def test_a_response_that_reveals_a_photo_is_not_called_the_same(lab: Stage, legs: Legs) -> None:
    photo_api = legs.network.application(legs.resource_api_url)

    @Request.application
    def talkative(request: Request) -> Response:
        there_is_none = Response("There is none.", status=410)
        return (
            there_is_none
            if "0000" in request.path
            else Response.from_app(photo_api, request.environ)
        )

    legs.network.attach(legs.resource_api_url, talkative)

    outcome = outcome_of("another-persons-photo", lab)

    assert (outcome.has_succeeded, outcome.consequence) == (False, "")


def test_a_flow_that_does_not_reach_carols_album_is_not_said_to_go_on(
    lab: Stage, legs: Legs, clock: Clock
) -> None:
    after(legs, legs.client_app_url, "/callback", lambda: clock.forward(A_CODES_LIFE))

    outcome = outcome_of("callback-in-another-browser", lab)

    assert (outcome.has_succeeded, outcome.consequence) == (False, "")


def test_an_effective_forged_consent_is_listed_in_carols_account(
    lab: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flask_wtf.csrf, "validate_csrf", lambda *_, **__: None)

    assert outcome_of("forged-consent", lab).consequence == (
        "Mallory’s app receives a code. Carol’s account page lists Mallory’s app."
    )


def test_a_login_form_that_keeps_the_foreign_address_is_described_correctly(
    lab: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here the address is checked only when the form is sent."""
    original = sign_in.own_page
    monkeypatch.setattr(
        sign_in, "own_page", lambda page: page if request.method == "GET" else original(page)
    )

    outcome = outcome_of("open-redirect", lab)

    assert (outcome.has_succeeded, outcome.consequence) == (
        False,
        "Carol is signed in and stays on this server.",
    )


@pytest.mark.parametrize("slug", ["expired-access-token", "revoked-access-token"])
def test_a_token_that_never_worked_proves_nothing(
    lab: Stage, monkeypatch: pytest.MonkeyPatch, slug: str
) -> None:
    monkeypatch.setattr(issued_tokens, "find_active_token", lambda *_, **__: None)

    failure = run(next(attack for attack in ATTACKS if attack.slug == slug), lab)

    assert failure == Failure(reason="The access token did not work before the attack: 401.")


def test_a_server_failure_is_not_a_refusal(lab: Stage, legs: Legs) -> None:
    """When the token should have expired, Photo API cannot introspect it."""
    [expired] = [attack for attack in ATTACKS if attack.slug == "expired-access-token"]
    with ExitStack() as stack:
        lab.wait = lambda _seconds: stack.enter_context(legs.network.cut_off(legs.auth_server_url))
        failure = run(expired, lab)

    assert failure == Failure(reason="A server failed (503).")
