"""Throttling of the failed requests of programs, per address, and per client and address.

A failed client authentication counts, and so does a code or token that was never issued.
Nobody guesses these: they have 256 random bits. The limits stop a program that repeats its mistake,
or floods the server, from filling the event log.

Only a failed request is counted and can be throttled. Right credentials and codes are always
accepted, so no flood can lock a client out, and a request that succeeds costs nothing here.

The counts are in the memory of this process. In the database, each request of a flood would write.
So the limits apply to each process: two nodes with four workers answer up to eight times as many.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from authlib.oauth2.rfc6749 import OAuth2Error
from flask import Flask, current_app

from auth_server.errors import ClientRefused, RequestThrottled
from auth_server.protocol_request import ProtocolRequest
from auth_server.reasons import Reason, reason_for
from web.client_addresses import find_network
from web.clock import now

WINDOW = timedelta(seconds=60)
#: A test suite sends hundreds of bad requests a minute, a flood sends thousands a second.
FAILURES_PER_CLIENT_AND_ADDRESS = 300
FAILURES_PER_ADDRESS = 1500
REGISTRATIONS_PER_ADDRESS = 60
DOCUMENTS_PER_ADDRESS = 60
#: The most counts that are kept. Beyond it, the oldest are forgotten.
MAX_COUNTS = 10_000

_GUESSES = frozenset({Reason.UNKNOWN_CODE, Reason.UNKNOWN_REFRESH_TOKEN, Reason.UNKNOWN_TOKEN})


@dataclass(slots=True)
class _Count:
    """The failures since `begun_at`."""

    begun_at: datetime
    failures: int = 0

    def is_over(self, moment: datetime) -> bool:
        """Return whether the window is over, or the clock was set back to before it."""
        return not self.begun_at <= moment < self.begun_at + WINDOW


class FailureCounts:
    """The failures of the last minute. `client_id` is None in the count of an address."""

    def __init__(self) -> None:
        self._lock = Lock()
        # The counts are in the order in which their windows began.
        self._counts: dict[tuple[str, str | None], _Count] = {}

    def __len__(self) -> int:
        return len(self._counts)

    def add(
        self, address: str, per_address: int, client_id: str | None = None
    ) -> RequestThrottled | None:
        """Count a failure. Return the answer to it if there are more than `per_address`."""
        network = find_network(address)
        moment = now()
        with self._lock:
            overrun = self._add((network, None), per_address, moment)
            if client_id is not None:
                limit = FAILURES_PER_CLIENT_AND_ADDRESS
                overrun = self._add((network, client_id), limit, moment) or overrun
        if overrun is None:
            return None
        seconds, is_first = overrun
        return RequestThrottled(seconds, client_id, is_first=is_first)

    def clear(self) -> None:
        """Forget all failures."""
        self._counts.clear()

    def _add(
        self, key: tuple[str, str | None], limit: int, moment: datetime
    ) -> tuple[int, bool] | None:
        """Count a failure. Beyond the limit, return the seconds to wait, and if it is the first."""
        count = self._counts.get(key)
        if count is None or count.is_over(moment):
            self._counts.pop(key, None)
            self._forget_oldest(moment)
            count = self._counts[key] = _Count(moment)
        count.failures += 1
        if count.failures <= limit:
            return None
        seconds = int((count.begun_at + WINDOW - moment).total_seconds()) + 1
        return seconds, count.failures == limit + 1

    def _forget_oldest(self, moment: datetime) -> None:
        while self._counts:
            oldest = next(iter(self._counts))
            if not self._counts[oldest].is_over(moment) and len(self._counts) < MAX_COUNTS:
                return
            del self._counts[oldest]


def init_app(app: Flask) -> None:
    """Count the failed requests to `app`, registrations by programs, and fetched documents."""
    app.extensions["tripod.failure_counts"] = FailureCounts()
    app.extensions["tripod.registration_counts"] = FailureCounts()
    app.extensions["tripod.document_counts"] = FailureCounts()


def count_registration(address: str) -> RequestThrottled | None:
    """Count a client that registers itself. Return the answer to it if it is one too many."""
    counts: FailureCounts = current_app.extensions["tripod.registration_counts"]
    return counts.add(address, REGISTRATIONS_PER_ADDRESS)


def count_document(address: str) -> RequestThrottled | None:
    """Count a document that is fetched for a browser. Return an error if it is one too many."""
    counts: FailureCounts = current_app.extensions["tripod.document_counts"]
    return counts.add(address, DOCUMENTS_PER_ADDRESS)


def count_failure(request: ProtocolRequest, error: OAuth2Error) -> RequestThrottled | None:
    """Count the failed request, if failures of its kind count.

    Return the answer to it if there were too many before, or else None.
    """
    if not isinstance(error, ClientRefused) and reason_for(error) not in _GUESSES:
        return None
    # The client_id of an unknown client could be another one each time.
    client_id = getattr(error, "client_id", None)
    if request.client:
        client_id = request.client.client_id
    counts: FailureCounts = current_app.extensions["tripod.failure_counts"]
    return counts.add(request.address, FAILURES_PER_ADDRESS, client_id)
