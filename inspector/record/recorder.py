"""WSGI middleware around a leg, and a listener on the event log: what comes in and what goes out, masked and stored.

A leg does not notice: bodies are copied while the application reads and writes them, nothing is read ahead or held back, and
whatever goes wrong in here is nobody else's trouble.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask import Flask

from config import Settings
from inspector.record.bodies import FORM
from inspector.record.exchange import Exchange, Pairs
from inspector.record.headers import media_type
from inspector.record.store import Store
from inspector.record.transcript import Wire, bare, transcribe
from web.clock import now
from web.derived_keys import derive_key

if TYPE_CHECKING:
    from _typeshed.wsgi import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger("tripod")

#: Bytes of a body that are copied.
COPIED = 64 * 1024
#: Of a page, enough to find its title in.
COPIED_OF_A_PAGE = 4096
LEFT_OUT = ("/inspector", "/static/", "/favicon.ico", "/healthz")
_in_hand: ContextVar[Wire | None] = ContextVar("in_hand", default=None)


def watch(app: Flask, settings: Settings, store: Store) -> None:
    """Record what `app` is asked and answers in `store`."""
    recorder = Recorder(app.wsgi_app, settings.leg, store, key_of_runs(settings))
    app.wsgi_app = recorder  # type: ignore[assignment, method-assign]
    _listen()


def key_of_runs(settings: Settings) -> Callable[[str], str]:
    """By the name of a run, the key under which equal values are known to be equal in it."""

    @lru_cache(maxsize=2)
    def key(run_id: str) -> str:
        return derive_key(settings.secret_keys[0], "inspector", run_id)

    return key


class Recorder:
    """The middleware. `key` is that of the run of which it is told the name."""

    def __init__(
        self, application: "WSGIApplication", leg: str, store: Store, key: Callable[[str], str]
    ) -> None:
        self._application = application
        self._leg = leg
        self._store = store
        self._key = key

    def __call__(self, wsgi: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Pass the request on, with an ear at both ends."""
        if str(wsgi.get("PATH_INFO", "")).startswith(LEFT_OUT):
            return self._application(wsgi, start_response)
        wire = self._begin(wsgi)

        def start(status: str, headers: Pairs, *exc_info: Any) -> Any:
            wire.status, wire.response_headers = _number(status), list(headers)
            return start_response(status, headers, *exc_info)

        token = _in_hand.set(wire)
        try:
            answer = self._application(wsgi, start)
        except Exception:
            wire.status, wire.response_headers = (
                500,
                [],
            )  # as the server will answer, whatever was begun
            self._keep(wire)
            raise
        finally:
            _in_hand.reset(token)
        return _Answer(answer, wire, self._keep)

    def _begin(self, wsgi: "WSGIEnvironment") -> Wire:
        headers = [
            (_header_name(name), value) for name, value in wsgi.items() if name.startswith("HTTP_")
        ]
        own = [
            ("Content-Type", wsgi.get("CONTENT_TYPE")),
            ("Content-Length", wsgi.get("CONTENT_LENGTH")),
        ]
        wire = Wire(
            leg=self._leg,
            method=str(wsgi.get("REQUEST_METHOD", "")),
            host=str(wsgi.get("HTTP_HOST", "")),
            path=_decoded(str(wsgi.get("PATH_INFO", ""))),
            query=_decoded(str(wsgi.get("QUERY_STRING", ""))),
            request_headers=[*headers, *((name, str(value)) for name, value in own if value)],
            started_at=now().timestamp(),
        )
        if media_type(wire.request_headers) in (FORM, "application/json"):
            wsgi["wsgi.input"] = _Tee(wsgi["wsgi.input"], wire)
        return wire

    def _keep(self, wire: Wire) -> None:
        ended_at = now().timestamp()
        try:
            if run_id := self._store.run_id:
                self._store.add(_transcribed(wire, self._key(run_id), ended_at))
        except Exception as error:
            # A demo that cannot be watched goes on. The error's text may hold what was sent.
            log.debug("a message was not recorded: %s", type(error).__name__)


def _transcribed(wire: Wire, key: str, ended_at: float) -> Exchange:
    """Whatever somebody sent: that there was something is kept at least."""
    try:
        return transcribe(wire, key, ended_at)
    except Exception as error:
        log.debug("a message was not transcribed: %s", type(error).__name__)
        return bare(wire, ended_at)


class _Tee:
    """The request's body, copied while the application reads it."""

    def __init__(self, stream: "InputStream", wire: Wire) -> None:
        self._stream = stream
        self._wire = wire

    def read(self, *size: int) -> bytes:
        return self._copied(self._stream.read(*size))

    def readline(self, *size: int) -> bytes:
        return self._copied(self._stream.readline(*size))

    def readlines(self, *hint: int) -> list[bytes]:
        return [self._copied(line) for line in self._stream.readlines(*hint)]

    def __iter__(self) -> Iterator[bytes]:
        return (self._copied(line) for line in self._stream)

    def _copied(self, part: bytes) -> bytes:
        self._wire.request_size += len(part)
        self._wire.request_body += part[: max(0, COPIED - len(self._wire.request_body))]
        return part


class _Answer:
    """The answer's body, copied while the server sends it; kept when the server has closed it (PEP 3333)."""

    def __init__(self, parts: Iterable[bytes], wire: Wire, keep: Any) -> None:
        self._parts = parts
        self._wire = wire
        self._keep = keep
        self._room = {"application/json": COPIED, "text/html": COPIED_OF_A_PAGE}

    def __iter__(self) -> Iterator[bytes]:
        room = self._room.get(media_type(self._wire.response_headers), 0)
        for part in self._parts:
            self._wire.response_size += len(part)
            self._wire.response_body += part[: max(0, room - len(self._wire.response_body))]
            yield part

    def close(self) -> None:
        try:
            getattr(self._parts, "close", lambda: None)()
        finally:
            self._keep(self._wire)


class _Listener(logging.Handler):
    """Notes what the event log tells with the exchange in which it is told."""

    def emit(self, record: logging.LogRecord) -> None:
        wire = _in_hand.get()
        if wire is not None:
            wire.events.append(dict(getattr(record, "fields", {})))


def _listen() -> None:
    """One listener for the process, whatever the number of legs in it."""
    logger = logging.getLogger("tripod.events")
    logger.setLevel(logging.INFO)
    if not any(isinstance(handler, _Listener) for handler in logger.handlers):
        logger.addHandler(_Listener())


def _header_name(name: str) -> str:
    return name.removeprefix("HTTP_").replace("_", "-").title()


def _number(status: str) -> int:
    number = status.partition(" ")[0]
    return int(number) if number.isascii() and number.isdigit() else 0


def _decoded(text: str) -> str:
    """WSGI hands over bytes in the guise of Latin-1."""
    return text.encode("latin-1", "replace").decode(errors="replace")
