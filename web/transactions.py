"""One transaction of a request, on a connection that its thread keeps.

Taking a connection from SQLAlchemy's pool costs 13 microseconds, more than most statements. So each
thread takes one connection and keeps it. The driver commits each statement by itself, unless
`BEGIN` was sent. So a request that only reads sends no `BEGIN` and no `COMMIT`.
"""

import threading
from typing import Any

from sqlalchemy import Dialect, Engine
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.pool import PoolProxiedConnection

from web import engines, event_log
from web.statements import Parameters


class Connections:
    """The connections of the threads of this process, one for each thread.

    `commits` counts the transactions that may be in SQLite's log only (`checkpoints.py`).
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.commits = 0
        self._local = threading.local()

    @property
    def dialect(self) -> Dialect:
        """The kind of database."""
        return self.engine.dialect

    def take(self) -> tuple[PoolProxiedConnection, bool]:
        """Return the connection of this thread, and whether it is a new one."""
        kept: PoolProxiedConnection | None = getattr(self._local, "connection", None)
        if kept is not None:
            return kept, False
        self._local.connection = self.engine.raw_connection()
        return self._local.connection, True

    def close(self) -> None:
        """Drop the connections of all threads. Each closes when it is no longer used."""
        self._local = threading.local()
        self.engine.dispose()

    def discard(self) -> None:
        """Close the connection of this thread. The next transaction takes a new one."""
        kept: PoolProxiedConnection | None = getattr(self._local, "connection", None)
        self._local.connection = None
        if kept is not None:
            kept.invalidate()


class Transaction:
    """A transaction that begins with its first statement.

    It ends with `commit` or `rollback`. After an error, the connection is closed, so that nothing
    of the transaction remains, whatever the error was.
    """

    def __init__(self, connections: Connections, *, writing: bool) -> None:
        self._connections = connections
        self._writing = writing
        self._cursor: DBAPICursor | None = None
        self.dialect: Dialect = connections.dialect
        self.info: dict[Any, Any] = {}

    def run(self, sql: str, parameters: Parameters = ()) -> DBAPICursor:
        """Execute SQL with the driver's placeholders.

        :raises Exception: the error of the driver.
        """
        if self._cursor is None:
            return self._run_first(sql, parameters)
        try:
            self._cursor.execute(sql, parameters)
        except Exception:
            self._connections.discard()
            raise
        return self._cursor

    def commit(self) -> None:
        """Commit, and write the events of the transaction."""
        if self._writing and self._cursor is not None:
            self.run("COMMIT")
            self._connections.commits += 1
        self._cursor = None
        event_log.write_pending(self.info)

    def rollback(self) -> None:
        """Undo what was not committed, and drop its events."""
        self.info.clear()
        if self._writing and self._cursor is not None:
            try:
                self._cursor.execute("ROLLBACK")
            except Exception:
                self._connections.discard()
        self._cursor = None

    def _run_first(self, sql: str, parameters: Parameters) -> DBAPICursor:
        """Begin, and execute the first statement.

        A kept connection can have been closed by the database, for example when that was restarted.
        Nothing was executed on it, so the statement is executed on a new one.
        """
        connection, is_new = self._connections.take()
        try:
            return self._begin(connection, sql, parameters)
        except Exception as error:
            driver: Any = connection.driver_connection
            was_closed = self.dialect.is_disconnect(error, driver, None)  # type: ignore[arg-type]
            self._connections.discard()
            if is_new or not was_closed:
                raise
        return self._run_first(sql, parameters)

    def _begin(
        self, connection: PoolProxiedConnection, sql: str, parameters: Parameters
    ) -> DBAPICursor:
        cursor = connection.cursor()
        if self._writing:
            self._begin_writing(cursor)
        cursor.execute(sql, parameters)
        self._cursor = cursor
        return cursor

    def _begin_writing(self, cursor: DBAPICursor) -> None:
        if self.dialect.name == "sqlite":
            engines.begin_immediate(cursor.execute)
        else:
            cursor.execute("BEGIN")
