"""Requests as prepared bytes, and the checks of their answers."""

import base64
from collections.abc import Mapping
from urllib.parse import urlencode

from benchmarks.load import UnexpectedAnswerError

REDIRECTS = (b"302", b"303")
SUCCESS = (b"200",)

_HEADERS = "Host: 127.0.0.1:{port}\r\nUser-Agent: benchmark\r\nAccept: */*\r\n"


def make_basic(client_id: str, client_secret: str) -> str:
    """Return the value of an Authorization header (RFC 6749 §2.3.1)."""
    pair = f"{client_id}:{client_secret}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def make_get(port: int, path: str, **headers: str) -> bytes:
    """Return a GET request. The underscores in the names of `headers` are hyphens."""
    return f"GET {path} HTTP/1.1\r\n{_format_headers(port, headers)}\r\n".encode()


class Form:
    """A POST request to one path with one account. `fill` makes it for some fields."""

    def __init__(self, port: int, path: str, authorization: str) -> None:
        headers = _format_headers(port, {"Authorization": authorization})
        self._start = (
            f"POST {path} HTTP/1.1\r\n{headers}"
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "
        ).encode()

    def fill(self, fields: Mapping[str, str]) -> bytes:
        """Return the request with these fields."""
        return self.with_body(urlencode(fields).encode())

    def with_body(self, body: bytes) -> bytes:
        """Return the request with a body that is encoded already."""
        return b"%b%d\r\n\r\n%b" % (self._start, len(body), body)


def check(answer: bytes, content: bytes, statuses: tuple[bytes, ...] = SUCCESS) -> None:
    """Check the status and the content of an answer.

    :raises UnexpectedAnswerError: when one of them is not what was expected.
    """
    if answer[9:12] not in statuses or content not in answer:
        raise UnexpectedAnswerError(f"expected {content!r} in {answer[:2000]!r}")


def _format_headers(port: int, headers: Mapping[str, str]) -> str:
    own = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return _HEADERS.format(port=port) + own
