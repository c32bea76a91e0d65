"""Connections to servers that fail now and then: a refusal counts as a lost answer."""

from collections import Counter
from threading import Lock
from typing import Any, TypeVar

import requests
from requests.adapters import HTTPAdapter

from world.sockets import Sockets

S = TypeVar("S", bound=requests.Session)
#: A leg that cannot serve, or a proxy that got no answer, does not say what became of a request.
REFUSALS = frozenset({502, 503, 504})
SECONDS = 60.0


class Refused(requests.ConnectionError):
    """There was an answer that does not say whether the request was processed."""


class Unreliable(Sockets):
    """Real connections whose answers are counted by status; 0 is for none.

    `failures` are the answers that no leg may send: 500, and a 503 without `Retry-After`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.statuses: Counter[int] = Counter()
        self.failures: list[str] = []
        self._lock = Lock()

    def mount(self, session: S) -> S:
        """Let the session use these connections."""
        super().mount(session)
        for scheme in ("http://", "https://"):
            session.mount(scheme, self.adapter())
        return session

    def adapter(self, remote_address: str = "127.0.0.1") -> HTTPAdapter:  # type: ignore[override]
        """Return an adapter for a session."""
        return _CountingAdapter(self)

    def session(self) -> requests.Session:
        """Return a new session."""
        return self.mount(requests.Session())

    def count(self, status: int, failure: str = "") -> None:
        """Count an answer."""
        with self._lock:
            self.statuses[status] += 1
            if failure:
                self.failures.append(failure)

    @property
    def refused(self) -> int:
        """The number of requests without an answer, or with a refusal."""
        return sum(self.statuses[status] for status in (0, *REFUSALS))


class _CountingAdapter(HTTPAdapter):
    def __init__(self, connections: Unreliable) -> None:
        super().__init__(max_retries=0, pool_maxsize=64)
        self._connections = connections

    def send(self, *args: Any, **options: Any) -> requests.Response:
        options["timeout"] = SECONDS
        try:
            response = super().send(*args, **options)
        except requests.RequestException:
            self._connections.count(0)
            raise
        self._connections.count(response.status_code, _find_failure(response))
        if response.status_code in REFUSALS:
            response.close()
            raise Refused(f"{response.status_code} from {response.url.partition('?')[0]}")
        return response


def _find_failure(response: requests.Response) -> str:
    is_unclear = response.status_code == 503 and "Retry-After" not in response.headers
    if response.status_code == 500 or is_unclear:
        return f"{response.status_code} from {response.url.partition('?')[0]}"
    return ""
