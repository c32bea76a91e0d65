"""Copy the log of a SQLite database into its file, in a thread of each process that serves.

In WAL mode, a COMMIT only appends to the log. By default, SQLite copies the log after each 1,000
pages, in the COMMIT of some request, which then waits for the disk. So does the COMMIT that begins
the log anew after that. On the event loop, all other requests would wait with them.
"""

import logging
import time
from contextlib import closing

from sqlalchemy.engine.interfaces import DBAPICursor

from web.transactions import Connections

log = logging.getLogger("tripod")

#: Seconds between two copies.
PAUSE = 0.5
#: Pages of 4 KiB that may be left in the log while others are writing.
FEW_PAGES = 1_000
#: Milliseconds to wait until nobody is writing.
PATIENCE_MS = 100


def keep_copying(connections: Connections) -> None:
    """Copy the log after this process has written. If that fails, requests fail too and say so."""
    while True:
        try:
            with closing(connections.engine.raw_connection()) as connection:
                cursor = connection.cursor()
                cursor.execute(f"PRAGMA busy_timeout={PATIENCE_MS}")
                while True:
                    copy_what_is_new(connections, cursor)
                    time.sleep(PAUSE)
        except Exception as error:
            connections.has_written = True
            log.debug("The log of the database was not copied: %s", type(error).__name__)
        time.sleep(PAUSE)


def copy_what_is_new(connections: Connections, cursor: DBAPICursor) -> None:
    """Copy the log if this process has written since its last copy."""
    if connections.has_written:
        connections.has_written = False
        connections.has_written = not copy_log(cursor) or connections.has_written


def copy_log(cursor: DBAPICursor) -> bool:
    """Copy the log into the file. Return False if a transaction that reads for long prevents it.

    Others go on writing meanwhile. If much was logged, they wait until the rest is copied, because
    only then SQLite begins the log anew.
    """
    cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
    [(_, logged, copied)] = cursor.fetchall()
    if copied < logged:
        return False
    if logged > FEW_PAGES:
        cursor.execute("PRAGMA wal_checkpoint(FULL)")
    _begin_log(cursor)
    return True


def _begin_log(cursor: DBAPICursor) -> None:
    """Write the smallest change to the log: the unused number in the header, as it is."""
    cursor.execute("PRAGMA user_version")
    [(version,)] = cursor.fetchall()
    cursor.execute(f"PRAGMA user_version={version}")
