"""The load generator: keep-alive connections in one loop, each with one request at a time.

It sends prepared bytes and does little per request, so that it does not limit a server.
"""

import re
import select
import socket
import time
from collections.abc import Generator, Sequence
from typing import NamedTuple

#: The number of connections, and so of requests that are open at the same time.
CONCURRENCY = 8
#: Seconds without any answer, after which the server is considered stuck.
PATIENCE = 20
#: The most bytes that are received at once.
MOST_BYTES = 256 * 1024

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)

#: Yields requests and receives the answer of each.
Talk = Generator[bytes, bytes, None]


class UnexpectedAnswerError(Exception):
    """A server answered otherwise than the work expects."""


class Conversation:
    """What one connection sends. It continues in the next run where the last one ended."""

    def __init__(self, talk: Talk) -> None:
        self.request = next(talk)
        self.answer = talk.send


class Load(NamedTuple):
    """The result of one run: the seconds that it took, and those of each unit of work, sorted."""

    seconds: float
    latencies: list[float]


class _Connection:
    """A connection. `latencies` gets the seconds of each unit of work, which has some `steps`."""

    __slots__ = ("_conversation", "_latencies", "_part", "_started_at", "_steps", "socket")

    def __init__(self, port: int, conversation: Conversation, latencies: list[float]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._conversation = conversation
        self._latencies = latencies
        self._part = b""
        self._steps = 0
        self._started_at = time.perf_counter()

    def send(self) -> None:
        """Send the next request."""
        self.socket.send(self._conversation.request)

    def receive(self) -> bool:
        """Receive a part of an answer. If it is complete, make the next request, return True."""
        answer = self.socket.recv(MOST_BYTES)
        if not answer:
            raise UnexpectedAnswerError("the server ended a connection")
        if self._part:
            answer = self._part + answer
        head = answer.find(b"\r\n\r\n")
        if head < 0 or len(answer) < head + 4 + _read_length(answer, head):
            self._part = answer
            return False
        self._part = b""
        self._steps += 1
        self._conversation.request = self._conversation.answer(answer)
        return True

    def is_over(self, steps: int, end: float) -> bool:
        """Return whether a unit of work was completed after this end."""
        if self._steps < steps:
            return False
        moment = time.perf_counter()
        self._latencies.append(moment - self._started_at)
        self._steps, self._started_at = 0, moment
        return moment > end


def run(port: int, conversations: Sequence[Conversation], seconds: float, *, steps: int) -> Load:
    """Continue the conversations for this time, and wait for the last answers.

    A unit of work has `steps` requests. No unit is left unfinished.

    :raises UnexpectedAnswerError: when an answer is not what the conversation expects.
    """
    latencies: list[float] = []
    connections = [_Connection(port, one, latencies) for one in conversations]
    begin = time.perf_counter()
    try:
        _run(connections, steps, begin + seconds)
    except OSError as error:
        raise UnexpectedAnswerError("the server ended a connection") from error
    finally:
        for connection in connections:
            connection.socket.close()
    return Load(time.perf_counter() - begin, sorted(latencies))


def _run(connections: Sequence[_Connection], steps: int, end: float) -> None:
    waiting = {connection.socket.fileno(): connection for connection in connections}
    with select.epoll() as poller:
        for number, connection in waiting.items():
            poller.register(number, select.EPOLLIN)
            connection.send()
        while waiting:
            ready = poller.poll(PATIENCE)
            if not ready:
                raise UnexpectedAnswerError(f"no answer within {PATIENCE} seconds")
            for number, _ in ready:
                connection = waiting[number]
                if not connection.receive():
                    continue
                if connection.is_over(steps, end):
                    poller.unregister(number)
                    del waiting[number]
                else:
                    connection.send()


def _read_length(answer: bytes, head: int) -> int:
    """Return the length of the body that follows the first `head` bytes."""
    length = _LENGTH.search(answer, 0, head)
    if length is None:
        raise UnexpectedAnswerError(f"an answer without Content-Length: {answer[:head]!r}")
    return int(length[1])
