"""The load generator: it counts and checks the answers of a small server."""

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from benchmarks import load
from benchmarks.load import Conversation, Talk, UnexpectedAnswerError
from benchmarks.messages import check, make_get

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the benchmark runs on Linux")

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\ncontent-length: 5\r\n\r\nhello"
Send = Callable[[bytes], None]


@contextmanager
def serving(*parts: bytes) -> Iterator[int]:
    """Answer each request with these parts, sent one by one; without parts, close."""

    def answer(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection:
            while parts and connection.recv(4096):
                for part in parts:
                    connection.sendall(part)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=[connection], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def ask_for(content: bytes, sent: list[bytes] | None = None) -> Talk:
    """Request a page again and again, and list the requests in `sent`."""
    number = 0
    while True:
        request = make_get(80, f"/{number}")
        if sent is not None:
            sent.append(request)
        check((yield request), content)
        number += 1


def test_each_answer_is_one_unit_of_work() -> None:
    sent: list[bytes] = []

    with serving(ANSWER) as port:
        done = load.run(port, [Conversation(ask_for(b"hello", sent))], 0.05, steps=1)

    assert len(done.latencies) == len(sent) - 1
    assert done.latencies == sorted(done.latencies)
    assert done.seconds >= 0.05


def test_no_unit_of_several_steps_is_left_unfinished() -> None:
    sent: list[bytes] = []

    with serving(ANSWER) as port:
        done = load.run(port, [Conversation(ask_for(b"hello", sent))], 0.02, steps=3)

    assert 3 * len(done.latencies) == len(sent) - 1


def test_a_conversation_continues_in_the_next_run() -> None:
    sent: list[bytes] = []
    conversation = Conversation(ask_for(b"hello", sent))

    with serving(ANSWER) as port:
        first = load.run(port, [conversation], 0.02, steps=1)
        second = load.run(port, [conversation], 0.02, steps=1)

    assert len(sent) == len(first.latencies) + len(second.latencies) + 1
    assert len(set(sent)) == len(sent)


def test_an_answer_may_arrive_in_parts() -> None:
    with serving(ANSWER[:30], ANSWER[30:-2], ANSWER[-2:]) as port:
        done = load.run(port, [Conversation(ask_for(b"hello"))], 0.02, steps=1)

    assert done.latencies


def test_all_connections_are_used() -> None:
    sent: list[list[bytes]] = [[], [], []]

    with serving(ANSWER) as port:
        load.run(port, [Conversation(ask_for(b"hello", one)) for one in sent], 0.02, steps=1)

    assert all(len(one) > 1 for one in sent)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([ANSWER.replace(b"hello", b"other")], id="another content"),
        pytest.param([ANSWER.replace(b"200", b"500")], id="an error"),
        pytest.param([ANSWER.replace(b"content-length: 5\r\n", b"")], id="no length"),
        pytest.param([], id="a closed connection"),
    ],
)
def test_another_answer_than_expected_ends_the_run(parts: list[bytes]) -> None:
    with serving(*parts) as port, pytest.raises(UnexpectedAnswerError):
        load.run(port, [Conversation(ask_for(b"hello"))], 0.02, steps=1)
