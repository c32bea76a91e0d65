"""HTTP from server to server: pooled connections, one session per thread, and nothing taken from the surroundings.

A `.netrc` would overwrite `Authorization: Bearer`, a proxy setting would catch loopback, a redirect would carry a
secret elsewhere, and a retry would present a code twice: none of them happens here. Every request has a timeout and
carries the request id.
"""

import threading
from collections.abc import Callable
from typing import Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter

from web.request_id import HEADER, current_request_id

#: Seconds to connect, and seconds between two bytes of the answer.
TIMEOUT = (3.05, 8.0)
POOL_SIZE = 4


def pooled_adapter() -> HTTPAdapter:
    """Real connections, kept open between requests."""
    return HTTPAdapter(pool_connections=POOL_SIZE, pool_maxsize=POOL_SIZE, max_retries=0)


class BackChannel:
    """Gives each thread its own session. `adapter` makes what carries the requests: sockets, or a test's network."""

    def __init__(self, adapter: Callable[[], BaseAdapter] = pooled_adapter) -> None:
        self._adapter = adapter
        self._local = threading.local()

    def session(self) -> requests.Session:
        """This thread's session. Its requests raise `requests.RequestException` when there is no answer."""
        if not hasattr(self._local, "session"):
            self._local.session = _Session(self._adapter())
        session: requests.Session = self._local.session
        return session


class _Session(requests.Session):
    def __init__(self, adapter: BaseAdapter) -> None:
        super().__init__()
        self.trust_env = False
        self.mount("http://", adapter)
        self.mount("https://", adapter)

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("timeout", TIMEOUT)
        kwargs["allow_redirects"] = False
        self.cookies.clear()
        self.headers[HEADER] = current_request_id()  # type: ignore[assignment]  # None leaves the header out
        return super().request(*args, **kwargs)
