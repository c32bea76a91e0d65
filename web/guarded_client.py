"""HTTP requests to addresses that somebody else has chosen, such as a client that registers itself.

Only public IP addresses are connected to. libcurl asks for each socket just before it connects, so
the address that is checked is the one that is used: an answer of the DNS that changes, a host that
is written as a number, or one of several addresses makes no difference.

As in `http_client.py`, nothing from the environment changes a request, and redirects are not
followed. Besides, each request has its own connection, little time, and a small answer without
compression, which could be much larger than what was sent.
"""

import socket
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import certifi
import pycurl

from web.addresses import is_loopback
from web.http_client import NoResponse, Response, UnreadableResponse, translate
from web.public_addresses import is_public

#: Milliseconds for the whole request, including the DNS lookup.
ANSWERED_WITHIN_MS = 5_000
MAX_BYTES = 64 * 1024
_MAX_HEADER_BYTES = 16 * 1024


class AddressRefused(NoResponse):
    """The host has an IP address that must not be connected to. Nothing was sent."""


@dataclass(frozen=True)
class GuardedClient:
    """A client for addresses that others have chosen.

    With `allows_loopback`, it also connects to this machine's loopback, by https and http. Tests
    give their own answers of the DNS, as `host:port:address`, and their own certificate authority.
    """

    allows_loopback: bool
    resolve: Sequence[str] = ()
    ca_file: str = field(default_factory=certifi.where)

    def get(self, url: str, *, accept: str, max_bytes: int = MAX_BYTES) -> Response:
        """Return the response to a GET request.

        :raises UnreadableResponse: when the response is too large, or compressed.
        :raises NoResponse: when there is no response in time.
        """
        return self._send(url, [f"Accept: {accept}"], (), max_bytes)

    def post(self, url: str, form: bytes) -> Response:
        """Return the response to a POST request with a form.

        :raises UnreadableResponse: when the response is too large, or compressed.
        :raises NoResponse: when there is no response in time.
        """
        return self._send(url, [], [(pycurl.POSTFIELDS, form)], MAX_BYTES)

    def _send(
        self, url: str, headers: list[str], options: Sequence[tuple[int, Any]], max_bytes: int
    ) -> Response:
        exchange = _Exchange(self._is_permitted, max_bytes)
        with closing(pycurl.Curl()) as curl:
            for option, value in (*self._options(), *exchange.options(), *options):
                curl.setopt(option, value)
            curl.setopt(pycurl.HTTPHEADER, [*headers, "Accept-Encoding: identity"])
            curl.setopt(pycurl.URL, url.encode("ascii"))
            try:
                curl.perform()
            except pycurl.error as error:
                raise exchange.explain(error.args[0]) from None
            finally:
                exchange.close()
            response = Response(
                curl.getinfo(pycurl.RESPONSE_CODE), bytes(exchange.body), exchange.header_lines
            )
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise UnreadableResponse("compressed")
        return response

    def _options(self) -> list[tuple[int, Any]]:
        protocols = pycurl.PROTO_HTTPS
        if self.allows_loopback:
            protocols |= pycurl.PROTO_HTTP
        return [
            (pycurl.PROTOCOLS, protocols),
            (pycurl.FOLLOWLOCATION, 0),
            (pycurl.PROXY, ""),  # also not one from the environment
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
            (pycurl.CAINFO, self.ca_file),
            (pycurl.RESOLVE, list(self.resolve)),
            (pycurl.HTTP_CONTENT_DECODING, 0),
            (pycurl.TIMEOUT_MS, ANSWERED_WITHIN_MS),
            (pycurl.NOSIGNAL, 1),  # threads
        ]

    def _is_permitted(self, address: str) -> bool:
        return is_public(address) or (self.allows_loopback and is_loopback(address))


class _Exchange:
    """One request: which sockets it opens, and what it receives."""

    def __init__(self, is_permitted: Any, max_bytes: int) -> None:
        self._is_permitted = is_permitted
        self._max_bytes = max_bytes
        self._header_bytes = 0
        self._was_refused = False
        self._sockets: list[socket.socket] = []
        self.body = bytearray()
        self.header_lines: list[bytes] = []

    def options(self) -> list[tuple[int, Any]]:
        return [
            (pycurl.OPENSOCKETFUNCTION, self._open_socket),
            (pycurl.WRITEFUNCTION, self._receive),
            (pycurl.HEADERFUNCTION, self._receive_header),
        ]

    def explain(self, code: int) -> NoResponse:
        """Return the exception for an error of libcurl."""
        if self._was_refused:
            return AddressRefused("address not public")
        return translate(code)

    def close(self) -> None:
        """Close the sockets, of which libcurl has used duplicates."""
        for opened in self._sockets:
            opened.close()

    def _open_socket(self, _purpose: int, address: Any) -> Any:
        family, kind, protocol, place = address
        if family not in (socket.AF_INET, socket.AF_INET6) or not self._is_permitted(place[0]):
            self._was_refused = True
            return pycurl.SOCKET_BAD
        opened = socket.socket(family, kind, protocol)
        self._sockets.append(opened)
        return opened

    def _receive(self, part: bytes) -> int:
        """Keep a part of the body. libcurl stops when this returns fewer bytes than it got."""
        if len(self.body) + len(part) > self._max_bytes:
            return 0
        self.body += part
        return len(part)

    def _receive_header(self, line: bytes) -> int:
        if line.startswith(b"HTTP/"):  # of the last response, after an informational one
            self.header_lines.clear()
        self._header_bytes += len(line)
        if self._header_bytes > _MAX_HEADER_BYTES:
            return 0
        self.header_lines.append(line)
        return len(line)
