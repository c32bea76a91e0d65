"""The results of the attacks on a plain server, observed and not assumed."""

import pytest

from inspector.lab.attack import Attack
from inspector.lab.attacks import ATTACKS
from inspector.lab.outcome import Outcome
from inspector.lab.plain.comparison import compare

#: The attacks that succeed with Authlib's defaults and views like those of its documentation.
THROUGH = {"pkce-plain": 200, "pkce-none": 200, "forged-consent": 302, "open-redirect": 302}
#: The attacks that they refuse, with status and error code.
REFUSED = {
    "redirect-uri-port": (400, "invalid_request"),
    "redirect-uri-prefix": (400, "invalid_request"),
    "redirect-uri-subdomain": (400, "invalid_request"),
    "redirect-uri-parameter": (400, "invalid_request"),
    "code-replay": (400, "invalid_grant"),
    "code-without-verifier": (400, "invalid_grant"),
    "code-of-another-client": (400, "invalid_grant"),
    "redirect-uri-at-token": (400, "invalid_grant"),
    "scope-raised": (400, "invalid_scope"),
    "refresh-replayed": (400, "invalid_grant"),
    "refresh-of-another-client": (400, "invalid_grant"),
    "refresh-token-as-access-token": (401, "invalid_token"),
    "revoked-access-token": (401, "invalid_token"),
    "write-with-a-read-only-token": (403, "insufficient_scope"),
}
COMPARABLE = [attack for attack in ATTACKS if attack.plain]


@pytest.mark.parametrize("attack", COMPARABLE, ids=lambda attack: attack.slug)
def test_each_attack_ends_on_the_plain_server_as_the_table_says(attack: Attack) -> None:
    there = compare(attack)

    assert isinstance(there, Outcome), there
    if there.has_succeeded:
        assert (attack.slug, there.status) in THROUGH.items()
    else:
        assert (attack.slug, (there.status, there.error)) in REFUSED.items()


def test_every_comparable_attack_is_in_the_table_once() -> None:
    assert sorted([*THROUGH, *REFUSED]) == sorted(attack.slug for attack in COMPARABLE)


def test_some_attacks_succeed_there_and_some_are_refused() -> None:
    """Otherwise the comparison would show nothing, or would be unfair."""
    assert THROUGH
    assert REFUSED


@pytest.mark.parametrize(
    "attack", [attack for attack in ATTACKS if not attack.plain], ids=lambda it: it.slug
)
def test_attacks_without_meaning_there_do_not_run(attack: Attack) -> None:
    assert compare(attack) is None


def compared(slug: str) -> Outcome:
    there = compare(next(attack for attack in ATTACKS if attack.slug == slug))
    assert isinstance(there, Outcome), there
    return there


@pytest.mark.parametrize(
    ("slug", "consequence"),
    [
        # RFC 6749 §4.1.2 says SHOULD, and the defaults do not.
        ("code-replay", "The tokens from the first use still work."),
        ("refresh-replayed", "The grant did not end. Print Shop’s newest tokens still work."),
        ("pkce-none", "Carol is asked for consent, without any warning."),
        ("forged-consent", "Mallory’s app receives a code."),
        ("open-redirect", "Carol is signed in and redirected to mallory.example."),
        (
            "redirect-uri-port",
            "Carol’s browser is not redirected, and no code is issued.",
        ),
    ],
)
def test_the_consequence_on_the_plain_server_is_observed(slug: str, consequence: str) -> None:
    assert compared(slug).consequence == consequence


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    assert compared("pkce-none").has_succeeded


def test_attacks_decided_by_our_own_views_are_known() -> None:
    """Sign-in and consent are views of the plain server that do not use Authlib."""
    assert {attack.slug for attack in ATTACKS if attack.plain == "view"} == {
        "forged-consent",
        "open-redirect",
    }
