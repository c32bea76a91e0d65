"""Threads for work that no response waits for, such as messages to other servers."""

import logging
from collections.abc import Callable
from queue import Full, Queue
from threading import Lock, Thread

log = logging.getLogger("tripod")

Job = Callable[[], None]


class Background:
    """Threads that start with the first job, so that a forked process has its own.

    They do not keep the process alive: a job that waits when the process ends is lost.
    """

    def __init__(self, threads: int, *, most_waiting: int) -> None:
        self._jobs: Queue[Job] = Queue(most_waiting)
        self._missing = threads
        self._lock = Lock()

    def submit(self, job: Job) -> bool:
        """Run the job soon, and return False when too many are waiting."""
        try:
            self._jobs.put_nowait(job)
        except Full:
            return False
        with self._lock:
            while self._missing:
                self._missing -= 1
                Thread(target=self._work, name="background", daemon=True).start()
        return True

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            try:
                job()
            except Exception:
                log.warning("Work in the background failed.", exc_info=True)
