"""The laboratory: one run at a time, in the background, with a version of the page."""

import threading
from collections.abc import Callable, Iterator, Sequence

import pytest

from inspector.lab.attack import Attack
from inspector.lab.attacks import ATTACKS
from inspector.lab.cards import State, cards
from inspector.lab.laboratory import Laboratory
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
[WAITS] = [attack for attack in ATTACKS if attack.has_to_wait]
FIRST, SECOND = [attack for attack in ATTACKS if attack.plain][:2]
PATIENCE = 5.0


class Slow:
    """Runs one attack at a time when the test allows it. `seen` is called before each."""

    def __init__(self) -> None:
        self.go_on = threading.Semaphore(0)
        self.seen: Callable[[], object] = lambda: None

    def run(self, attacks: Sequence[Attack], report: Report) -> None:
        for attack in attacks:
            assert self.go_on.acquire(timeout=PATIENCE)
            self.seen()
            report(attack, REFUSED)

    def compare(self, _attack: Attack) -> Result:
        assert self.go_on.acquire(timeout=PATIENCE)
        return REFUSED


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def laboratory(store: Store, slow: Slow) -> Iterator[Laboratory]:
    laboratory = Laboratory(
        store, run=slow.run, compare=slow.compare, attacks=(WAITS, FIRST, SECOND)
    )
    yield laboratory
    slow.go_on.release(10)
    laboratory.join(PATIENCE)


def test_waiting_attacks_run_last(laboratory: Laboratory) -> None:
    laboratory.start(laboratory.attacks)

    assert laboratory.under_way
    assert laboratory.under_way.remaining == [FIRST, SECOND, WAITS]


def test_every_finished_attack_changes_the_version(laboratory: Laboratory, slow: Slow) -> None:
    versions: list[str] = []
    slow.go_on.release(6)
    laboratory.start(laboratory.attacks)
    laboratory.join(PATIENCE)
    slow.seen = lambda: versions.append(laboratory.version())

    laboratory.start(laboratory.attacks)
    laboratory.join(PATIENCE)

    assert len({*versions, laboratory.version()}) == 4


def test_another_result_changes_the_version(laboratory: Laboratory, store: Store) -> None:
    before = laboratory.version()
    store.save_result(FIRST.slug, {"kind": "failure", "reason": "None."})

    assert laboratory.version() != before


def test_a_running_comparison_is_not_a_run_of_the_attack(laboratory: Laboratory) -> None:
    laboratory.start_comparison(FIRST)

    assert laboratory.under_way
    assert {card.state for card in cards(laboratory)} == {State.NOT_RUN}


def test_a_run_is_shown_on_the_remaining_cards(laboratory: Laboratory) -> None:
    laboratory.start([SECOND])

    assert [card.attack for card in cards(laboratory) if card.state == State.RUNNING] == [SECOND]


def test_a_run_that_could_not_start_does_not_block_the_next(
    laboratory: Laboratory, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_room)
        with pytest.raises(RuntimeError):
            laboratory.start([FIRST])
    assert laboratory.under_way is None
    slow.go_on.release()

    assert laboratory.start([FIRST])
    laboratory.join(PATIENCE)
    assert laboratory.results() == {FIRST.slug: REFUSED}


def test_results_of_another_version_are_ignored(laboratory: Laboratory, store: Store) -> None:
    store.save_result(FIRST.slug, {"kind": "outcome", "verdict": "fine"})
    store.save_result(f"plain:{FIRST.slug}", {"kind": "outcome", "verdict": "fine"})

    assert (laboratory.results(), laboratory.comparisons()) == ({}, {})
    assert {card.state for card in cards(laboratory)} == {State.NOT_RUN}
