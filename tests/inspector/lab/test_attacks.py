"""Every attack runs against the three legs and is stopped, except the one that no check stops."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import groupby

import pytest
from world.browser import Browser
from world.cast import Person
from world.clock import Clock
from world.legs import Legs

from inspector.lab.actors import LAB_PASSWORDS
from inspector.lab.attack import Attack, Group
from inspector.lab.attacks import ATTACKS
from inspector.lab.outcome import Failure, Outcome
from inspector.lab.run import format_line, main, run, run_all, summarize
from inspector.lab.stage import Stage
from inspector.read import flows, phases, steps
from inspector.read.messages import read_trees
from inspector.record.store import Store
from tests.inspector.lab.conftest import Run, stage_for
from web.safety.rules import RULES

#: The attacks that must exist.
EVERY_ATTACK = {
    *("code-replay", "code-without-verifier", "code-of-another-client", "redirect-uri-at-token"),
    *("forged-callback", "callback-in-another-browser", "mix-up"),
    *(
        "redirect-uri-port",
        "redirect-uri-prefix",
        "redirect-uri-subdomain",
        "redirect-uri-parameter",
    ),
    *("pkce-plain", "pkce-none", "scope-raised", "refresh-replayed", "refresh-of-another-client"),
    *("refresh-token-as-access-token", "expired-access-token", "revoked-access-token"),
    *("id-token-replayed", "id-token-of-another-client"),
    *("id-token-without-signature", "id-token-key-confusion", "logout-with-another-hint"),
    *("write-with-a-read-only-token", "another-persons-photo", "open-redirect", "forged-consent"),
}
STOPPABLE = [attack for attack in ATTACKS if attack.check]
[UNSTOPPABLE] = [attack for attack in ATTACKS if not attack.check]


@pytest.fixture
def closing_lab(lab: Stage) -> Iterator[Stage]:
    """Return the lab, and close it after the test as `run_all` does."""
    yield lab
    lab.close()


def test_every_required_attack_exists() -> None:
    assert {attack.slug for attack in STOPPABLE} == EVERY_ATTACK


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.slug)
def test_an_attack_is_described_in_sentences_with_names(attack: Attack) -> None:
    assert attack.description.endswith(".")
    assert not re.search(r"\b(carol|mallory)\b|'", attack.description + attack.title)


@pytest.mark.parametrize("attack", STOPPABLE, ids=lambda attack: attack.slug)
def test_each_attack_is_stopped_when_it_runs_alone(closing_lab: Stage, attack: Attack) -> None:
    outcome = run(attack, closing_lab)

    assert isinstance(outcome, Outcome), outcome
    assert not outcome.has_succeeded
    assert outcome.description


def test_a_thief_with_the_client_secret_succeeds_within_the_grace(closing_lab: Stage) -> None:
    outcome = run(UNSTOPPABLE, closing_lab)

    assert isinstance(outcome, Outcome), outcome
    assert outcome.has_succeeded


@pytest.mark.settings(REFRESH_TOKEN_GRACE="0")
def test_without_a_grace_the_thief_is_stopped_too(closing_lab: Stage) -> None:
    outcome = run(UNSTOPPABLE, closing_lab)

    assert isinstance(outcome, Outcome), outcome
    assert (outcome.has_succeeded, outcome.consequence) == (
        False,
        "The grace period is turned off.",
    )


def test_the_attacks_of_a_group_follow_each_other() -> None:
    assert [group for group, _ in groupby(attack.group for attack in ATTACKS)] == list(Group)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.slug)
def test_each_attack_belongs_to_one_rule_of_the_security_table(attack: Attack) -> None:
    assert len([rule for rule in RULES if attack.slug in rule.attacks]) == 1


def test_the_security_table_names_no_other_attack() -> None:
    named = {slug for rule in RULES for slug in rule.attacks}

    assert named == {attack.slug for attack in ATTACKS}


def test_waiting_attacks_run_last(lab: Stage) -> None:
    waiting = next(attack for attack in ATTACKS if attack.own_legs)
    immediate = next(attack for attack in ATTACKS if not attack.own_legs)
    order: list[Attack] = []

    run_all(lab, lambda attack, _outcome: order.append(attack), [waiting, immediate])

    assert order == [immediate, waiting]


def test_a_run_leaves_neither_grants_nor_clients(lab: Stage, legs: Legs) -> None:
    run_all(lab, lambda *_: None)
    carol, mallory = (
        Person(name, password, Browser(legs.network)) for name, password in LAB_PASSWORDS.items()
    )

    for person in (carol, mallory):
        account = person.go_through(f"{legs.auth_server_url}/account/apps")
        assert "No app is connected" in account.text
    own_clients = mallory.browser.open(f"{legs.auth_server_url}/developer/apps")
    assert "Free Wallpapers" not in own_clients.text


def test_the_lab_does_not_change_other_users_grants(
    clock: Clock, legs: Legs, alice: Person
) -> None:
    alice.go_through(f"{legs.client_app_url}/connect")
    run_all(
        stage_for(legs, clock),
        lambda *_: None,
        [attack for attack in ATTACKS if not attack.own_legs],
    )

    assert alice.browser.open(f"{legs.client_app_url}/photos").status == 200
    assert legs.network.exchanges[-1].status == 200


def test_the_messages_of_each_attack_are_one_flow(complete_run: Run) -> None:
    outcomes, recorded = complete_run.outcomes, flows.flows(complete_run.watched.exchanges())

    assert {flow.attack for flow in recorded} == {*outcomes, "preparation", "tidying-up"}
    for flow in recorded:
        outcome = outcomes.get(str(flow.attack))
        if isinstance(outcome, Outcome):
            assert outcome.request_id in {each.request_id for each in flow.exchanges}
        if flow.attack in outcomes:
            assert any(map(steps.is_the_attackers, flow.exchanges)), (
                f"the attacker does nothing in {flow.attack}"
            )
        # Requests between servers do not carry the lab's request id.
        assert {flows.attack_of(each) for each in flow.exchanges} - {None} == {flow.attack}


@pytest.mark.parametrize(
    ("slug", "are_attacks"),
    [
        ("code-replay", [False]),
        ("refresh-replayed", [False]),
        ("secret-and-token-in-time", [True]),
        ("refresh-token-as-access-token", [True]),
        ("expired-access-token", [False, True]),
        ("revoked-access-token", [False, True]),
        ("write-with-a-read-only-token", [False, True]),
        ("another-persons-photo", [False, True, True]),
    ],
)
def test_print_shops_own_requests_are_not_attributed_to_the_attacker(
    lab: Stage, watched: Store, slug: str, are_attacks: list[bool]
) -> None:
    run(next(attack for attack in ATTACKS if attack.slug == slug), lab)
    api_requests = [each for each in watched.exchanges() if each.leg == "resource_api"]

    assert [steps.is_the_attackers(each) for each in api_requests] == are_attacks


def test_the_clean_up_is_not_part_of_the_attack(complete_run: Run) -> None:
    """Reading Carol's account page to find the forged consent is part of that attack."""
    exchanges = complete_run.watched.exchanges()
    recorded = {str(flow.attack): flow.exchanges for flow in flows.flows(exchanges)}
    pages = {slug: {each.path for each in exchanges} for slug, exchanges in recorded.items()}
    flows_with_account_pages = {
        slug
        for slug, paths in pages.items()
        if any(path.startswith(("/account", "/developer")) for path in paths)
    }

    assert flows_with_account_pages == {"preparation", "tidying-up", "forged-consent"}
    assert {slug for slug, paths in pages.items() if "/account/apps" in paths} == {
        "tidying-up",
        "forged-consent",
    }
    forged_consent = recorded["forged-consent"]
    assert [each.method for each in forged_consent if each.path == "/account/apps"] == ["GET"]


def test_no_attack_ends_with_the_removal_of_the_grant(lab: Stage, watched: Store) -> None:
    run(next(attack for attack in ATTACKS if attack.slug == "code-without-verifier"), lab)
    [attack] = [
        flow for flow in flows.flows(watched.exchanges()) if flow.attack == "code-without-verifier"
    ]

    assert phases.END not in {phases.phase_of(tree) for tree in read_trees(attack.exchanges)}


def test_the_table_lists_every_attack_and_the_command_succeeds(
    lab: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(lab)
    printed = capsys.readouterr().out

    assert status == 0
    assert all(attack.title in printed for attack in ATTACKS)
    assert printed.endswith(
        f"{len(ATTACKS)} attacks: {len(STOPPABLE)} stopped, 1 succeeded."
        f" No check stops “{UNSTOPPABLE.title}”.\n"
    )
    assert "\nsucceeded   Use a stolen token and secret in the grace period" in printed


@pytest.mark.settings(REFRESH_TOKEN_GRACE="0")
def test_without_a_grace_the_table_reports_no_success(lab: Stage) -> None:
    assert summarize([(UNSTOPPABLE, run(UNSTOPPABLE, lab))]).endswith("1 stopped, 0 succeeded.")


def test_the_table_names_the_rfc_section_of_the_attack(lab: Stage) -> None:
    own_client = [attack for attack in ATTACKS if attack.check == "own-client"]

    printed = [format_line(attack, run(attack, lab)) for attack in own_client]

    assert [each.rpartition(" ")[2] for each in printed] == ["4.1.3", "6"]


def test_a_successful_attack_fails_the_command_and_names_the_check(
    lab: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("auth_server.tokens.redeem_code", lambda *_: True)

    assert main(lab) == 1
    printed = capsys.readouterr().out
    assert "SUCCEEDED   Use a code twice" in printed
    assert "auth_server/tokens.py: redeem_code" in printed


def test_an_attack_that_cannot_run_fails_the_command(
    lab: Stage, legs: Legs, capsys: pytest.CaptureFixture[str]
) -> None:
    with legs.network.cut_off(legs.resource_api_url):
        status = main(lab)
    printed = capsys.readouterr().out

    assert status == 1
    assert "not run     Use an expired access token" in printed
    assert "could not be run" in printed


def test_a_server_failure_during_the_clean_up_keeps_the_results(lab: Stage, legs: Legs) -> None:
    outcomes: list[Outcome | Failure] = []
    assert lab.mallorys_app.client_id
    [attack] = [attack for attack in ATTACKS if attack.slug == "open-redirect"]
    with ExitStack() as stack:

        def report(_attack: Attack, outcome: Outcome | Failure) -> None:
            outcomes.append(outcome)
            stack.enter_context(legs.network.cut_off(legs.auth_server_url))

        run_all(lab, report, [attack])

    assert [type(outcome) for outcome in outcomes] == [Outcome]


def test_a_failure_names_its_cause_without_details(lab: Stage, legs: Legs) -> None:
    attack = next(attack for attack in ATTACKS if attack.slug == "code-replay")
    with legs.network.cut_off(legs.auth_server_url):
        failure = run(attack, lab)

    assert failure == Failure(reason="A server did not answer (ConnectionError).")
    assert "not run" in format_line(attack, failure)
    assert (
        summarize([(attack, failure)]) == "\n1 attacks: 0 stopped, 0 succeeded, 1 could not be run."
    )
