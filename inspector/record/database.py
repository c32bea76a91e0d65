"""The SQLite file of a recording, which the processes of the three legs share."""

import secrets
import sqlite3
import threading
from pathlib import Path

from web.secret_files import create_empty

#: Seconds that a leg waits for another leg's write before it drops the message. A write takes less
#: than a millisecond. The leg may answer other requests in the same thread.
PATIENCE = 0.05
SCHEMA = """
CREATE TABLE IF NOT EXISTS run (only INTEGER PRIMARY KEY CHECK (only = 1), id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS exchanges (
    id INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS lab_results (slug TEXT PRIMARY KEY, document TEXT NOT NULL);
"""


class Database:
    """The file at `path`, with one connection for each thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()

    def connection(self) -> sqlite3.Connection:
        """Return the connection of this thread, and make it if there is none.

        :raises sqlite3.Error, OSError: when the file cannot be opened or is no recording.
        """
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._open()
            self._local.connection = connection
        return connection

    def remove(self) -> None:
        """Delete the file, so that the next connection makes a new one."""
        self._local.connection = None
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def _open(self) -> sqlite3.Connection:
        create_empty(self._path)  # SQLite's other files get its mode.
        connection = sqlite3.connect(self._path, timeout=PATIENCE, isolation_level=None)
        # A crash of the machine may lose the demo's recording.
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(SCHEMA)
        connection.execute("SELECT id, document FROM exchanges LIMIT 1")
        if connection.execute("SELECT id FROM run").fetchone() is None:
            name_run(connection)
        return connection


def name_run(connection: sqlite3.Connection) -> None:
    """Give the run a random id, unless it has one."""
    connection.execute("INSERT OR IGNORE INTO run VALUES (1, ?)", (secrets.token_hex(8),))
