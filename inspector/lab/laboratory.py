"""The lab as its pages use it: one run at a time, in the background, and what became of each attack.

Results are in the inspector's store, so that every worker shows them; that a run is under way is known to the process that
it runs in, and the demo has one.
"""

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from inspector.lab.attack import Attack, Failure
from inspector.lab.attacks import ATTACKS
from inspector.lab.results import from_document, to_document
from inspector.lab.run import Report, Result
from inspector.record.store import Store

log = logging.getLogger("tripod")

#: Before the slug of an attack, where the store keeps what became of it on the plain server.
_COMPARED = "plain:"


@dataclass
class Run:
    """A run that is under way; `done` are the slugs of the attacks that it is through with."""

    attacks: Sequence[Attack]
    is_comparison: bool
    done: list[str] = field(default_factory=list)

    @property
    def left(self) -> list[Attack]:
        """The attacks that are still to come."""
        return [attack for attack in self.attacks if attack.slug not in self.done]


class Laboratory:
    """Runs `attacks` by `run`, which reports each result as it comes, and on the plain server by `compare`."""

    def __init__(
        self,
        store: Store,
        *,
        run: Callable[[Sequence[Attack], Report], object],
        compare: Callable[[Attack], Result | None],
        attacks: Sequence[Attack] = ATTACKS,
    ) -> None:
        self.store = store
        self.attacks = tuple(attacks)
        self._run = run
        self._compare = compare
        self._busy = threading.Lock()
        self._thread: threading.Thread | None = None
        self.under_way: Run | None = None

    def attack(self, slug: str) -> Attack | None:
        """The attack of that name."""
        return next((attack for attack in self.attacks if attack.slug == slug), None)

    def start(self, attacks: Sequence[Attack]) -> bool:
        """Run `attacks` in the background. False, and nothing changes, while a run is under way."""
        in_turn = sorted(attacks, key=lambda attack: attack.waits)  # as the lab runs them
        return self._start(
            Run(in_turn, is_comparison=False), lambda report: self._run(in_turn, report)
        )

    def start_comparison(self, attack: Attack) -> bool:
        """Run `attack` against the plain server, likewise."""

        def work(report: Report) -> None:
            if there := self._compare(attack):
                report(attack, there)

        return self._start(Run([attack], is_comparison=True), work)

    def join(self, seconds: float) -> None:
        """Wait for the run that is under way, but no longer than that."""
        if self._thread:
            self._thread.join(seconds)

    def results(self) -> dict[str, Result]:
        """What became of the attacks, by slug."""
        return {slug: result for slug, result in self._kept() if not slug.startswith(_COMPARED)}

    def comparisons(self) -> dict[str, Result]:
        """What became of them on the plain server, by slug."""
        compared = ((slug, result) for slug, result in self._kept() if slug.startswith(_COMPARED))
        return {slug.removeprefix(_COMPARED): result for slug, result in compared}

    def version(self) -> str:
        """Another one whenever there is something new to see."""
        run = self.under_way
        seen = [
            self.store.results(),
            self.store.last_id(),
            run and [attack.slug for attack in run.left],
        ]
        return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()[:16]

    def _kept(self) -> Iterator[tuple[str, Result]]:
        for slug, document in self.store.results().items():
            if result := from_document(document):
                yield slug, result

    def _start(self, run: Run, work: Callable[[Report], object]) -> bool:
        if not self._busy.acquire(blocking=False):
            return False
        self.under_way = run
        thread = threading.Thread(target=self._work, args=(run, work), daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the machine has no room for another thread
            self._end()
            raise
        self._thread = thread
        return True

    def _work(self, run: Run, work: Callable[[Report], object]) -> None:
        def report(attack: Attack, result: Result) -> None:
            self.store.save_result(_COMPARED * run.is_comparison + attack.slug, to_document(result))
            run.done.append(attack.slug)

        try:
            work(report)
        except Exception as error:
            # Whatever happened, the cards say that it did. The error's own text may hold what was sent.
            log.error("the lab broke off: %s", type(error).__name__)
            for attack in run.left:
                report(attack, Failure(reason=f"The lab broke off ({type(error).__name__})."))
        finally:
            self._end()

    def _end(self) -> None:
        self.under_way = None
        self._busy.release()
