"""The SQLite file of a recording, which the processes of the three legs share: private, and found again when it is another.

Somebody may delete it, and a leg that finds something else in its place starts over: whoever still has the old one open would
write where nobody reads.
"""

import os
import secrets
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl

#: Seconds that a leg waits for another's write before it drops the message.
PATIENCE = 0.25
SCHEMA = """
CREATE TABLE IF NOT EXISTS run (only INTEGER PRIMARY KEY CHECK (only = 1), id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS exchanges (id INTEGER PRIMARY KEY AUTOINCREMENT, size INTEGER NOT NULL, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS lab_results (slug TEXT PRIMARY KEY, document TEXT NOT NULL);
"""
#: What SQLite says of a file that holds something else, or another version's tables; at anything else it is left alone.
_NO_RECORDING = {
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_IOERR_SHORT_READ,
}


class Database:
    """The file at `path`, with a connection to it for each thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()

    def connection(self) -> sqlite3.Connection:
        """This thread's, to the file that is there now.

        :raises sqlite3.Error, OSError: when there is none to be had.
        """
        there = self._file()
        if there is None or getattr(self._local, "file", None) != there:
            self._open()
        found: sqlite3.Connection = self._local.connection
        return found

    def look_again(self) -> None:
        """At the file, next time, as if it were another: somebody has damaged it."""
        self._local.file = None

    def _file(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def _open(self) -> None:
        self._local.file = None
        with self._alone():
            self._make_unless_there()
            try:
                self._connect()
            except sqlite3.DatabaseError as error:
                if _NO_RECORDING.isdisjoint(
                    {error.sqlite_errorcode, error.sqlite_errorcode & 0xFF}
                ):
                    raise
                self._start_over()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process makes or replaces the file meanwhile. Windows has no such lock; there, a file in use stays."""
        if sys.platform == "win32":
            yield
        else:
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                _lock(folder)
                yield
            finally:
                os.close(folder)

    def _make_unless_there(self) -> None:
        """Never opens one that is there: to close it would give up SQLite's own locks on it."""
        if not self._path.exists():
            self._remove()  # what belonged to the last one
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))

    def _remove(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def _connect(self) -> None:
        there = self._file()
        address = f"{self._path.absolute().as_uri()}?mode=rw"
        connection = sqlite3.connect(address, uri=True, timeout=PATIENCE, isolation_level=None)
        connection.execute(
            "PRAGMA synchronous = OFF"
        )  # a crash may lose a recording of the demo, and nothing else
        _prepare(connection)
        self._local.connection, self._local.file = connection, there

    def _start_over(self) -> None:
        """What is there is no recording, or another version's."""
        self._remove()
        self._make_unless_there()
        self._connect()


def _lock(folder: int) -> None:
    """As long as a leg waits for another's write, and no longer: a request is not held up.

    :raises OSError: when somebody has it all that time.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def name_the_run(connection: sqlite3.Connection) -> None:
    """Give the run a random name, unless it has one."""
    connection.execute("INSERT OR IGNORE INTO run VALUES (1, ?)", (secrets.token_hex(8),))


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(SCHEMA)
    connection.execute("SELECT id, size, document FROM exchanges LIMIT 1")
    if connection.execute("SELECT id FROM run").fetchone() is None:
        name_the_run(connection)
