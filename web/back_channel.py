"""HTTP requests from server to server, over pooled connections with one session per thread.

Nothing from the environment changes a request: a `.netrc` file would overwrite
`Authorization: Bearer`, and a proxy would intercept loopback. Redirects are not followed, since
they would send a secret to another place. Requests are not retried, since that would present a
code twice. Every request has a timeout and carries the request id.
"""

import threading
from collections.abc import Callable
from typing import Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter

from web.request_id import HEADER, current_request_id

#: Seconds to connect, and seconds between two bytes of the response.
TIMEOUT = (3.05, 8.0)
POOL_SIZE = 4
#: The most bytes of a response that is not streamed, after it is decompressed.
MAX_BYTES = 2**20
CHUNK = 64 * 1024
#: Functions that are called with each request before it is sent, in the thread that sends it.
before_sending: list[Callable[[requests.PreparedRequest], None]] = []


class ResponseTooLarge(requests.exceptions.ContentDecodingError):
    """A response came, and it is too large to be read."""


def pooled_adapter() -> HTTPAdapter:
    """Return an adapter whose connections stay open between requests."""
    return HTTPAdapter(pool_connections=POOL_SIZE, pool_maxsize=POOL_SIZE, max_retries=0)


class BackChannel(threading.local):
    """A source of sessions, one for each thread.

    `adapter` creates what sends the requests: real connections, or the network of a test.
    """

    def __init__(self, adapter: Callable[[], BaseAdapter] = pooled_adapter) -> None:
        self._session = _Session(adapter())

    def session(self) -> requests.Session:
        """Return this thread's session.

        Its requests raise `requests.RequestException` when there is no response.
        """
        return self._session


class _Session(requests.Session):
    def __init__(self, adapter: BaseAdapter) -> None:
        super().__init__()
        self.trust_env = False
        self.mount("http://", adapter)
        self.mount("https://", adapter)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None: requests would read the address of a redirect, and fail if it is invalid."""

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a prepared request."""
        for call in before_sending:
            call(request)
        return super().send(request, **kwargs)

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request with the timeout and the request id, and without cookies or redirects.

        Unless the caller streams the response, at most `MAX_BYTES` of it are read.
        """
        kwargs.setdefault("timeout", TIMEOUT)
        kwargs["allow_redirects"] = False
        self.cookies.clear()
        # The value None leaves the header out.
        self.headers[HEADER] = current_request_id()  # type: ignore[assignment]
        is_streamed = kwargs.get("stream", False)
        kwargs["stream"] = True
        response = super().request(*args, **kwargs)
        if not is_streamed:
            response._content = _read_limited(response)
        return response


def _read_limited(response: requests.Response) -> bytes:
    """Return the body.

    :raises ResponseTooLarge: when it is larger than `MAX_BYTES`.
    """
    body = bytearray()
    with response:
        for chunk in response.iter_content(CHUNK):
            body += chunk
            if len(body) > MAX_BYTES:
                raise ResponseTooLarge(f"more than {MAX_BYTES} bytes")
    return bytes(body)
