"""Turns for hashing passwords, so that a flood of sign-ins leaves the server to other requests.

A hash takes 60 ms of CPU time and 32 MiB on purpose. Without a limit, a flood of guesses would take
every CPU, and every thread would wait.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from auth_server.password_errors import TooBusy

#: How many hashes one process computes at once: on half of the CPUs, and on two at most.
AT_ONCE = min(2, max(1, (os.cpu_count() or 1) // 2))
#: How many threads compute or wait. A server has more threads for requests.
PLACES = 6
#: Seconds that a thread waits for its turn. Usually all the places together take half a second.
LONGEST_WAIT = 10.0
RETRY_AFTER = 2


class Turns:
    """At most `at_once` threads have a turn, and at most `places` have one or wait for one."""

    def __init__(self, at_once: int = AT_ONCE, places: int = PLACES) -> None:
        self._turns = BoundedSemaphore(at_once)
        self._places = BoundedSemaphore(places)

    @contextmanager
    def take(self) -> Iterator[None]:
        """Wait for a turn, and end it at the end.

        :raises TooBusy: when too many threads wait, or the wait takes too long.
        """
        if not self._places.acquire(blocking=False):
            raise TooBusy(RETRY_AFTER)
        try:
            if not self._turns.acquire(timeout=LONGEST_WAIT):
                raise TooBusy(RETRY_AFTER)
            try:
                yield
            finally:
                self._turns.release()
        finally:
            self._places.release()


#: The turns of this process.
turns = Turns()
