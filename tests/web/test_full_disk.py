"""A full disk: what needs a file is refused until there is room again, and nothing else fails."""

import asyncio
import errno
import io
import os
import tempfile
from typing import NoReturn

import pytest

from tests.web.test_asgi import Client, echo
from web import pages, received_bodies
from web.received_bodies import ReceivedBody, Room

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture(autouse=True)
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no new file be written."""

    def fail(*_: object, **__: object) -> NoReturn:
        raise FULL

    monkeypatch.setattr(tempfile, "TemporaryFile", fail)


def test_a_body_that_needs_a_file_is_refused() -> None:
    parts = b"a" * received_bodies.BYTES_IN_MEMORY, b"more"
    client = Client(*parts).request(echo, longest_body=2 * received_bodies.BYTES_IN_MEMORY)

    assert client.status == 503
    assert b"retry-after" in dict(client.received[0]["headers"])


def test_a_full_disk_takes_no_room_from_later_bodies() -> None:
    """A file that could not be written fails once more when it is closed."""

    class FullFile(io.BytesIO):
        def close(self) -> None:
            if not self.closed:
                super().close()
                raise FULL

    room = Room()
    for _ in range(3):
        body = ReceivedBody(room, kept_bytes=2 * received_bodies.BYTES_IN_MEMORY)
        body.file.close()
        body.file = FullFile()  # type: ignore[assignment]
        asyncio.run(body.receive(Client(b"a" * (received_bodies.BYTES_IN_MEMORY + 1)).receive))
        body.close()

    room.reserve(received_bodies.BYTES_IN_FILES)


def test_a_body_that_fits_into_memory_is_accepted() -> None:
    assert Client(b"a" * 60_000).request(echo).status == 200


def test_a_request_that_needs_a_file_is_refused() -> None:
    status, document, headers = pages.describe_failure(FULL)

    assert (status, document["error"]) == (503, "temporarily_unavailable")
    assert int(headers["Retry-After"]) > 0


def test_another_error_of_the_system_is_no_refusal() -> None:
    status, document, _ = pages.describe_failure(PermissionError(errno.EACCES, "denied"))

    assert (status, document["error"]) == (500, "server_error")
