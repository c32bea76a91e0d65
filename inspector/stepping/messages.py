"""The messages of a request that runs in steps, unmasked. They exist in memory only."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from requests import PreparedRequest

from inspector.record.exchange import Pairs
from inspector.record.transcript import Wire
from web.clock import now
from web.request_id import HEADER

#: A form longer than this is an upload, which is not shown.
SHOWN = 64 * 1024


@dataclass(frozen=True)
class Outgoing:
    """A message that Print Shop is about to send, or to send the browser with."""

    method: str
    url: str = field(repr=False)
    headers: Pairs = field(default_factory=list, repr=False)
    body: bytes = field(default=b"", repr=False)
    is_redirect: bool = False

    @classmethod
    def read(cls, request: PreparedRequest) -> "Outgoing":
        """Return the message that `requests` is about to send."""
        body = request.body
        if isinstance(body, str):
            body = body.encode()
        if not isinstance(body, bytes) or len(body) > SHOWN:
            body = b""
        headers = [(name, _decode(value)) for name, value in request.headers.items()]
        return cls(str(request.method), str(request.url), headers, body)

    @property
    def origin(self) -> str:
        """Scheme, host and port of the receiver."""
        return origin_of(self.url)

    @property
    def request_id(self) -> str:
        """The request id that it carries, or ""."""
        return dict(self.headers).get(HEADER, "")

    def wire(self, leg: str) -> Wire:
        """Return the message as `leg` will receive it."""
        parts = urlsplit(self.url)
        status = 200
        if self.is_redirect:
            status = 302
        return Wire(
            leg=leg,
            method=self.method,
            host=parts.netloc,
            path=unquote(parts.path),
            query=parts.query,
            request_headers=list(self.headers),
            request_body=self.body,
            request_size=len(self.body),
            started_at=now().timestamp(),
            status=status,
        )


@dataclass(frozen=True)
class Answer:
    """The whole response of Print Shop, held until the browser may have it."""

    status: str
    headers: Pairs = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def location(self) -> str:
        """The address to which it redirects, or ""."""
        found = (value for name, value in self.headers if name.lower() == "location")
        return next(found, "")

    def send(self, start_response: Any) -> Iterable[bytes]:
        """Send it."""
        start_response(self.status, list(self.headers))
        return [self.body]


def origin_of(url: str) -> str:
    """Return scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _decode(value: str | bytes) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value
