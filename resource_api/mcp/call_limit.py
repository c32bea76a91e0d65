"""Limit how often the agents of one user call tools (MCP, Tools, "Security Considerations").

A model can repeat a call in a loop. The counts are in the memory of this process, so the limit
applies to each process; in the database, each call would write.
"""

from collections import Counter
from datetime import timedelta
from threading import Lock

from resource_api.errors import InvalidRequest
from web.clock import now

WINDOW = timedelta(minutes=1)
CALLS_PER_USER = 300


class CallCounts:
    """The calls of each user since the window began."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._calls: Counter[str] = Counter()
        self._begun_at = now()

    def add(self, user: str) -> None:
        """Count a call.

        :raises InvalidRequest: when the user has none left in this window.
        """
        moment = now()
        with self._lock:
            # The clock can also be set back.
            if not self._begun_at <= moment < self._begun_at + WINDOW:
                self._begun_at = moment
                self._calls.clear()
            self._calls[user] += 1
            is_over_limit = self._calls[user] > CALLS_PER_USER
        if is_over_limit:
            raise InvalidRequest(
                f"More than {CALLS_PER_USER} calls came within a minute. Call again in a minute."
            )
