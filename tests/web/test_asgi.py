"""Run a WSGI application under an ASGI server (PEP 3333)."""

import asyncio
import time
from collections.abc import Callable, Iterator
from threading import get_ident
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from web import asgi, entrance, received_bodies
from web.asgi import AsgiApplication
from web.cors import for_browser_clients
from web.database import Database, get_transaction, writing
from web.entrance import FORM, Blueprint, FormRequest, JsonAnswer
from web.wsgi_environ import make_environ

Environ = dict[str, Any]


def scope(*headers: tuple[bytes, bytes], **changes: Any) -> dict[str, Any]:
    """Return a request as granian describes it."""
    return {
        "type": "http",
        "method": "GET",
        "raw_path": b"/photos",
        "query_string": b"",
        "scheme": "http",
        "http_version": "1.1",
        "client": ("127.0.0.1", "50000"),
        "server": ("127.0.0.1", "9002"),
        "headers": list(headers),
        **changes,
    }


class Client:
    """A client that sends a body in parts, one after each pause, and then waits for the answer."""

    def __init__(self, *parts: bytes, pause: float = 0, leaves: bool = False) -> None:
        self._parts = list(parts) or [b""]
        self._pause = pause
        self._leaves = leaves
        self.received: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        """Send the next part of the body. When there is none, leave or wait."""
        await asyncio.sleep(self._pause)
        if self._parts:
            part = self._parts.pop(0)
            more_body = bool(self._parts) or self._leaves
            return {"type": "http.request", "body": part, "more_body": more_body}
        if not self._leaves:
            await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        """Receive a part of the response."""
        self.received.append(message)

    @property
    def status(self) -> int:
        return int(self.received[0]["status"])

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.received)

    def request(self, application: Any, longest_body: int = 2**16, **changes: Any) -> "Client":
        """Send a request to the WSGI application, and return this client."""
        length = (b"content-length", b"60000")
        served = AsgiApplication(application, longest_body=longest_body, threads=2)
        asyncio.run(served(scope(length, **changes), self.receive, self.send))
        return self


def echo(environ: Environ, start_response: Any) -> list[bytes]:
    """Respond with the body of the request."""
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


# The request


def test_each_byte_of_a_header_is_one_latin_1_character() -> None:
    every_byte = bytes([*range(0x20, 0x7F), *range(0x80, 0x100)])

    environ = make_environ(scope((b"user-agent", every_byte)))

    assert environ["HTTP_USER_AGENT"].encode("latin-1") == every_byte


def test_several_headers_of_one_name_are_joined() -> None:
    pairs = ((b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"accept", b"a/b"), (b"accept", b"*/*"))

    environ = make_environ(scope(*pairs))

    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["HTTP_ACCEPT"] == "a/b, */*"


def test_a_header_with_an_underscore_in_its_name_is_dropped() -> None:
    pairs = ((b"x-forwarded-for", b"203.0.113.9"), (b"x_forwarded_for", b"10.0.0.1"))

    environ = make_environ(scope(*pairs))

    assert environ["HTTP_X_FORWARDED_FOR"] == "203.0.113.9"


def test_the_path_is_decoded_to_bytes() -> None:
    environ = make_environ(scope(raw_path=b"/Zo%C3%AB/%ff%2f", query_string=b"a=%ff"))

    assert environ["PATH_INFO"].encode("latin-1") == b"/Zo\xc3\xab/\xff/"
    assert environ["QUERY_STRING"] == "a=%ff"


def test_the_application_gets_a_body_that_came_in_parts() -> None:
    assert Client(b"one ", b"two ", b"three").request(echo).body == b"one two three"


def test_a_request_without_a_body_is_not_waited_for() -> None:
    served = AsgiApplication(echo, longest_body=0, threads=1)
    client = Client(pause=60)

    asyncio.run(asyncio.wait_for(served(scope(), client.receive, client.send), 5))

    assert client.status == 200


def test_a_body_that_arrives_too_slowly_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(received_bodies, "BODY_WITHIN", 0.2)

    client = Client(*[b"a"] * 100, pause=0.05).request(echo)

    assert client.status == 408


def test_a_long_body_has_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(received_bodies, "BODY_WITHIN", 0.2)

    client = Client(*[b"a" * 4096] * 6, pause=0.1).request(echo)

    assert client.status == 200


def test_the_application_does_not_run_for_an_incomplete_body() -> None:
    """A server reports malformed chunks as a client that left."""
    client = Client(b"half of a form", leaves=True).request(echo)

    assert client.status == 400
    assert b"malformed or incomplete" in client.body


def test_the_application_gets_one_byte_more_of_an_endless_body_than_it_accepts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(received_bodies, "RECEIVED_BYTES", 40)
    client = Client(*[b"12345"] * 100)

    assert client.request(echo, longest_body=11).body == b"123451234512"
    assert len(asyncio.run(client.receive())["body"]) == 5, "the rest was not received"


def test_the_application_gets_the_length_of_a_body_that_came_in_chunks() -> None:
    lengths: list[object] = []

    def read_length(environ: Environ, start_response: Any) -> list[bytes]:
        lengths.append((environ["CONTENT_LENGTH"], environ.get("HTTP_TRANSFER_ENCODING")))
        return echo(environ, start_response)

    served = AsgiApplication(read_length, longest_body=5, threads=1)
    for parts in ((b"one", b"two"), (b"one", b"two three")):
        client = Client(*parts)
        chunked = scope((b"transfer-encoding", b"chunked"))
        asyncio.run(served(chunked, client.receive, client.send))

    assert lengths == [("6", None), ("12", None)]


def test_all_bodies_together_need_limited_room_in_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise strangers who send slowly could fill the disk."""
    monkeypatch.setattr(received_bodies, "BYTES_IN_MEMORY", 10)
    monkeypatch.setattr(received_bodies, "BYTES_IN_FILES", 49)
    served = AsgiApplication(echo, longest_body=100, threads=1)

    async def send(*sizes: int) -> list[Client]:
        clients = [Client(b"a" * 4, b"a" * size, b"a", pause=0.05) for size in sizes]
        length = scope((b"content-length", b"1"))
        await asyncio.gather(*(served(length, one.receive, one.send) for one in clients))
        return clients

    together = [client.status for client in asyncio.run(send(20, 4, 20))]
    afterwards = [client.status for client in asyncio.run(send(20))]

    assert (together, afterwards) == ([200, 200, 503], [200])


def test_a_request_on_a_unix_socket_has_no_address() -> None:
    """ASGI: "client" and "server" can be None, and the port of a socket is None."""
    environ = make_environ(scope(client=None, server=None))

    assert environ["REMOTE_ADDR"] == ""


# The response


def in_parts(environ: Environ, start_response: Any) -> Iterator[bytes]:
    """Respond with three parts of an unknown length."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "name=Zo\xeb")])
    for number in range(3):
        yield b"%d " % number


def test_a_response_of_unknown_length_is_sent_in_parts() -> None:
    client = Client().request(in_parts)

    assert [message.get("body") for message in client.received[1:]] == [b"0 ", b"1 ", b"2 ", b""]
    assert not client.received[-1]["more_body"]


def test_the_headers_of_a_response_keep_their_bytes() -> None:
    [start, *_] = Client().request(in_parts).received

    assert start["headers"][1] == (b"set-cookie", b"name=Zo\xeb")


def test_a_response_may_be_written_without_being_returned() -> None:
    """PEP 3333 still knows the `write` function."""

    def writing(environ: Environ, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])(b"written, ")
        return [b"returned"]

    assert Client().request(writing).body == b"written, returned"


class Closable:
    """The parts of a response that notes when it is closed."""

    def __init__(self, *parts: bytes) -> None:
        self._parts = parts
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        """Yield the parts. Raise LookupError if there are none."""
        yield from self._parts
        if not self._parts:
            raise LookupError

    def close(self) -> None:
        """Count the calls."""
        self.closed += 1


@pytest.mark.parametrize("headers", [[("Content-Length", "2")], []], ids=["short", "in parts"])
def test_a_response_is_closed_once(headers: list[tuple[str, str]]) -> None:
    parts = Closable(b"o", b"k")

    def application(environ: Environ, start_response: Any) -> Closable:
        start_response("200 OK", headers)
        return parts

    assert Client().request(application).body == b"ok"
    assert parts.closed == 1


def test_a_response_that_fails_is_closed() -> None:
    parts = Closable()

    def application(environ: Environ, start_response: Any) -> Closable:
        start_response("200 OK", [])
        return parts

    with pytest.raises(LookupError):
        Client().request(application)
    assert parts.closed == 1


def test_an_endless_response_stops_when_the_client_leaves() -> None:
    closed = []

    def endless(environ: Environ, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        try:
            while True:
                time.sleep(0.01)
                yield b"."
        finally:
            closed.append(True)

    served = AsgiApplication(endless, longest_body=0, threads=1)
    client = Client(leaves=True)
    asyncio.run(asyncio.wait_for(served(scope(), client.receive, client.send), 5))

    assert closed == [True]


def test_the_application_does_not_run_on_the_event_loop() -> None:
    threads = []

    def application(environ: Environ, start_response: Any) -> list[bytes]:
        threads.append(get_ident())
        return echo(environ, start_response)

    Client(b"a").request(application)

    assert threads != [get_ident()]


# Without a thread


def test_livez_answers_while_all_threads_wait(start: Callable[..., Flask]) -> None:
    leg, client = start(), Client()
    served = AsgiApplication(leg, 0, urgent_requests=entrance.URGENT_REQUESTS, threads=0)
    request = scope(raw_path=b"/livez", headers=[(b"host", b"127.0.0.1:9000")])

    asyncio.run(asyncio.wait_for(served(request, client.receive, client.send), 5))

    assert client.status == 200


@pytest.fixture
def writer(start: Callable[..., Flask]) -> "Writer":
    return Writer(start())


class Writer:
    """A leg with an endpoint that writes to the database.

    `threads` are the ids of the threads that have answered.
    """

    def __init__(self, leg: Flask) -> None:
        self.leg = leg
        self.database: Database = leg.extensions["tripod.database"]
        self.threads: list[int] = []
        bp = Blueprint("programs", __name__)

        @bp.answers_forms("/write")
        @for_browser_clients()
        @writing
        def write(request: FormRequest) -> JsonAnswer:
            get_transaction().run("CREATE TABLE IF NOT EXISTS written (at TEXT)")
            get_transaction().commit()
            self.threads.append(get_ident())
            return JsonAnswer(200, {"form": request.form})

        leg.register_blueprint(bp)
        self.served = AsgiApplication(
            leg, 2**16, entrance.quick_requests(leg), entrance.URGENT_REQUESTS, threads=1
        )

    async def ask(self, method: str, path: str, body: bytes = b"") -> Client:
        client = Client(body)
        headers = [
            (b"host", b"127.0.0.1:9000"),
            (b"content-type", FORM.encode()),
            (b"content-length", b"%d" % len(body)),
        ]
        request = scope(method=method, raw_path=path.encode(), headers=headers)
        await asyncio.wait_for(self.served(request, client.receive, client.send), 5)
        return client


def test_the_event_loop_writes_if_the_database_is_free(writer: Writer) -> None:
    answer = asyncio.run(writer.ask("POST", "/write", b"a=1"))

    assert (answer.status, writer.threads) == (200, [get_ident()])


def test_a_thread_waits_for_another_writer_while_the_event_loop_answers(writer: Writer) -> None:
    async def ask_while_another_writes() -> tuple[Client, Client]:
        with writer.database.writing() as other:
            other.execute(text("SELECT 1"))
            waiting = asyncio.create_task(writer.ask("POST", "/write", b"a=1"))
            alive = await writer.ask("GET", "/livez")
            assert not waiting.done()
        return await waiting, alive

    written, alive = asyncio.run(ask_while_another_writes())

    assert (alive.status, written.status, written.body) == (200, 200, b'{"form": {"a": ["1"]}}')
    assert len(set(writer.threads) - {get_ident()}) == len(writer.threads) == 1


def test_no_request_overtakes_one_that_waits(writer: Writer) -> None:
    async def ask_twice() -> None:
        with writer.database.writing() as other:
            other.execute(text("SELECT 1"))
            first = asyncio.create_task(writer.ask("POST", "/write", b"a=1"))
            await asyncio.sleep(0.05)
        await writer.ask("POST", "/write", b"a=2")
        assert first.done()

    asyncio.run(ask_twice())

    assert len(writer.threads) == 2
    assert get_ident() not in writer.threads


def test_livez_does_not_wait_for_all_quick_requests(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asgi, "LONGEST_TURN", 0)

    async def ask_among_many() -> int:
        waiting = [asyncio.create_task(writer.ask("POST", "/write", b"a=1")) for _ in range(50)]
        await asyncio.sleep(0)
        await writer.ask("GET", "/livez")
        before = len(writer.threads)
        await asyncio.gather(*waiting)
        return before

    assert asyncio.run(ask_among_many()) < 10
    assert writer.threads == [get_ident()] * 50


def test_on_postgresql_threads_answer_the_endpoints(writer: Writer) -> None:
    """There, each statement waits for the network."""
    writer.database.engine.dialect.name = "postgresql"

    assert not entrance.quick_requests(writer.leg)
