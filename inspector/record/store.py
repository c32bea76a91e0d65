"""Where recorded exchanges are kept: one SQLite file, which the processes of the three legs share.

Nothing here fails a request: a message that cannot be written is dropped, and a recording that cannot be read is empty.
"""

import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from inspector.record.database import Database, name_the_run
from inspector.record.exchange import Exchange

log = logging.getLogger("tripod")

#: So many exchanges are kept, the newest, and no more than so many bytes of them.
MOST = 2000
MOST_BYTES = 32 * 1024 * 1024
#: Every so many, the oldest are deleted.
PRUNE_EVERY = 50
_PRUNE = """
DELETE FROM exchanges WHERE id <= (
    SELECT max(id) FROM (
        SELECT id, row_number() OVER newest AS number, sum(size) OVER newest AS bytes
        FROM exchanges WINDOW newest AS (ORDER BY id DESC)
    ) WHERE number > ? OR bytes > ?
)
"""


class Store:
    """The recording at `path`."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path)
        with self._ignoring_failure():
            self._database.connection()

    @property
    def run_id(self) -> str:
        """A random name of this run, in clear; the fingerprints' key is derived from it and a secret."""
        return str(self._one("SELECT id FROM run") or "")

    def begin(self) -> None:
        """Begin a new run: nothing is kept, and equal values get other fingerprints than before."""
        with self._ignoring_failure():
            connection = self._database.connection()
            for statement in (
                "DELETE FROM exchanges",
                "DELETE FROM lab_results",
                "DELETE FROM run",
            ):
                connection.execute(statement)
            name_the_run(connection)

    def add(self, exchange: Exchange) -> None:
        """Keep `exchange`, or drop it when that cannot be done at once."""
        with self._ignoring_failure():
            document = json.dumps(exchange.to_document(), ensure_ascii=True)
            connection = self._database.connection()
            values = (len(document), document)
            cursor = connection.execute(
                "INSERT INTO exchanges (size, document) VALUES (?, ?)", values
            )
            if (cursor.lastrowid or 0) % PRUNE_EVERY == 0:
                connection.execute(_PRUNE, (MOST, MOST_BYTES))

    def exchanges(self, after: int = 0) -> list[Exchange]:
        """Those with a greater id than `after`, in the order of their ids; what cannot be read is left out."""
        rows = self._rows("SELECT id, document FROM exchanges WHERE id > ? ORDER BY id", (after,))
        return [exchange for row in rows if (exchange := _exchange(*row))]

    def last_id(self) -> int:
        """The id of the newest; after `clear`, of the last one that was deleted, so that every change changes it."""
        newest = self._one("SELECT max(id) FROM exchanges")
        return int(
            newest
            or -int(self._one("SELECT seq FROM sqlite_sequence WHERE name = 'exchanges'") or 0)
        )

    def clear(self) -> None:
        """Forget what was recorded; ids go on rising."""
        with self._ignoring_failure():
            self._database.connection().execute("DELETE FROM exchanges")

    def save_result(self, slug: str, document: dict[str, Any]) -> None:
        """Keep what became of an attack of the lab."""
        with self._ignoring_failure():
            statement = "INSERT OR REPLACE INTO lab_results (slug, document) VALUES (?, ?)"
            self._database.connection().execute(statement, (slug, json.dumps(document)))

    def results(self) -> dict[str, dict[str, Any]]:
        """What became of the lab's attacks, by slug; what cannot be read is left out."""
        rows = self._rows("SELECT slug, document FROM lab_results")
        return {
            slug: found for slug, document in rows if isinstance(found := _read(document), dict)
        }

    def clear_results(self) -> None:
        """Forget what became of them."""
        with self._ignoring_failure():
            self._database.connection().execute("DELETE FROM lab_results")

    def _rows(self, statement: str, values: tuple[object, ...] = ()) -> list[Any]:
        with self._ignoring_failure():
            return self._database.connection().execute(statement, values).fetchall()
        return []

    def _one(self, statement: str) -> Any:
        return next((row[0] for row in self._rows(statement)), None)

    @contextmanager
    def _ignoring_failure(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, ValueError) as error:
            log.debug("the inspector's recording is away: %s", type(error).__name__)
            if (
                isinstance(error, sqlite3.DatabaseError)
                and getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_BUSY
            ):
                self._database.look_again()


def _exchange(row_id: int, document: object) -> Exchange | None:
    """None for what another version wrote, or somebody."""
    try:
        return Exchange.from_document(_read(document), row_id)
    except (LookupError, TypeError, ValueError, AttributeError):
        return None


def _read(document: object) -> Any:
    try:
        return json.loads(document) if isinstance(document, str) else None
    except (ValueError, RecursionError):
        return None
