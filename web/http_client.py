"""Forms that a server posts to another one, over libcurl with one connection per thread.

It costs a tenth of the CPU of `requests`, which `back_channel.py` uses. As there, nothing from the
environment changes a request, redirects are not followed, no cookie is kept, and every request has
a timeout and carries the request id.

If the server closed an idle connection, libcurl sends the request once more over a new one. So only
requests that may arrive twice are sent from here (RFC 9112 §9.3.1).
"""

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

import certifi
import pycurl
from werkzeug.datastructures import Headers

from web.request_id import HEADER, current_request_id

#: Milliseconds to connect, and to receive the whole response.
CONNECT_WITHIN_MS = 3_050
ANSWERED_WITHIN_MS = 8_000
#: The most bytes of a response, after it is decompressed.
MAX_BYTES = 2**20

_CAUSES = {
    pycurl.E_COULDNT_RESOLVE_HOST: "host not found",
    pycurl.E_COULDNT_CONNECT: "not connected",
    pycurl.E_OPERATION_TIMEDOUT: "timeout",
    pycurl.E_SSL_CONNECT_ERROR: "TLS error",
    pycurl.E_SSL_CACERT: "certificate not valid",
    pycurl.E_GOT_NOTHING: "empty response",
    pycurl.E_PARTIAL_FILE: "incomplete response",
    pycurl.E_RECV_ERROR: "connection broken",
}
#: The errors after which there was a response.
_UNREADABLE = {
    pycurl.E_WRITE_ERROR: "too large",
    pycurl.E_BAD_CONTENT_ENCODING: "content encoding not valid",
}


class NoResponse(Exception):
    """No complete response came. The text names the cause, without values."""


class UnreadableResponse(NoResponse):
    """A response came, and it is too large, or its content encoding is invalid."""


class Response(NamedTuple):
    """A response with its whole content. `header_lines` are as they were received."""

    status_code: int
    content: bytes
    header_lines: Sequence[bytes] = ()

    @property
    def headers(self) -> Headers:
        """The header fields. A name or a value that is not ASCII is read as Latin-1."""
        lines = (line.decode("latin-1").partition(":") for line in self.header_lines)
        return Headers([(name, value.strip()) for name, colon, value in lines if colon])


#: `transport(url, headers, form)` sends a POST. `headers` are whole lines: `Name: value`.
Transport = Callable[[str, Sequence[str], bytes], Response]


class HttpClient:
    """A client whose `transport` sends the requests: over libcurl, or on the network of a test."""

    def __init__(self, transport: Transport | None = None) -> None:
        self._transport = transport or _connection.send

    def post(self, url: str, headers: Sequence[str], form: bytes) -> Response:
        """Send a form and return the response.

        :raises UnreadableResponse: when the response cannot be read.
        :raises NoResponse: when there is no response.
        """
        request_id = current_request_id()
        if request_id is not None:
            headers = (*headers, f"{HEADER}: {request_id}")
        return self._transport(url, headers, form)


class _Connection(threading.local):
    """A handle of libcurl for each thread, which keeps its connections open between requests."""

    def __init__(self) -> None:
        self._body = bytearray()
        self._curl = pycurl.Curl()
        for option, value in (
            (pycurl.PROXY, ""),  # also not one from the environment
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
            (pycurl.CAINFO, certifi.where()),
            # No compression is requested. A response that has one is decompressed.
            (pycurl.ACCEPT_ENCODING, "identity"),
            (pycurl.CONNECTTIMEOUT_MS, CONNECT_WITHIN_MS),
            (pycurl.TIMEOUT_MS, ANSWERED_WITHIN_MS),
            (pycurl.NOSIGNAL, 1),  # threads
            (pycurl.WRITEFUNCTION, self._receive),
        ):
            self._curl.setopt(option, value)

    def send(self, url: str, headers: Sequence[str], form: bytes) -> Response:
        curl, header_lines = self._curl, list[bytes]()
        self._body.clear()
        curl.setopt(pycurl.URL, url)
        curl.setopt(pycurl.HTTPHEADER, headers)
        curl.setopt(pycurl.HEADERFUNCTION, header_lines.append)
        curl.setopt(pycurl.POSTFIELDS, form)
        try:
            curl.perform()
        except pycurl.error as error:
            raise translate(error.args[0]) from None
        return Response(curl.getinfo(pycurl.RESPONSE_CODE), bytes(self._body), header_lines)

    def _receive(self, part: bytes) -> int:
        """Keep a part of the body. libcurl stops when this returns fewer bytes than it got."""
        if len(self._body) + len(part) > MAX_BYTES:
            return 0
        self._body += part
        return len(part)


_connection = _Connection()


def translate(code: int) -> NoResponse:
    """Return the exception for an error code of libcurl."""
    if code in _UNREADABLE:
        return UnreadableResponse(_UNREADABLE[code])
    return NoResponse(_CAUSES.get(code, f"libcurl error {code}"))
