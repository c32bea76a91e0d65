"""A full disk: what needs a file is refused until there is room again, and nothing else fails."""

import errno
import os
import tempfile
from typing import NoReturn

import pytest

from tests.web.test_asgi import Client, echo
from web import pages, received_bodies

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


def test_a_body_that_fits_into_memory_is_accepted() -> None:
    assert Client(b"a" * 60_000).request(echo).status == 200


def test_a_request_that_needs_a_file_is_refused() -> None:
    status, document, headers = pages.describe_failure(FULL)

    assert (status, document["error"]) == (503, "temporarily_unavailable")
    assert int(headers["Retry-After"]) > 0


def test_another_error_of_the_system_is_no_refusal() -> None:
    status, document, _ = pages.describe_failure(PermissionError(errno.EACCES, "denied"))

    assert (status, document["error"]) == (500, "server_error")
