"""Clocks of nodes that can be moved while they run, and the time as the model must read it.

The variables of `environment` make Python import `moved/sitecustomize.py` at its start. That one
reads the offset from a file again and again.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from world.model import Span

MOVED = Path(__file__).resolve().parent / "moved"
#: Seconds until a node has read a new offset, and until no request from before is on its way.
READ_WITHIN = 0.5
ANSWERED_WITHIN = 15.0


class Clocks:
    """The clocks of the nodes, by number. All offsets are in seconds."""

    def __init__(self, folder: Path, count: int) -> None:
        self._files = [folder / f"offset{number}" for number in range(count)]
        self._offsets = [0.0] * count
        self._former: list[tuple[float, float]] = []
        for file in self._files:
            file.write_text("0")

    def environment(self) -> Sequence[dict[str, str]]:
        """Return the environment of each node."""
        return [{"PYTHONPATH": str(MOVED), "TRIPOD_TEST_CLOCK": str(file)} for file in self._files]

    def move(self, number: int, offset: float) -> None:
        """Move the clock of a node, and return when the node has read it."""
        self._former.append((self._offsets[number], time.monotonic() + ANSWERED_WITHIN))
        self._offsets[number] = offset
        self._files[number].write_text(str(offset))
        time.sleep(READ_WITHIN)

    def now(self) -> Span:
        """Return the moment that it is on all nodes, or was when an open request was sent."""
        moment, now = time.monotonic(), datetime.now(UTC)
        former = [offset for offset, until in list(self._former) if until > moment]
        offsets = [*self._offsets, *former]
        return Span(
            now + timedelta(seconds=min(offsets)),
            now + timedelta(seconds=max(offsets)),
        )
