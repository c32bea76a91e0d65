"""The results of the attacks on a plain server, each of which is really run."""

import pytest

from inspector.lab.attack import Attack
from inspector.lab.attacks import ATTACKS
from inspector.lab.outcome import Outcome
from inspector.lab.plain.comparison import compare

#: The attacks that succeed on the plain server (Authlib with its defaults, and views like those of
#: its documentation), with the status of the response.
SUCCESSFUL = {
    "pkce-plain": 200,
    "pkce-none": 200,
    "forged-consent": 302,
    "open-redirect": 302,
    "logout-with-another-hint": 200,
}
#: The attacks that the plain server refuses, with status and error code.
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
    outcome = compare(attack)

    assert isinstance(outcome, Outcome), outcome
    if outcome.has_succeeded:
        assert (attack.slug, outcome.status) in SUCCESSFUL.items()
    else:
        assert (attack.slug, (outcome.status, outcome.error)) in REFUSED.items()


def test_every_comparable_attack_is_in_the_table_once() -> None:
    assert sorted([*SUCCESSFUL, *REFUSED]) == sorted(attack.slug for attack in COMPARABLE)


@pytest.mark.parametrize(
    "attack", [attack for attack in ATTACKS if not attack.plain], ids=lambda attack: attack.slug
)
def test_attacks_that_cannot_be_compared_do_not_run(attack: Attack) -> None:
    assert compare(attack) is None


def outcome_of(slug: str) -> Outcome:
    """Return the outcome of the attack on the plain server."""
    outcome = compare(next(attack for attack in ATTACKS if attack.slug == slug))
    assert isinstance(outcome, Outcome), outcome
    return outcome


@pytest.mark.parametrize(
    ("slug", "consequence"),
    [
        # RFC 6749 §4.1.2: the tokens SHOULD be revoked. By default, Authlib keeps them.
        ("code-replay", "The tokens from the first use still work."),
        ("refresh-replayed", "The grant did not end. Print Shop’s newest tokens still work."),
        ("pkce-none", "Carol is asked for consent, without any warning."),
        ("forged-consent", "Mallory’s app receives a code."),
        ("logout-with-another-hint", "Carol is signed out."),
        ("open-redirect", "Carol is signed in and redirected to mallory.example."),
        (
            "redirect-uri-port",
            "Carol’s browser is not redirected, and no code is issued.",
        ),
    ],
)
def test_the_consequence_on_the_plain_server_is_observed(slug: str, consequence: str) -> None:
    assert outcome_of(slug).consequence == consequence


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    assert outcome_of("pkce-none").has_succeeded


def test_two_attacks_are_decided_by_a_view_instead_of_authlib() -> None:
    """Sign-in and consent are views of the plain server that do not use Authlib."""
    assert {attack.slug for attack in ATTACKS if attack.plain == "view"} == {
        "forged-consent",
        "open-redirect",
    }
