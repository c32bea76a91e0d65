"""Record the messages of a leg with WSGI middleware and a listener on its event log.

Bodies are copied while the application reads and the server sends them; nothing is read ahead or
held back. Recorder errors never affect the request.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask import Flask

from config import Settings
from inspector.record import headers
from inspector.record.bodies import FORM
from inspector.record.exchange import Exchange, Pairs
from inspector.record.store import Store
from inspector.record.transcript import Wire, bare, transcribe
from web import peers
from web.clock import now
from web.derived_keys import derive_key

if TYPE_CHECKING:
    from _typeshed.wsgi import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger("tripod")

#: The maximum number of bytes that are copied of a body.
COPIED = 64 * 1024
#: The same for a page, of which only the title is stored.
COPIED_OF_A_PAGE = 4096
NOT_RECORDED = ("/inspector", "/static/", "/favicon.ico", "/healthz", "/livez", "/theme")
#: The names of the recorded headers by their names in WSGI.
_HTTP_HEADERS = {f"HTTP_{name.upper().replace('-', '_')}": name for name in headers.NAMES}
_current_wire: ContextVar[Wire | None] = ContextVar("current_wire", default=None)


def watch(app: Flask, settings: Settings, store: Store) -> None:
    """Record the requests and responses of `app` in `store`."""
    recorder = Recorder(app.wsgi_app, settings.leg, store, key_of_runs(settings))
    app.wsgi_app = recorder  # type: ignore[assignment, method-assign]
    _listen()


def key_of_runs(settings: Settings) -> Callable[[str], str]:
    """Return a function that derives the fingerprint key of a run from its id."""

    @lru_cache(maxsize=2)
    def key(run_id: str) -> str:
        return derive_key(settings.secret_keys[0], "inspector", run_id)

    return key


@dataclass
class Recorder:
    """The middleware. `key(run_id)` returns that run's fingerprint key."""

    application: "WSGIApplication"
    leg: str
    store: Store
    key: Callable[[str], str]
    _run_id: str = ""

    def __call__(self, wsgi: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Record the request and pass it on.

        Other machines cannot fill the recording: the demo refuses their requests.
        """
        is_unrecorded = str(wsgi.get("PATH_INFO", "")).startswith(NOT_RECORDED)
        if is_unrecorded or not peers.is_on_this_machine(wsgi):
            return self.application(wsgi, start_response)
        wire = self._begin(wsgi)

        def start(status: str, sent: Pairs, *exc_info: Any) -> Any:
            wire.status, wire.response_headers = _status_code(status), list(sent)
            return start_response(status, sent, *exc_info)

        token = _current_wire.set(wire)
        try:
            response = self.application(wsgi, start)
        except Exception:
            # The server responds with 500, even if the application had started another response.
            wire.status, wire.response_headers = 500, []
            self._keep(wire)
            raise
        finally:
            _current_wire.reset(token)
        return _Response(response, wire, self._keep)

    def _begin(self, wsgi: "WSGIEnvironment") -> Wire:
        wire = read_wire(self.leg, wsgi)
        if headers.media_type(wire.request_headers) in (FORM, "application/json"):
            wsgi["wsgi.input"] = _Tee(wsgi["wsgi.input"], wire)
        return wire

    def _keep(self, wire: Wire) -> None:
        ended_at = now().timestamp()
        try:
            if not self._add(wire, self._run_id, ended_at):
                self._run_id = self.store.run_id
                self._add(wire, self._run_id, ended_at)
        except Exception as error:
            # The error's text may contain a secret of the message, so only its type is logged.
            log.debug("A message was not recorded: %s", type(error).__name__)

    def _add(self, wire: Wire, run_id: str, ended_at: float) -> bool:
        """Store the message in the run `run_id`. Return False if there is none, or another one."""
        if not run_id:
            return False
        exchange = transcribe_or_bare(wire, self.key(run_id), ended_at)
        return self.store.add(exchange, run_id)


def read_wire(leg: str, wsgi: "WSGIEnvironment") -> Wire:
    """Return the request without its body. It begins now."""
    return Wire(
        leg=leg,
        method=str(wsgi.get("REQUEST_METHOD", "")),
        host=_decoded(str(wsgi.get("HTTP_HOST", ""))),
        path=_decoded(str(wsgi.get("PATH_INFO", ""))),
        query=_decoded(str(wsgi.get("QUERY_STRING", ""))),
        request_headers=_request_headers(wsgi),
        started_at=now().timestamp(),
    )


def transcribe_or_bare(wire: Wire, key: str, ended_at: float) -> Exchange:
    """Return the exchange, or one without content if that fails."""
    try:
        return transcribe(wire, key, ended_at)
    except Exception as error:
        log.debug("A message was not transcribed: %s", type(error).__name__)
        return bare(wire, ended_at)


@dataclass
class _Tee:
    """The body of a request, copied while the application reads it."""

    stream: "InputStream"
    wire: Wire

    def read(self, *size: int) -> bytes:
        return self._copy(self.stream.read(*size))

    def readline(self, *size: int) -> bytes:
        return self._copy(self.stream.readline(*size))

    def readlines(self, *hint: int) -> list[bytes]:
        return [self._copy(line) for line in self.stream.readlines(*hint)]

    def __iter__(self) -> Iterator[bytes]:
        return (self._copy(line) for line in self.stream)

    def _copy(self, part: bytes) -> bytes:
        self.wire.request_size += len(part)
        self.wire.request_body += part[: max(0, COPIED - len(self.wire.request_body))]
        return part


class _Response:
    """The body of a response, copied while the server sends it.

    The exchange is stored when the server closes the response (PEP 3333).
    """

    def __init__(self, parts: Iterable[bytes], wire: Wire, keep: Callable[[Wire], None]) -> None:
        self._parts = parts
        self._wire = wire
        self._keep = keep
        self._room = {"application/json": COPIED, "text/html": COPIED_OF_A_PAGE}

    def __iter__(self) -> Iterator[bytes]:
        room = self._room.get(headers.media_type(self._wire.response_headers), 0)
        for part in self._parts:
            self._wire.response_size += len(part)
            self._wire.response_body += part[: max(0, room - len(self._wire.response_body))]
            yield part

    def close(self) -> None:
        try:
            close = getattr(self._parts, "close", None)
            if close:
                close()
        finally:
            self._keep(self._wire)


class _Listener(logging.Handler):
    """Adds each entry of the event log to the exchange during which it was logged."""

    def emit(self, record: logging.LogRecord) -> None:
        wire = _current_wire.get()
        if wire is not None:
            wire.events.append(dict(getattr(record, "fields", {})))


def _listen() -> None:
    """Add one listener for the process, even if it runs several legs."""
    logger = logging.getLogger("tripod.events")
    logger.setLevel(logging.INFO)
    if not any(isinstance(handler, _Listener) for handler in logger.handlers):
        logger.addHandler(_Listener())


def _request_headers(wsgi: "WSGIEnvironment") -> Pairs:
    """Return the headers that are recorded. WSGI has two of them under names of its own."""
    names = [name for name in wsgi if name in _HTTP_HEADERS]
    found = [(_HTTP_HEADERS[name], _decoded(wsgi[name])) for name in names]
    for name in ("Content-Type", "Content-Length"):
        text = wsgi.get(name.upper().replace("-", "_"))
        if text:
            found.append((name, _decoded(text)))
    return found


def _status_code(status: str) -> int:
    """Return the number of a status line, or 0 if it has none."""
    number = status.partition(" ")[0]
    if number.isascii() and number.isdigit():
        return int(number)
    return 0


def _decoded(text: str) -> str:
    """Decode bytes that WSGI passes as Latin-1 text."""
    if text.isascii():
        return text
    return text.encode("latin-1", "replace").decode(errors="replace")
