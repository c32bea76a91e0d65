"""The store of recorded exchanges and of the lab's results.

Its errors never affect a request: a message that cannot be written is dropped, and a recording that
cannot be read is empty.
"""

import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from config import Settings
from inspector.record.database import Database, name_run
from inspector.record.exchange import Exchange

log = logging.getLogger("tripod")

FILE = "inspector.db"
_ERRORS = (sqlite3.Error, OSError)
#: The errors of SQLite about a file that holds something else, or tables of another version.
_NOT_A_RECORDING = {
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_CONSTRAINT_NOTNULL,
    sqlite3.SQLITE_IOERR_SHORT_READ,
}
#: The newest exchanges are kept, up to this number and until the file has this many bytes.
MAX_EXCHANGES = 2000
MAX_BYTES = 32 * 1024 * 1024
#: The oldest exchanges are deleted after this many new ones.
PRUNE_EVERY = 50
#: A document is a tree, since `transcript` built it.
_write_json = json.JSONEncoder(check_circular=False).encode
#: Stores nothing if the run has another id.
_INSERT = "INSERT INTO exchanges (document) SELECT ? FROM run WHERE id = ?"
_DELETE_OLDEST = "DELETE FROM exchanges WHERE id = (SELECT min(id) FROM exchanges) AND id < ?"
_USED_PAGES = "SELECT page_count - freelist_count FROM pragma_page_count, pragma_freelist_count"


def open_store(settings: Settings) -> "Store":
    """Return the recording, which the processes of the legs share."""
    return Store(settings.instance_path / FILE)


class Store:
    """The recording at `path`."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path)
        with _errors_ignored():
            self._database.connection()

    @property
    def run_id(self) -> str:
        """The random id of this run. It is not secret; the fingerprint key is derived from it."""
        return str(self._fetch_one("SELECT id FROM run") or "")

    def begin(self) -> None:
        """Begin an empty run, in which equal values get other fingerprints than before.

        A file that is no recording, or one of another version, is replaced.
        """
        with _errors_ignored():
            try:
                self._empty()
            except sqlite3.DatabaseError as error:
                if error.sqlite_errorcode not in _NOT_A_RECORDING:
                    raise
                self._database.remove()
                self._database.connection()

    def add(self, exchange: Exchange, run_id: str) -> bool:
        """Store `exchange` in the run `run_id`, or discard it if it cannot be stored immediately.

        Return False, and store nothing, if another run has begun.
        """
        document = _write_json(exchange.to_document())
        try:
            connection = self._database.connection()
            inserted = connection.execute(_INSERT, (document, run_id))
            if not inserted.rowcount:
                return False
            newest = inserted.lastrowid or 0
            if newest % PRUNE_EVERY == 0:
                _prune(connection, newest)
        except _ERRORS as error:
            _log_error(error)
        return True

    def exchanges(self, after: int = 0) -> list[Exchange]:
        """Return the readable exchanges with an id above `after`, ordered by id."""
        rows = self._fetch("SELECT id, document FROM exchanges WHERE id > ? ORDER BY id", (after,))
        read = (_read_exchange(row_id, document) for row_id, document in rows)
        return [exchange for exchange in read if exchange is not None]

    def last_id(self) -> int:
        """Return the newest id, or after `clear` minus the last one, so that each change shows."""
        newest = self._fetch_one("SELECT max(id) FROM exchanges")
        if newest:
            return int(newest)
        last = self._fetch_one("SELECT seq FROM sqlite_sequence WHERE name = 'exchanges'")
        return -int(last or 0)

    def clear(self) -> None:
        """Delete all exchanges. New ones get higher ids."""
        self._execute("DELETE FROM exchanges")

    def save_result(self, slug: str, document: dict[str, Any]) -> None:
        """Store the result of the lab's attack `slug`."""
        insert = "INSERT OR REPLACE INTO lab_results (slug, document) VALUES (?, ?)"
        self._execute(insert, (slug, json.dumps(document)))

    def results(self) -> dict[str, dict[str, Any]]:
        """Return the readable results of the lab's attacks by slug."""
        rows = self._fetch("SELECT slug, document FROM lab_results")
        read = ((slug, _read_json(document)) for slug, document in rows)
        return {slug: result for slug, result in read if isinstance(result, dict)}

    def _empty(self) -> None:
        connection = self._database.connection()
        # This fails in a file of an earlier version, whose rows need more values.
        connection.execute("INSERT INTO exchanges (document) VALUES ('{}')")
        connection.execute("DELETE FROM exchanges")
        connection.execute("DELETE FROM lab_results")
        connection.execute("DELETE FROM run")
        name_run(connection)

    def _execute(self, statement: str, values: tuple[object, ...] = ()) -> None:
        with _errors_ignored():
            self._database.connection().execute(statement, values)

    def _fetch(self, statement: str, values: tuple[object, ...] = ()) -> list[Any]:
        with _errors_ignored():
            return self._database.connection().execute(statement, values).fetchall()
        return []

    def _fetch_one(self, statement: str) -> Any:
        return next((row[0] for row in self._fetch(statement)), None)


def _prune(connection: sqlite3.Connection, newest: int) -> None:
    """Delete the oldest exchanges until the limits are met. `newest` is the newest id.

    Only what is deleted is read, because a response may wait for this.
    """
    connection.execute("DELETE FROM exchanges WHERE id <= ?", (newest - MAX_EXCHANGES,))
    [page_size] = connection.execute("PRAGMA page_size").fetchone()
    while connection.execute(_USED_PAGES).fetchone()[0] * page_size > MAX_BYTES:
        if not connection.execute(_DELETE_OLDEST, (newest,)).rowcount:
            return


@contextmanager
def _errors_ignored() -> Iterator[None]:
    try:
        yield
    except _ERRORS as error:
        _log_error(error)


def _log_error(error: Exception) -> None:
    log.debug("The inspector's recording is not available: %s", type(error).__name__)


def _read_exchange(row_id: int, document: object) -> Exchange | None:
    """Return the exchange, or None if another version wrote the document."""
    try:
        return Exchange.from_document(_read_json(document), row_id)
    except (LookupError, TypeError, ValueError, AttributeError):
        return None


def _read_json(document: object) -> Any:
    if not isinstance(document, str):
        return None
    try:
        return json.loads(document)
    except (ValueError, RecursionError):
        return None
