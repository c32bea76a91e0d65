"""Serve a WSGI application under an ASGI server, so that only whole requests take a thread.

The event loop receives the whole body, within a time limit, before the application runs: in a
thread or, for some requests, on the event loop. So clients that send slowly do not keep others
waiting. Headers keep all their bytes, as PEP 3333 requires. Granian's own WSGI interface empties
each header that has a byte above 0x7E.
"""

import asyncio
import time
from collections.abc import (
    Awaitable,
    Callable,
    Collection,
    Generator,
    Iterable,
    MutableMapping,
)
from contextlib import closing, suppress
from contextvars import copy_context
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from web import full_disk
from web.received_bodies import IncompleteBodyError, NoRoomError, Receive, ReceivedBody, Room
from web.threads import Threads
from web.waiting import WouldWait, call_without_waiting
from web.wsgi_environ import make_environ

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Batches = Generator[list[Message], None, None]

#: `docs/servers.md` has the measurement.
THREADS = 16
#: Seconds for which quick requests may keep the event loop from its other work.
LONGEST_TURN = 0.005
#: A response of more bytes is sent in parts.
MAX_UNDIVIDED_BYTES = 256 * 1024

_TOO_SLOW = b"The body of the request did not arrive in time.\n"
_INCOMPLETE = b"The body of the request is malformed or incomplete.\n"
_RETRY_AFTER = (b"retry-after", b"%d" % full_disk.RETRY_AFTER)
_NO_ROOM = f"{full_disk.MESSAGE}\n".encode()


class AsgiApplication:
    """A WSGI application as an ASGI application, with threads of its own.

    The application gets at most one byte more of a body than the `longest_body` that it accepts,
    and the length of all that arrived as CONTENT_LENGTH, also for chunks.

    The event loop itself answers the `quick_requests` and the `urgent_requests`, which are pairs of
    a method and a path. If such a request would have to wait, a thread answers it instead. Even
    among hundreds of quick requests, an urgent one waits for little longer than `LONGEST_TURN`.
    """

    def __init__(
        self,
        application: "WSGIApplication",
        longest_body: int,
        quick_requests: Collection[tuple[str, str]] = (),
        urgent_requests: Collection[tuple[str, str]] = (),
        threads: int = THREADS,
    ) -> None:
        self._application = application
        self._longest_body = longest_body
        self._room = Room()
        self._threads = Threads(threads)
        self._quick_requests = quick_requests
        self._urgent_requests = urgent_requests
        self._busy_since: float | None = None
        self._handed_over = 0

    async def __call__(self, asgi_scope: Message, receive: Receive, send: Send) -> None:
        """Receive a request, run the application, and send its response."""
        wsgi = make_environ(asgi_scope)
        with closing(ReceivedBody(self._room, self._longest_body + 1)) as body:
            wsgi["wsgi.input"] = body.file
            try:
                if "CONTENT_LENGTH" in wsgi or "HTTP_TRANSFER_ENCODING" in wsgi:
                    await body.receive(receive)
                    wsgi["CONTENT_LENGTH"] = str(body.size)
                    wsgi.pop("HTTP_TRANSFER_ENCODING", None)
            except TimeoutError:
                await _refuse(send, 408, _TOO_SLOW)
            except NoRoomError:
                await _refuse(send, 503, _NO_ROOM, _RETRY_AFTER)
            except IncompleteBodyError:
                await _refuse(send, 400, _INCOMPLETE)
            else:
                await self._respond(wsgi, receive, send)

    async def _respond(self, wsgi: "WSGIEnvironment", receive: Receive, send: Send) -> None:
        # Several threads may run the parts of one response. They share its context variables.
        run = copy_context().run
        batches, batch = await self._begin_response(wsgi, run)
        for message in batch:
            await send(message)
        if not batch[-1]["more_body"]:
            return
        departure = asyncio.ensure_future(_wait_until_client_leaves(receive))
        try:
            while batch[-1]["more_body"] and not departure.done():
                batch = await self._threads.call(lambda: run(next, batches))
                for message in batch:
                    await send(message)
        finally:
            departure.cancel()
            await self._threads.call(lambda: run(batches.close))

    async def _begin_response(
        self, wsgi: "WSGIEnvironment", run: Callable[..., list[Message]]
    ) -> tuple[Batches, list[Message]]:
        """Return the batches of the response, and the first of them."""
        method_and_path = (wsgi["REQUEST_METHOD"], wsgi["PATH_INFO"])
        # A thread also answers those that come after one that waits. They must not overtake it.
        is_quick = method_and_path in self._quick_requests and not self._handed_over
        if is_quick:
            await self._take_turn()
        if is_quick or method_and_path in self._urgent_requests:
            batches = _make_messages(self._application, wsgi.copy())
            with suppress(WouldWait):
                return batches, call_without_waiting(lambda: run(next, batches))
            wsgi["wsgi.input"].seek(0)
            self._handed_over += 1
            try:
                return await self._begin_in_thread(wsgi, run)
            finally:
                self._handed_over -= 1
        return await self._begin_in_thread(wsgi, run)

    async def _begin_in_thread(
        self, wsgi: "WSGIEnvironment", run: Callable[..., list[Message]]
    ) -> tuple[Batches, list[Message]]:
        batches = _make_messages(self._application, wsgi)
        return batches, await self._threads.call(lambda: run(next, batches))

    async def _take_turn(self) -> None:
        """Wait while quick requests have kept the event loop from its other work for long."""
        while self._busy_since is not None and time.monotonic() - self._busy_since > LONGEST_TURN:
            await asyncio.sleep(0)
        if self._busy_since is None:
            self._busy_since = time.monotonic()
            asyncio.get_running_loop().call_soon(self._end_turn)

    def _end_turn(self) -> None:
        """Note that the event loop has come to its other work."""
        self._busy_since = None


async def _wait_until_client_leaves(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refuse(send: Send, status: int, text: bytes, *more: tuple[bytes, bytes]) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(text)).encode()),
        (b"connection", b"close"),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send(_make_part(text, more_body=False))


def _make_messages(application: "WSGIApplication", wsgi: "WSGIEnvironment") -> Batches:
    """Run the application, and yield the ASGI messages of its response in batches.

    A short response is one batch. For other responses, each part is sent before the application
    makes the next one.
    """
    start: Message = {"type": "http.response.start"}
    written: list[bytes] = []

    def start_response(status: str, headers: Iterable[tuple[str, str]], *_: Any) -> Any:
        start["status"] = int(status[:3])
        start["headers"] = [
            (_encode_name(name), value.encode("latin-1")) for name, value in headers
        ]
        return written.append

    response = application(wsgi, start_response)
    try:
        parts = iter(response)
        first = next(parts, b"")
        body = b"".join([*written, first])
        if not _is_short(start["headers"]):
            yield [start, _make_part(body, more_body=True)]
            for part in parts:
                yield [_make_part(part, more_body=True)]
            yield [_make_part(b"", more_body=False)]
            return
        body += b"".join(parts)
    finally:
        close = getattr(response, "close", None)
        if close is not None:
            close()
    yield [start, _make_part(body, more_body=False)]


@lru_cache(maxsize=256)
def _encode_name(header: str) -> bytes:
    return header.lower().encode("latin-1")


def _is_short(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    lengths = [value for name, value in headers if name == b"content-length"]
    return bool(lengths) and lengths[0].isdigit() and int(lengths[0]) <= MAX_UNDIVIDED_BYTES


def _make_part(body: bytes, *, more_body: bool) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more_body}
