"""Where recorded exchanges are kept: one SQLite file, which the processes of the three legs share.

Nothing here fails a request: a message that cannot be written is dropped, and a recording that cannot be read is empty.
"""

import json
import logging
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from inspector.exchange import Exchange

log = logging.getLogger("tripod")

#: So many exchanges are kept, the newest.
MOST = 2000
#: Every so many, the oldest are deleted.
PRUNE_EVERY = 50
#: Seconds that a leg waits for another's write before it drops the message.
PATIENCE = 0.25
SCHEMA = """
CREATE TABLE IF NOT EXISTS run (only INTEGER PRIMARY KEY CHECK (only = 1), id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS exchanges (id INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS lab_results (slug TEXT PRIMARY KEY, document TEXT NOT NULL);
"""


class Store:
    """The recording at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._open()

    @property
    def run_id(self) -> str:
        """A random name of this run, in clear; the fingerprints' key is derived from it and a secret."""
        return str(self._one("SELECT id FROM run") or "")

    def begin(self) -> None:
        """Begin a new run: nothing is kept, and equal values get other fingerprints than before."""
        with self._ignoring_failure():
            for statement in ("DELETE FROM exchanges", "DELETE FROM lab_results", "DELETE FROM run"):
                self._connection().execute(statement)
            self._name_the_run()

    def add(self, exchange: Exchange) -> None:
        """Keep `exchange`, or drop it when that cannot be done at once."""
        with self._ignoring_failure():
            document = json.dumps(exchange.to_document(), ensure_ascii=True)
            cursor = self._connection().execute("INSERT INTO exchanges (document) VALUES (?)", (document,))
            if (cursor.lastrowid or 0) % PRUNE_EVERY == 0:
                self._connection().execute("DELETE FROM exchanges WHERE id <= ?", ((cursor.lastrowid or 0) - MOST,))

    def exchanges(self, after: int = 0) -> list[Exchange]:
        """Those with a greater id than `after`, in the order of their ids."""
        rows = self._rows("SELECT id, document FROM exchanges WHERE id > ? ORDER BY id", (after,))
        return [Exchange.from_document(json.loads(document), row_id) for row_id, document in rows]

    def last_id(self) -> int:
        """The id of the newest; after `clear`, of the last one that was deleted, so that every change changes it."""
        newest = self._one("SELECT max(id) FROM exchanges")
        return int(newest or -int(self._one("SELECT seq FROM sqlite_sequence WHERE name = 'exchanges'") or 0))

    def clear(self) -> None:
        """Forget what was recorded; ids go on rising."""
        with self._ignoring_failure():
            self._connection().execute("DELETE FROM exchanges")

    def save_result(self, slug: str, document: dict[str, Any]) -> None:
        """Keep what became of an attack of the lab."""
        with self._ignoring_failure():
            statement = "INSERT OR REPLACE INTO lab_results (slug, document) VALUES (?, ?)"
            self._connection().execute(statement, (slug, json.dumps(document)))

    def results(self) -> dict[str, dict[str, Any]]:
        """What became of the lab's attacks, by slug."""
        return {slug: json.loads(document) for slug, document in self._rows("SELECT slug, document FROM lab_results")}

    def clear_results(self) -> None:
        """Forget what became of them."""
        with self._ignoring_failure():
            self._connection().execute("DELETE FROM lab_results")

    def _open(self) -> None:
        with self._ignoring_failure():
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            try:
                self._prepare()
            except (sqlite3.DatabaseError, KeyError, TypeError, ValueError) as error:
                if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
                    raise  # another leg writes: it is a recording
                self._start_over()

    def _prepare(self) -> None:
        self._connection().executescript(SCHEMA)
        newest = self._connection().execute("SELECT id, document FROM exchanges ORDER BY id DESC LIMIT 1")
        for row_id, document in newest:
            Exchange.from_document(json.loads(document), row_id)
        self._name_the_run()

    def _start_over(self) -> None:
        """What is there is no recording, or another version's."""
        self._local = threading.local()
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        self._prepare()

    def _name_the_run(self) -> None:
        self._connection().execute("INSERT OR IGNORE INTO run VALUES (1, ?)", (secrets.token_hex(8),))

    def _connection(self) -> sqlite3.Connection:
        """This thread's."""
        if not hasattr(self._local, "connection"):
            connection = sqlite3.connect(self._path, timeout=PATIENCE, isolation_level=None)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")  # a crash may lose a recording of the demo, and nothing else
            self._local.connection = connection
        found: sqlite3.Connection = self._local.connection
        return found

    def _rows(self, statement: str, values: tuple[object, ...] = ()) -> list[Any]:
        with self._ignoring_failure():
            return self._connection().execute(statement, values).fetchall()
        return []

    def _one(self, statement: str) -> Any:
        return next((row[0] for row in self._rows(statement)), None)

    @contextmanager
    def _ignoring_failure(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, ValueError) as error:
            log.debug("the inspector's recording is away: %s", type(error).__name__)
