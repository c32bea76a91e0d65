"""Calls that run at the same moment, each in a thread of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

T = TypeVar("T")


def at_once(*calls: Callable[[], T]) -> list[T]:
    """Start all `calls` at the same moment, and return their results in the order of the calls."""
    start = Barrier(len(calls))

    def start_together(call: Callable[[], T]) -> T:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(start_together, calls))


def repeat_at_once(count: int, call: Callable[[], T]) -> list[T]:
    """Start `call` in `count` threads at the same moment, and return the results."""
    return at_once(*[call] * count)
