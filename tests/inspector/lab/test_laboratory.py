"""The laboratory runs attacks in the background and gives the page a version."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from inspector.lab.attack import Attack
from inspector.lab.attacks import ATTACKS
from inspector.lab.cards import State, cards
from inspector.lab.laboratory import Laboratory, Run
from inspector.lab.outcome import Outcome, Result
from inspector.lab.run import Report
from inspector.record.store import Store

REFUSED = Outcome(
    has_succeeded=False,
    status=400,
    error="invalid_grant",
    description="",
    request_id="lab-replay-abc123-01",
)
WAITING = next(attack for attack in ATTACKS if attack.own_legs)
FIRST, SECOND = [attack for attack in ATTACKS if attack.plain][:2]
#: In seconds.
TIMEOUT = 5.0


class StepwiseRunner:
    """A runner that reports one result for each `release` of `permits`.

    `before_report` is called before each result.
    """

    def __init__(self) -> None:
        self.permits = threading.Semaphore(0)
        self.before_report: Callable[[], object] = lambda: None
        self.compared: list[Attack] = []
        self.plain_result: Result | None = REFUSED

    def run(self, attacks: Sequence[Attack], report: Report) -> None:
        for attack in attacks:
            assert self.permits.acquire(timeout=TIMEOUT)
            self.before_report()
            report(attack, REFUSED)

    def compare(self, attack: Attack) -> Result | None:
        self.compared.append(attack)
        return self.plain_result


@pytest.fixture
def runner() -> StepwiseRunner:
    return StepwiseRunner()


@pytest.fixture
def laboratory(store: Store, runner: StepwiseRunner) -> Iterator[Laboratory]:
    laboratory = Laboratory(
        store, run=runner.run, compare=runner.compare, attacks=(WAITING, FIRST, SECOND)
    )
    yield laboratory
    runner.permits.release(10)
    laboratory.join(TIMEOUT)


def test_waiting_attacks_run_last(laboratory: Laboratory) -> None:
    laboratory.start(laboratory.attacks)

    assert laboratory.under_way
    assert laboratory.under_way.remaining == [FIRST, SECOND, WAITING]


def test_every_finished_attack_changes_the_version(
    laboratory: Laboratory, runner: StepwiseRunner
) -> None:
    versions: list[str] = []
    runner.permits.release(6)
    laboratory.start(laboratory.attacks)
    laboratory.join(TIMEOUT)
    runner.before_report = lambda: versions.append(laboratory.version())

    laboratory.start(laboratory.attacks)
    laboratory.join(TIMEOUT)

    assert len({*versions, laboratory.version()}) == 4


def test_a_result_of_another_worker_changes_the_version(
    laboratory: Laboratory, store: Store
) -> None:
    before = laboratory.version()
    store.save_result(FIRST.slug, {"kind": "failure", "reason": "None."})

    assert laboratory.version() != before


def test_each_attack_is_compared_when_it_has_run(
    laboratory: Laboratory, runner: StepwiseRunner
) -> None:
    runner.permits.release(2)
    laboratory.start([FIRST, SECOND])
    laboratory.join(TIMEOUT)

    assert runner.compared == [FIRST, SECOND]
    assert laboratory.comparisons() == {FIRST.slug: REFUSED, SECOND.slug: REFUSED}


def test_a_meaningless_comparison_has_no_result(
    laboratory: Laboratory, runner: StepwiseRunner
) -> None:
    runner.plain_result = None
    runner.permits.release()
    laboratory.start([FIRST])
    laboratory.join(TIMEOUT)

    assert (laboratory.results(), laboratory.comparisons()) == ({FIRST.slug: REFUSED}, {})


def test_the_time_left_is_estimated_from_the_attacks_that_have_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 140.0)

    assert Run([FIRST, SECOND], done=[FIRST.slug], began_at=100.0).seconds_left == 40
    assert Run([FIRST, SECOND], began_at=140.0).seconds_left == 1
    assert Run([WAITING], began_at=138.0).seconds_left == 10


def test_only_the_cards_of_remaining_attacks_show_the_run(laboratory: Laboratory) -> None:
    laboratory.start([SECOND])

    assert [card.attack for card in cards(laboratory) if card.state == State.RUNNING] == [SECOND]


def test_a_run_that_cannot_start_does_not_block_the_next(
    laboratory: Laboratory, runner: StepwiseRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_to_start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", fail_to_start)
        with pytest.raises(RuntimeError):
            laboratory.start([FIRST])
    assert laboratory.under_way is None
    runner.permits.release()

    assert laboratory.start([FIRST])
    laboratory.join(TIMEOUT)
    assert laboratory.results() == {FIRST.slug: REFUSED}


def test_results_in_an_unknown_format_are_ignored(laboratory: Laboratory, store: Store) -> None:
    store.save_result(FIRST.slug, {"kind": "outcome", "verdict": "fine"})
    store.save_result(f"plain:{FIRST.slug}", {"kind": "outcome", "verdict": "fine"})

    assert (laboratory.results(), laboratory.comparisons()) == ({}, {})
    assert {card.state for card in cards(laboratory)} == {State.NOT_RUN}
