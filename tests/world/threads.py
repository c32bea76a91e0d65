"""Calls that run at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

T = TypeVar("T")


def at_once(count: int, act: Callable[[], T]) -> list[T]:
    """Call `act` in `count` threads that start at the same moment, and return the results."""
    start = Barrier(count)

    def start_together(_number: int) -> T:
        start.wait()
        return act()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(start_together, range(count)))
