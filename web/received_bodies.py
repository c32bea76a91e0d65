"""Receive the body of a request before the application runs, within limits of time and room."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from tempfile import SpooledTemporaryFile
from typing import Any

from web import full_disk

log = logging.getLogger("tripod")

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

#: The seconds in which a body must arrive.
#: Each `SLOWEST_BYTES_PER_SECOND` received add one second.
BODY_WITHIN = 20.0
SLOWEST_BYTES_PER_SECOND = 8 * 1024
#: The most bytes that are received. Many clients read the response only after sending everything.
RECEIVED_BYTES = 64 * 1024 * 1024
#: A longer body is kept in a file.
BYTES_IN_MEMORY = 256 * 1024
#: The bytes that a process keeps in such files. Anybody can send a body, and be slow.
BYTES_IN_FILES = 512 * 1024 * 1024


class IncompleteBodyError(Exception):
    """The client left before it had sent the whole body, or sent malformed chunks.

    The server reports both in the same way.
    """


class NoRoomError(Exception):
    """There is no room for the body: the disk is full, or other bodies need too much."""


class Room:
    """The room in files that the bodies of a process share."""

    def __init__(self) -> None:
        self._taken = 0

    def reserve(self, count: int) -> None:
        """Reserve `count` bytes.

        :raises NoRoomError: when there is not enough.
        """
        if self._taken + count > BYTES_IN_FILES:
            log.warning(
                "The files for request bodies have reached their limit: a request was refused."
            )
            raise NoRoomError
        self._taken += count

    def release(self, count: int) -> None:
        """Release `count` bytes."""
        self._taken -= count


class ReceivedBody:
    """The body of one request, of which the first `kept_bytes` are kept in `file`.

    `size` is the number of bytes that have arrived.
    """

    def __init__(self, room: Room, kept_bytes: int) -> None:
        self.file = SpooledTemporaryFile(BYTES_IN_MEMORY)  # noqa: SIM115 - `close` closes it
        self.size = 0
        self._room = room
        self._kept_bytes = kept_bytes
        self._in_file = 0

    async def receive(self, receive: Receive) -> None:
        """Receive the body.

        :raises TimeoutError: when it arrives too slowly.
        :raises IncompleteBodyError: when the rest of it will not arrive.
        :raises NoRoomError: when there is no room for it.
        """
        is_unfinished = True
        async with asyncio.timeout(None) as limit:
            begun_at = asyncio.get_running_loop().time()
            while is_unfinished and self.size < RECEIVED_BYTES:
                limit.reschedule(begun_at + BODY_WITHIN + self.size / SLOWEST_BYTES_PER_SECOND)
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise IncompleteBodyError
                self._keep(message.get("body", b""))
                is_unfinished = message.get("more_body", False)
        self.file.seek(0)

    def close(self) -> None:
        """Delete what was kept."""
        self._room.release(self._in_file)
        # On a full disk, it would write the last bytes once more.
        with suppress(OSError):
            self.file.close()

    def _keep(self, part: bytes) -> None:
        kept = part[: max(0, self._kept_bytes - self.size)]
        size = self.file.tell() + len(kept)
        if size > BYTES_IN_MEMORY:
            self._room.reserve(size - self._in_file)
            self._in_file = size
        self._write(kept)
        self.size += len(part)

    def _write(self, kept: bytes) -> None:
        try:
            self.file.write(kept)
        except OSError as error:
            if not full_disk.is_full_disk(error):
                raise
            full_disk.refuse(error)
            raise NoRoomError from error
