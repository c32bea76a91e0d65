"""The time of everything in this process, so that a test can reach an expiry without waiting."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import time_machine


class Clock:
    """The wall-clock time, which a test can move. `time.monotonic` and timeouts stay real."""

    def __init__(self, traveller: time_machine.Traveller) -> None:
        self._traveller = traveller

    def now(self) -> datetime:
        """Return the present moment, as all code in this process reads it."""
        return datetime.now(UTC)

    def forward(self, time: float | timedelta = 0, **units: float) -> None:
        """Move the time forward by seconds or other units: `forward(120)`, `forward(days=1)`."""
        seconds = time.total_seconds() if isinstance(time, timedelta) else time
        self._traveller.shift(timedelta(seconds=seconds, **units))


@contextmanager
def turnable_clock() -> Iterator[Clock]:
    """Provide a running clock that begins at the real time; restore the time at the end."""
    with time_machine.travel(datetime.now(UTC), tick=True) as traveller:
        yield Clock(traveller)


@contextmanager
def stopped_clock(moment: datetime) -> Iterator[Clock]:
    """Provide a clock that stands still at `moment` until a test moves it."""
    with time_machine.travel(moment, tick=False) as traveller:
        yield Clock(traveller)
