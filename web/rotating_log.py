"""A log file of bounded size, to which several processes may append."""

import logging
import os
import sys
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path

if sys.platform != "win32":
    import fcntl

#: A file of this size gets the suffix `.1`, and a new one is begun.
MOST_BYTES = 4 * 2**20
#: How many older files are kept, as `.1` to `.3`.
OLDER_FILES = 3


class RotatingLog(logging.FileHandler):
    """A handler that appends to a file with mode 0600, and renames it when it is full.

    A process that appends to a file which another process has renamed follows it with the next
    event. So no event is lost, and nobody waits: a file exceeds the limit by the few events that
    are written while it is renamed. On Windows, a file that two processes have open is not renamed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        super().__init__(path, encoding="utf-8")

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record, to another file if this one is full.

        If the files cannot be renamed, it keeps writing to this file.
        """
        if self.stream is not None:
            with suppress(OSError):
                self._leave_full_file(self.stream)
        super().emit(record)

    def _leave_full_file(self, stream: TextIOWrapper) -> None:
        if not self._is_current(stream):
            self._replace(stream)
        elif os.fstat(stream.fileno()).st_size >= MOST_BYTES:
            self._rotate(stream)

    def _is_current(self, stream: TextIOWrapper) -> bool:
        """Return whether the path still leads to the open file."""
        return self._path.exists() and os.path.samestat(
            self._path.stat(), os.fstat(stream.fileno())
        )

    def _rotate(self, stream: TextIOWrapper) -> None:
        """Rename the files, unless another process has done so.

        :raises OSError: when another process is doing so, or a file cannot be renamed.
        """
        if sys.platform == "win32":
            stream.close()
        else:
            # This lock belongs to one process; `flock` would share it with forked processes.
            fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            if sys.platform == "win32" or self._is_current(stream):
                self._rename_files()
        finally:
            self._replace(stream)

    def _rename_files(self) -> None:
        for number in range(OLDER_FILES, 1, -1):
            with suppress(FileNotFoundError):
                self._older(number - 1).replace(self._older(number))
        self._path.replace(self._older(1))

    def _older(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")

    def _replace(self, stream: TextIOWrapper) -> None:
        """Open the path; if that fails, the file that is open stays in use."""
        self.stream = self._open()
        stream.close()

    def _open(self) -> TextIOWrapper:
        """Open the file for appending, and create it with mode 0600."""
        descriptor = os.open(self._path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8")
