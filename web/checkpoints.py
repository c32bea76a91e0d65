"""Copy SQLite's write-ahead log into the database file, in a thread of each process that serves.

A COMMIT only appends to the log (WAL). Copying it is called a checkpoint. By default, SQLite does
so after each 1,000 pages, in the COMMIT of some request, which then waits for the disk for several
milliseconds. The first COMMIT after a complete copy restarts the log, and waits for the disk, too.
On the event loop, all other requests would wait as well.
"""

import logging
import time
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine.interfaces import DBAPICursor

from web.transactions import Connections

log = logging.getLogger("tripod")

#: Seconds between two copies, and the number of commits without which there is none.
PAUSE = 1.0
FEW_COMMITS = 100
#: In bytes. A larger log is copied after one commit, and becomes so small when it restarts.
LARGE_WAL = 16 * 2**20
#: While the end of a longer log is copied, nobody can write. In pages of 4 KiB.
LONG_WAL = 20_000
#: Milliseconds to wait at most for a transaction that is writing.
LOCK_TIMEOUT_MS = 100


def keep_copying(connections: Connections) -> None:
    """Copy the log again and again, when this process has written. Never return.

    An attempt can fail because another transaction was writing. If the database has failed,
    requests report that.
    """
    while True:
        try:
            with closing(connections.engine.raw_connection()) as connection:
                cursor = connection.cursor()
                cursor.execute(f"PRAGMA busy_timeout={LOCK_TIMEOUT_MS}")
                cursor.execute(f"PRAGMA journal_size_limit={LARGE_WAL}")
                while True:
                    copy_what_is_new(connections, cursor)
                    time.sleep(PAUSE)
        except Exception as error:
            log.debug("SQLite's log was not copied: %s", type(error).__name__)
        time.sleep(PAUSE)


def copy_what_is_new(connections: Connections, cursor: DBAPICursor) -> None:
    """Copy the log if this process has committed often or much since its last complete copy."""
    commits = connections.commits
    is_due = commits >= FEW_COMMITS or (commits > 0 and _find_size(connections) > LARGE_WAL)
    if is_due and copy_wal(cursor):
        connections.commits -= commits


def _find_size(connections: Connections) -> int:
    """Return the size of the log in bytes. The file never shrinks before the log restarts."""
    wal = Path(f"{connections.engine.url.database}-wal")
    if wal.exists():
        return wal.stat().st_size
    return 0


def copy_wal(cursor: DBAPICursor) -> bool:
    """Copy the log. Return False if another copy or a transaction that still reads prevents it.

    Others can write during the copy. If the log is long, they wait until its end is copied,
    because SQLite restarts only a log that is completely copied.
    """
    is_prevented, logged, copied = _checkpoint(cursor, "PASSIVE")
    if is_prevented or copied < logged:
        return False
    if logged > LONG_WAL:
        # The first copy took so long that there is much to copy again.
        _checkpoint(cursor, "PASSIVE")
        _checkpoint(cursor, "FULL")
    _restart_wal(cursor)
    return True


def _checkpoint(cursor: DBAPICursor, mode: str) -> tuple[int, int, int]:
    cursor.execute(f"PRAGMA wal_checkpoint({mode})")
    [(is_prevented, logged, copied)] = cursor.fetchall()
    return is_prevented, logged, copied


def _restart_wal(cursor: DBAPICursor) -> None:
    """Write a small change, so that no request restarts a log that is completely copied.

    Store `user_version`, which Tripod does not use, with its present value.
    """
    cursor.execute("PRAGMA user_version")
    [(version,)] = cursor.fetchall()
    cursor.execute(f"PRAGMA user_version={version}")
