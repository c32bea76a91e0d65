"""Start a process for each uploaded image, and wait for its answer.

A process is started anew for each image, so nothing of one image remains for the next one. It gets
only the bytes of the upload: no environment, no open files and no connections of this process.
"""

import ctypes
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import TemporaryFile
from typing import IO

from config import PROJECT_ROOT
from resource_api.images import CleanImage
from resource_api.images.limits import MAX_BYTES, WALL_SECONDS
from resource_api.reasons import Reason, UploadRefused

#: How many decoders run at once, and how many uploads wait for one of them.
RUNNING = 2
WAITING = 4
#: The seconds for which an upload waits.
LONGEST_WAIT = 8.0

_COMMAND = (sys.executable, "-m", "resource_api.images.decoder")
#: The variables that an interpreter can need to start, on Windows and for its own libraries.
_PASSED_ON = ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
#: Python exits with this status after an exception that nothing caught.
_UNCAUGHT = 1

#: The option of mallopt(3) for the size from which a block is returned to the system when freed.
_M_MMAP_THRESHOLD = -3
_LARGE_BLOCK = 2**20

# By default, glibc keeps the memory of a few uploads for each thread. musl does not.
if sys.platform == "linux":
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE_BLOCK)


class Decoders:
    """The decoders of this process: `RUNNING` at once, and only one for each user."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running: set[str] = set()
        self._waiting = 0

    def clean(self, upload: IO[bytes], owner: str) -> CleanImage:
        """Return the uploaded image as it may be stored.

        :raises UploadRefused: when it must not be stored, or when too many uploads wait.
        """
        if upload.seek(0, os.SEEK_END) > MAX_BYTES:
            raise UploadRefused(Reason.TOO_MANY_BYTES)
        with self._turn(owner):
            return _decode(upload)

    @contextmanager
    def _turn(self, owner: str) -> Iterator[None]:
        """Wait until a decoder may start for this user, and count it until the block ends."""
        with self._changed:
            if not self._may_start(owner):
                self._wait(owner)
            self._running.add(owner)
        try:
            yield
        finally:
            with self._changed:
                self._running.remove(owner)
                self._changed.notify_all()

    def _may_start(self, owner: str) -> bool:
        return len(self._running) < RUNNING and owner not in self._running

    def _wait(self, owner: str) -> None:
        if self._waiting >= WAITING:
            raise UploadRefused(Reason.TOO_MANY_UPLOADS)
        self._waiting += 1
        try:
            if not self._changed.wait_for(lambda: self._may_start(owner), LONGEST_WAIT):
                raise UploadRefused(Reason.TOO_MANY_UPLOADS)
        finally:
            self._waiting -= 1


def _decode(upload: IO[bytes]) -> CleanImage:
    """Return the answer of a new process about this file.

    The upload and the answer are in files and not in the memory of this process. A limit of the new
    process bounds the size of its answer.
    """
    with TemporaryFile() as given, TemporaryFile() as answer:
        upload.seek(0)
        shutil.copyfileobj(upload, given)
        given.seek(0)
        status = _run(given, answer)
        if status == _UNCAUGHT:
            raise RuntimeError("The image decoder failed. Standard error has its traceback.")
        if status != 0:
            raise UploadRefused(Reason.IMAGE_TOO_COMPLEX, f"exit status {status}")
        answer.seek(0)
        description = json.loads(answer.readline())
        if "reason" in description:
            raise UploadRefused(Reason(description["reason"]))
        return CleanImage(answer.read(), **description)


def _run(given: IO[bytes], answer: IO[bytes]) -> int:
    """Run the decoder until it ends, and return its exit status."""
    environ = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    try:
        # After the time limit, and after any error, `run` kills the process and waits for its end.
        finished = subprocess.run(  # noqa: S603 - the command is constant
            _COMMAND,
            stdin=given,
            stdout=answer,
            cwd=PROJECT_ROOT,
            env=environ,
            timeout=WALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UploadRefused(Reason.IMAGE_TOO_COMPLEX, "it took too long") from None
    except BlockingIOError:
        # The system has no room for another process (fork(2): EAGAIN).
        raise UploadRefused(Reason.TOO_MANY_UPLOADS, "no process could be started") from None
    return finished.returncode
