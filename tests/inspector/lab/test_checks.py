"""The table of checks is correct: without a check, exactly the attacks that it stops succeed."""

import base64
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import flask_wtf.csrf
import pytest
from joserfc.jwt import Token
from sqlalchemy import bindparam, select

from auth_server import grant_types, issued_tokens
from client_app import oauth
from inspector.lab.attack import Attack
from inspector.lab.attacks import ATTACKS
from inspector.lab.checks import CHECK_PAIRS, CHECKS, Check, CheckPair
from inspector.lab.outcome import Outcome
from inspector.lab.run import run_all
from inspector.lab.source import find_markers, source_of
from inspector.lab.stage import Stage
from resource_api import models, photos
from web.statements import Query

ROOT = Path(__file__).resolve().parents[3]
Patch = pytest.MonkeyPatch
#: The packages in which a marker can be.
PACKAGES = ("auth_server", "client_app", "resource_api", "web")
EVERY_SCOPE = "profile photos:read photos:write"
UNSTOPPABLE = {attack.slug for attack in ATTACKS if attack.check is None}


#: The replacement of each check. It accepts everything.
REPLACEMENTS: dict[str, Callable[..., Any]] = {
    "exact-redirect-uri": lambda *_, **__: True,
    "s256-required": lambda *_: None,
    "form-origin": lambda: False,
    "own-pages-only": lambda target: target or "/",
    "state": lambda *_: True,
    "issuer": lambda *_: None,
    "id-token-parties": lambda *_: None,
    "own-hint": lambda *_: True,
    "code-once": lambda *_: True,
    "own-client": lambda *_: True,
    "refresh-once": lambda *_: True,
    "access-tokens-only": lambda _: True,
    "expiry": lambda *_: False,
    "grant-alive": lambda *_: False,
    "scope-needed": lambda *_: None,
}
FIND_ANY_PHOTO = Query(
    select(*(getattr(models.Photo, name) for name in photos.Photo._fields)).where(
        models.Photo.id == bindparam("photo_id")
    ),
    photos.Photo,
)


def read_unverified(raw: str, *_: object, **__: object) -> Token:
    """Return a JWT as joserfc does, without a check of its signature."""
    header, claims = (
        json.loads(base64.urlsafe_b64decode(f"{part}==")) for part in raw.split(".")[:2]
    )
    return Token(header, claims)


#: Checks that cannot be turned off by replacing the symbol that the table names.
SPECIAL: dict[str, Callable[[Patch], None]] = {
    "form-token": lambda patch: patch.setattr(
        flask_wtf.csrf, "validate_csrf", lambda *_, **__: None
    ),
    "verifier": lambda patch: patch.setitem(
        grant_types.S256Required.CODE_CHALLENGE_METHODS, "S256", lambda *_: True
    ),
    # The statements with this condition were made when the module was imported.
    "own-photos": lambda patch: patch.setattr(photos, "_FIND", FIND_ANY_PHOTO),
    # Authlib compares the two redirect URIs as well.
    "same-redirect-uri": lambda patch: patch.setattr(
        issued_tokens.AuthorizationCode, "get_redirect_uri", lambda _: None
    ),
    "id-token-nonce": lambda patch: patch.setattr(
        oauth.Client,
        "_check_sign_in",
        lambda self, raw, tokens, _: self._check_id_token(raw, tokens),
    ),
    "id-token-signature": lambda patch: patch.setattr(oauth.jwt, "decode", read_unverified),
    "scope-as-granted": lambda patch: patch.setattr(
        issued_tokens.RefreshToken, "get_scope", lambda _: EVERY_SCOPE, raising=False
    ),
}


def turn_off(slug: str, patch: Patch) -> None:
    """Turn off one check, and nothing else."""
    if slug in SPECIAL:
        SPECIAL[slug](patch)
        return
    check = next(check for check in CHECKS if check.slug == slug)
    module = check.file.removesuffix(".py").replace("/", ".")
    patch.setattr(f"{module}.{check.symbol}", REPLACEMENTS[slug])


def find_successes(lab: Stage) -> set[str]:
    """Run all attacks, assert that each could run, and return those that succeeded."""
    outcomes: dict[str, Any] = {}
    run_all(lab, lambda attack, outcome: outcomes.update({attack.slug: outcome}))
    assert {slug: each for slug, each in outcomes.items() if not isinstance(each, Outcome)} == {}
    assert set(outcomes) == {attack.slug for attack in ATTACKS}
    return {slug for slug, outcome in outcomes.items() if outcome.has_succeeded}


def test_with_all_checks_only_the_one_known_attack_succeeds(lab: Stage) -> None:
    assert find_successes(lab) == UNSTOPPABLE


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.slug)
def test_without_one_check_the_attacks_that_it_stops_succeed(
    lab: Stage, monkeypatch: Patch, check: Check
) -> None:
    turn_off(check.slug, monkeypatch)

    assert find_successes(lab) == UNSTOPPABLE | set(check.stops)


@pytest.mark.parametrize("pair", CHECK_PAIRS, ids=lambda pair: f"{pair.first}, {pair.second}")
def test_without_both_checks_of_a_pair_their_attacks_succeed(
    lab: Stage, monkeypatch: Patch, pair: CheckPair
) -> None:
    turn_off(pair.first, monkeypatch)
    turn_off(pair.second, monkeypatch)
    both = [check for check in CHECKS if check.slug in (pair.first, pair.second)]
    stopped_alone = {slug for check in both for slug in check.stops}

    assert find_successes(lab) == UNSTOPPABLE | stopped_alone | set(pair.stops)


def attacks_stopped_by(slug: str) -> Iterable[str]:
    """Return the attacks that the table assigns to this check, alone or in a pair."""
    yield from (attack for check in CHECKS if check.slug == slug for attack in check.stops)
    yield from (attack for pair in CHECK_PAIRS if pair.first == slug for attack in pair.stops)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.slug)
def test_every_attack_names_the_check_that_stops_it(attack: Attack) -> None:
    assert attack.check is None or attack.slug in attacks_stopped_by(attack.check)


def test_every_attack_is_declared_once() -> None:
    declared = [slug for entry in (*CHECKS, *CHECK_PAIRS) for slug in entry.stops]

    assert sorted(declared) == sorted({attack.slug for attack in ATTACKS} - UNSTOPPABLE)


def test_every_marker_in_the_code_is_declared_once() -> None:
    found = [
        (slug, file.relative_to(ROOT).as_posix())
        for package in PACKAGES
        for file in sorted((ROOT / package).rglob("*.py"))
        for _, slug in find_markers(file.read_text())
    ]

    assert sorted(found) == sorted((check.slug, check.file) for check in CHECKS if check.has_marker)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.slug)
def test_every_check_exists_where_the_table_says(check: Check) -> None:
    source = source_of(check)

    assert source.has_more == check.has_marker
