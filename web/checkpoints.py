"""Copy the log of a SQLite database into its file, in a thread of each process that serves.

In WAL mode, a COMMIT only appends to the log. By default, SQLite copies the log after each 1,000
pages, in the COMMIT of some request, which then waits for the disk for several milliseconds. On the
event loop, all other requests would wait with it.
"""

import logging
import time
from contextlib import closing

from sqlalchemy import Engine
from sqlalchemy.engine.interfaces import DBAPICursor

log = logging.getLogger("tripod")

#: Seconds between two copies.
PAUSE = 0.5
#: Pages of 4 KiB that the thread leaves in the log, unless nobody is writing.
FEW_PAGES = 1_000
#: Pages after which a COMMIT copies the log nevertheless, in case that no thread does.
MOST_PAGES = 20_000
#: Milliseconds to wait until nobody is writing.
PATIENCE_MS = 100


def keep_copying(engine: Engine) -> None:
    """Copy the log again and again. If that fails, requests fail too, and they say so."""
    while True:
        try:
            with closing(engine.raw_connection()) as connection:
                cursor = connection.cursor()
                cursor.execute(f"PRAGMA busy_timeout={PATIENCE_MS}")
                while True:
                    copy_log(cursor)
                    time.sleep(PAUSE)
        except Exception as error:
            log.debug("The log of the database was not copied: %s", type(error).__name__)
        time.sleep(PAUSE)


def copy_log(cursor: DBAPICursor) -> None:
    """Copy the log into the file.

    Others go on writing meanwhile. When all of a long log but for that is copied, they wait for
    the rest, so that SQLite can begin the log anew. A transaction that reads for long prevents it.
    """
    cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
    [(_, logged, copied)] = cursor.fetchall()
    if copied == logged and logged > FEW_PAGES:
        cursor.execute("PRAGMA wal_checkpoint(FULL)")
