"""The laboratory: runs attacks in the background, one run at a time, and stores their results.

The results are in the inspector's store, so that every worker shows them. Only the process that
runs the attacks knows about the current run, and the demo has one process.
"""

import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from inspector.lab.attack import Attack
from inspector.lab.attacks import ATTACKS
from inspector.lab.outcome import Failure, Result, from_document, to_document
from inspector.lab.run import Report
from inspector.record.store import Store

log = logging.getLogger("tripod")

#: The prefix of the slug under which the store keeps the result at the plain server.
_COMPARED = "plain:"
#: Estimates in seconds: for an attack and its comparison, before the first has ended, and for the
#: attacks on servers of their own, which start first.
FIRST_GUESS, WAITING = 0.5, 12.0


@dataclass
class Run:
    """The current run; `done` are the slugs of its finished attacks."""

    attacks: Sequence[Attack]
    done: list[str] = field(default_factory=list)
    began_at: float = field(default_factory=time.monotonic)

    @property
    def remaining(self) -> list[Attack]:
        """The attacks that are not finished."""
        return [attack for attack in self.attacks if attack.slug not in self.done]

    @property
    def seconds_left(self) -> int:
        """An estimate: the next attacks take as long as those before them."""
        elapsed = time.monotonic() - self.began_at
        each = FIRST_GUESS
        if self.done:
            each = elapsed / len(self.done)
        left = each * len(self.remaining)
        if any(attack.own_legs for attack in self.remaining):
            left = max(left, WAITING - elapsed)
        return max(1, round(left))


@dataclass
class Laboratory:
    """Runs attacks in a thread, and stores each result.

    `run` runs attacks against the legs and reports each result; then `compare` runs the attack
    against the plain server, and returns None when a comparison is meaningless. `under_way` is the
    current run, if there is one.
    """

    store: Store
    run: Callable[[Sequence[Attack], Report], object]
    compare: Callable[[Attack], Result | None]
    attacks: Sequence[Attack] = ATTACKS
    under_way: Run | None = None
    _busy: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None

    def attack(self, slug: str) -> Attack | None:
        """Return the attack with this slug, or None."""
        return next((attack for attack in self.attacks if attack.slug == slug), None)

    def start(self, attacks: Sequence[Attack]) -> bool:
        """Run `attacks` in the background. Return False, and do nothing, during another run."""
        if not self._busy.acquire(blocking=False):
            return False
        run = Run(sorted(attacks, key=lambda attack: bool(attack.own_legs)))  # like `run_all`
        self.under_way = run
        thread = threading.Thread(target=self._work, args=(run,), daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the machine cannot start another thread
            self._end()
            raise
        self._thread = thread
        return True

    def join(self, seconds: float) -> None:
        """Wait until the current run has ended, but not longer than `seconds`."""
        if self._thread:
            self._thread.join(seconds)

    def results(self) -> dict[str, Result]:
        """Return the results of the attacks, by slug."""
        return {slug: result for slug, result in self._stored() if not slug.startswith(_COMPARED)}

    def comparisons(self) -> dict[str, Result]:
        """Return the results at the plain server, by slug."""
        return {
            slug.removeprefix(_COMPARED): result
            for slug, result in self._stored()
            if slug.startswith(_COMPARED)
        }

    def version(self) -> str:
        """Return a value that changes whenever the page has something new to show."""
        run = self.under_way
        remaining = run and [attack.slug for attack in run.remaining]
        shown = [self.store.results(), self.store.last_id(), remaining]
        return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:16]

    def _stored(self) -> Iterator[tuple[str, Result]]:
        for slug, document in self.store.results().items():
            result = from_document(document)
            if result:
                yield slug, result

    def _work(self, run: Run) -> None:
        def save(attack: Attack, result: Result) -> None:
            self.store.save_result(attack.slug, to_document(result))
            comparison = self.compare(attack)
            if comparison:
                self.store.save_result(_COMPARED + attack.slug, to_document(comparison))
            run.done.append(attack.slug)

        try:
            self.run(run.attacks, save)
        except Exception as error:
            # Only the type is shown and logged, since the text of the error can hold a secret.
            name = type(error).__name__
            log.error("the lab stopped because of an error: %s", name)
            failure = to_document(Failure(reason=f"The lab stopped because of an error ({name})."))
            for attack in run.remaining:
                self.store.save_result(attack.slug, failure)
        finally:
            self._end()

    def _end(self) -> None:
        self.under_way = None
        self._busy.release()
