"""A card's sentence about the consequence depends on what the servers really did."""

from collections.abc import Callable
from contextlib import ExitStack
from itertools import count

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
from web import request_origin

#: In seconds, each one second longer than the lifetime.
PAST_CODE_LIFETIME, PAST_GRANT_LIFETIME = 61, 86401


def outcome_of(slug: str, lab: Stage) -> Outcome:
    """Run the attack and return its outcome."""
    outcome = run(next(attack for attack in ATTACKS if attack.slug == slug), lab)
    assert isinstance(outcome, Outcome), outcome
    return outcome


def call_after_response(
    legs: Legs, origin: str, path: str, callback: Callable[[], object], *, number: int = 1
) -> None:
    """Call `callback` after the response with this number from `path`, counted from 1."""
    application, responses = legs.network.application(origin), count(1)

    @Request.application
    def wrapper(request: Request) -> Response:
        response = Response.from_app(application, request.environ)
        if request.path == path and next(responses) == number:
            callback()
        return response

    legs.network.attach(origin, wrapper)


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
def test_the_card_says_when_print_shop_cannot_redeem_the_code(
    lab: Stage, legs: Legs, clock: Clock, slug: str
) -> None:
    call_after_response(
        legs, legs.auth_server_url, "/oauth/token", lambda: clock.forward(PAST_CODE_LIFETIME)
    )

    assert outcome_of(slug, lab).consequence == "Print Shop can no longer redeem the code."


@pytest.mark.parametrize("slug", ["scope-raised", "refresh-of-another-client"])
def test_the_card_says_when_print_shops_refresh_token_stopped_working(
    lab: Stage, legs: Legs, clock: Clock, slug: str
) -> None:
    call_after_response(
        legs,
        legs.auth_server_url,
        "/oauth/token",
        lambda: clock.forward(PAST_GRANT_LIFETIME),
        number=2,
    )

    assert outcome_of(slug, lab).consequence == "Print Shop’s refresh token no longer works."


def keep_grants_after_replays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse a replay without ending the grant, as Authlib does by default."""
    monkeypatch.setattr(grant_types, "ReplayDetected", grant_types.GrantRefused)


@pytest.mark.parametrize(
    ("slug", "consequence"),
    [
        ("code-replay", "The tokens from the first use still work."),
        ("refresh-replayed", "The grant did not end. Print Shop’s newest tokens still work."),
    ],
)
def test_the_card_says_when_a_replay_does_not_end_the_grant(
    lab: Stage, monkeypatch: pytest.MonkeyPatch, slug: str, consequence: str
) -> None:
    keep_grants_after_replays(monkeypatch)

    outcome = outcome_of(slug, lab)

    assert (outcome.has_succeeded, outcome.consequence) == (False, consequence)


def test_a_grant_with_one_active_token_is_not_said_to_end(
    lab: Stage, legs: Legs, clock: Clock
) -> None:
    """The access token has expired, but the refresh token has not."""
    call_after_response(
        legs, legs.auth_server_url, "/oauth/token", lambda: clock.forward(121), number=2
    )
    with pytest.MonkeyPatch.context() as patch:
        keep_grants_after_replays(patch)
        outcome = outcome_of("code-replay", lab)

    assert (outcome.has_succeeded, outcome.consequence) == (False, "")


def test_a_grant_that_continues_is_not_said_to_end(
    lab: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "spend_refresh_token", lambda *_: True)

    outcome = outcome_of("secret-and-token-in-time", lab)

    assert (outcome.has_succeeded, outcome.consequence) == (True, "")


def test_a_grant_whose_stolen_tokens_work_is_not_said_to_end(
    lab: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_grants_after_replays(monkeypatch)

    outcome = outcome_of("secret-and-token-in-time", lab)

    assert (outcome.has_succeeded, outcome.consequence) == (True, "")


def test_a_response_that_reveals_a_photo_is_not_called_the_same(lab: Stage, legs: Legs) -> None:
    photo_api = legs.network.application(legs.resource_api_url)

    @Request.application
    def revealing_api(request: Request) -> Response:
        if "0000" in request.path:
            return Response("This photo does not exist.", status=410)
        return Response.from_app(photo_api, request.environ)

    legs.network.attach(legs.resource_api_url, revealing_api)

    outcome = outcome_of("another-persons-photo", lab)

    assert (outcome.has_succeeded, outcome.consequence) == (False, "")


def test_a_flow_that_ends_without_an_album_is_not_said_to_continue(
    lab: Stage, legs: Legs, clock: Clock
) -> None:
    call_after_response(
        legs, legs.client_app_url, "/callback", lambda: clock.forward(PAST_CODE_LIFETIME)
    )

    outcome = outcome_of("callback-in-another-browser", lab)

    assert (outcome.has_succeeded, outcome.consequence) == (False, "")


def test_the_card_says_when_a_forged_consent_is_in_carols_account(
    lab: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flask_wtf.csrf, "validate_csrf", lambda *_, **__: None)
    monkeypatch.setattr(request_origin, "is_from_another_site", lambda: False)

    assert outcome_of("forged-consent", lab).consequence == (
        "Mallory’s app receives a code. Carol’s account page lists Mallory’s app."
    )


def test_the_card_does_not_say_that_a_kept_foreign_address_was_removed(
    lab: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The login form keeps the address, which is validated only when the form is sent."""
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
    monkeypatch.setattr(issued_tokens, "find_token", lambda *_: None)

    failure = run(next(attack for attack in ATTACKS if attack.slug == slug), lab)

    assert failure == Failure(reason="The access token did not work before the attack: 401.")


def test_a_server_failure_is_not_a_refusal(lab: Stage, legs: Legs) -> None:
    """Photo API cannot introspect the token at the time at which it should have expired."""
    [expired] = [attack for attack in ATTACKS if attack.slug == "expired-access-token"]
    with ExitStack() as stack:
        lab.wait = lambda _seconds: stack.enter_context(legs.network.cut_off(legs.auth_server_url))
        failure = run(expired, lab)

    assert failure == Failure(reason="A server failed (503).")
