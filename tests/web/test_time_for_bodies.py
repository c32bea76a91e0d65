"""How much time a client has for the body of its request, as docs/production.md says.

The clock of the event loop is moved, so that no test waits.
"""

import asyncio
from typing import Any

import pytest

from tests.web.test_asgi import echo, scope
from web.asgi import AsgiApplication


class MovedClock(asyncio.SelectorEventLoop):
    """An event loop whose clock can be moved forward."""

    moved = 0.0

    def time(self) -> float:
        """Return the moved time, in seconds."""
        return super().time() + self.moved


class SlowClient:
    """A client that sends `first_bytes`, and the last byte `seconds` after it began."""

    def __init__(self, first_bytes: int, seconds: float) -> None:
        self._parts = [b"a" * first_bytes, b"a"]
        self._pauses = [0, seconds]
        self.status = 0

    async def receive(self) -> dict[str, Any]:
        """Send the next part, or stay without sending anything."""
        if not self._parts:
            await asyncio.sleep(3600)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, MovedClock)
        loop.moved += self._pauses.pop(0)
        for _ in range(3):  # Timers that have become due run.
            await asyncio.sleep(0)
        part = self._parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(self._parts)}

    async def send(self, message: dict[str, Any]) -> None:
        """Note the status of the response."""
        self.status = message.get("status", self.status)


@pytest.mark.parametrize(
    ("first_bytes", "seconds", "status"),
    [(0, 19, 200), (0, 21, 408), (16384, 21, 200), (16384, 23, 408)],
)
def test_a_body_has_20_seconds_and_a_second_for_8_kib(
    first_bytes: int, seconds: float, status: int
) -> None:
    client = SlowClient(first_bytes, seconds)
    request = scope((b"content-length", b"%d" % (first_bytes + 1)))
    served = AsgiApplication(echo, longest_body=2**16, threads=1)

    with asyncio.Runner(loop_factory=MovedClock) as runner:
        runner.run(served(request, client.receive, client.send))

    assert client.status == status
