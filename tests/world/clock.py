"""The time, for everything in this process at once: what expires can be waited for without waiting."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import time_machine


class Clock:
    """Wall-clock time. It ticks as ever and can be turned; `time.monotonic`, and with it every timeout, stays real."""

    def __init__(self, traveller: time_machine.Traveller) -> None:
        self._traveller = traveller

    def now(self) -> datetime:
        """What everybody takes for the present moment."""
        return datetime.now(UTC)

    def forward(self, seconds: float = 0, **units: float) -> None:
        """Let time pass: `clock.forward(120)`, `clock.forward(days=1)`."""
        self._traveller.shift(timedelta(seconds=seconds, **units))


@contextmanager
def turnable_clock() -> Iterator[Clock]:
    """A clock that begins at the real time, and puts it back at the end."""
    with time_machine.travel(datetime.now(UTC), tick=True) as traveller:
        yield Clock(traveller)
