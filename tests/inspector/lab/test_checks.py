"""The declared table of checks is true: whichever check is turned off, exactly the attacks that it stops get through."""

import ast
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import flask_wtf.csrf
import pytest
from sqlalchemy import select, true

from auth_server import grant_types, issued_tokens, redirect_uris, sign_in, tokens
from client_app import oauth
from inspector.lab.attack import Attack, Outcome
from inspector.lab.attacks import ATTACKS
from inspector.lab.checks import CHECKS, PAIRS, Check, Pair
from inspector.lab.run import run_all
from inspector.lab.stage import Stage
from resource_api import introspection, photos, protection
from resource_api.models import Photo

ROOT = Path(__file__).resolve().parents[3]
Patch = pytest.MonkeyPatch
EVERY_SCOPE = "profile photos:read photos:write"
HONEST = {attack.slug for attack in ATTACKS if attack.check is None}


def without_expiry(patch: Patch) -> None:
    original = issued_tokens.find_active_token
    long_ago = datetime(2000, 1, 1, tzinfo=UTC)
    patch.setattr(
        issued_tokens,
        "find_active_token",
        lambda db, token, now, demo: original(db, token, long_ago, demo=demo),
    )


#: What turns each check off, and nothing else.
OFF: dict[str, Callable[[Patch], None]] = {
    "exact-redirect-uri": lambda patch: patch.setattr(
        redirect_uris, "matches", lambda *_, **__: True
    ),
    "s256-required": lambda patch: patch.setattr(
        grant_types.S256Required, "validate_code_challenge", lambda *_: None
    ),
    "form-token": lambda patch: patch.setattr(
        flask_wtf.csrf, "validate_csrf", lambda *_, **__: None
    ),
    "own-pages-only": lambda patch: patch.setattr(
        sign_in, "own_page", lambda target: target or "/"
    ),
    "state": lambda patch: patch.setattr(
        oauth.AuthorizationRequest, "is_answered_by", lambda *_: True
    ),
    "issuer": lambda patch: patch.setattr(oauth.Client, "_check_issuer", lambda *_: None),
    "code-once": lambda patch: patch.setattr(tokens, "redeem_code", lambda *_: True),
    "verifier": lambda patch: patch.setitem(
        grant_types.S256Required.CODE_CHALLENGE_METHODS, "S256", lambda *_: True
    ),
    "own-client": lambda patch: patch.setattr(
        issued_tokens.IssuedToken, "check_client", lambda *_: True
    ),
    "same-redirect-uri": lambda patch: patch.setattr(
        issued_tokens.AuthorizationCode, "get_redirect_uri", lambda _: None
    ),
    "scope-as-granted": lambda patch: patch.setattr(
        issued_tokens.RefreshToken, "get_scope", lambda _: EVERY_SCOPE, raising=False
    ),
    "refresh-once": lambda patch: patch.setattr(tokens, "spend_refresh_token", lambda *_: True),
    "access-tokens-only": lambda patch: patch.setattr(
        introspection, "_is_access_token", lambda _: True
    ),
    "expiry": without_expiry,
    "expiry-by-own-clock": lambda patch: patch.setattr(
        introspection, "_is_unexpired", lambda _: True
    ),
    "grant-alive": lambda patch: patch.setattr(issued_tokens, "_has_living_grant", true),
    "scope-needed": lambda patch: patch.setattr(protection, "_check_scope", lambda *_: None),
    "own-photos": lambda patch: patch.setattr(photos, "_photos_of", lambda _: select(Photo)),
}


def got_through(lab: Stage) -> set[str]:
    """The attacks that got through when all are run; each must have been run."""
    outcomes: dict[str, Any] = {}
    run_all(lab, lambda attack, outcome: outcomes.update({attack.slug: outcome}))
    assert {slug: each for slug, each in outcomes.items() if not isinstance(each, Outcome)} == {}
    assert set(outcomes) == {attack.slug for attack in ATTACKS}
    return {slug for slug, outcome in outcomes.items() if outcome.got_through}


def test_with_every_check_in_place_every_attack_is_stopped_but_the_honest_one(lab: Stage) -> None:
    assert got_through(lab) == HONEST


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.slug)
def test_with_one_check_turned_off_the_attacks_that_it_stops_get_through(
    lab: Stage, monkeypatch: Patch, check: Check
) -> None:
    OFF[check.slug](monkeypatch)

    assert got_through(lab) == HONEST | set(check.stops)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.first}, {pair.second}")
def test_with_both_checks_turned_off_the_attacks_get_through_that_either_would_stop(
    lab: Stage, monkeypatch: Patch, pair: Pair
) -> None:
    OFF[pair.first](monkeypatch)
    OFF[pair.second](monkeypatch)
    alone = {
        slug for check in CHECKS if check.slug in (pair.first, pair.second) for slug in check.stops
    }

    assert got_through(lab) == HONEST | alone | set(pair.stops)


def stopped_by(slug: str) -> Iterable[str]:
    """What the table declares that check to stop, alone or with another behind it."""
    yield from (attack for check in CHECKS if check.slug == slug for attack in check.stops)
    yield from (attack for pair in PAIRS if pair.first == slug for attack in pair.stops)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.slug)
def test_every_attack_names_the_check_that_stops_it(attack: Attack) -> None:
    assert attack.check is None or attack.slug in stopped_by(attack.check)


def test_every_attack_is_declared_once() -> None:
    declared = [slug for entry in (*CHECKS, *PAIRS) for slug in entry.stops]

    assert sorted(declared) == sorted({attack.slug for attack in ATTACKS} - HONEST)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.slug)
def test_every_check_is_where_the_table_says(check: Check) -> None:
    names = check.symbol.split(".")
    body: list[ast.stmt] = ast.parse((ROOT / check.file).read_text()).body
    for name in names:
        [node] = [each for each in body if getattr(each, "name", None) == name]
        body = getattr(node, "body", [])
