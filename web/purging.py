"""Delete expired rows in small steps, by a command or in a thread of each process that serves.

A step reads which rows have expired, which locks nothing, and deletes at most `ROWS` of them by
their primary keys. So it holds the database for a few milliseconds, and then there is a pause. On
SQLite, nobody else can write meanwhile.

Of all processes on all machines, one at a time purges by itself: the one that holds a lease in the
database. Its run ends before the lease does.
"""

import logging
import math
import random
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
from flask import Flask

from web import service_threads
from web.clock import now
from web.database import Database, Session, UtcDateTime

log = logging.getLogger("tripod")

#: Rows that one step deletes at most, and the seconds between two steps.
ROWS = 20
PAUSE = 0.01
#: Seconds for which one process may purge, from one lease to the next.
INTERVAL = 60.0
LONGEST_RUN = 45.0
#: The longest wait of a process before its first attempt. Its other attempts come twice a lease.
FIRST_WITHIN = 5.0
_LEASE = "expired rows"

#: Deletes or updates at most `ROWS` rows of one kind, and returns their number.
Step = Callable[[Database], int]


def make_lease_table(metadata: sa.MetaData) -> sa.Table:
    """Return the table of the lease, which each leg has in its own database."""
    return sa.Table(
        "purge_leases",
        metadata,
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("until", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_purge_leases"),
    )


_leases = make_lease_table(sa.MetaData())


def init_app(app: Flask, database: Database, steps: Sequence[Step]) -> None:
    """Let a thread of each process that serves `app` purge."""
    service_threads.add(app, "purge", partial(_purge_for_ever, database, steps))


def purge(database: Database, steps: Iterable[Step], deadline: float = math.inf) -> int:
    """Repeat each step until it finds nothing, and return the number of deleted rows.

    Stop at the `deadline`, a time of `time.monotonic`.
    """
    count = 0
    for step in steps:
        while time.monotonic() < deadline:
            deleted = step(database)
            if not deleted:
                break
            count += deleted
            time.sleep(PAUSE)
    return count


def delete_rows(db: Session, key: Any, values: Sequence[Any]) -> int:
    """Delete the rows whose `key`, a column, has one of the values; return their number."""
    if not values:
        return 0
    statement = sa.delete(key.table).where(key.in_(values))
    return int(db.execute(statement).rowcount)  # type: ignore[attr-defined]


def make_step(key: Any, is_expired: Callable[[], Any], order: Any = None) -> Step:
    """Return the step for a table whose rows belong to nothing: `key` is its primary key.

    `is_expired` returns the condition at the present moment, for which the table needs an index.
    """

    def step(database: Database) -> int:
        with database.session(writing=False) as db:
            keys = db.scalars(sa.select(key).where(is_expired()).order_by(order).limit(ROWS)).all()
        if not keys:
            return 0
        with database.writing() as db:
            statement = sa.delete(key.table).where(key.in_(keys), is_expired())
            return int(db.execute(statement).rowcount)  # type: ignore[attr-defined]

    return step


def take_lease(database: Database) -> bool:
    """Return whether this process may purge now, and no other one for `INTERVAL` seconds.

    A lease that ends much later than a new one would is from before the clock was set back.
    """
    moment = now()
    until = moment + timedelta(seconds=INTERVAL)
    latest = moment + 2 * timedelta(seconds=INTERVAL)
    is_free = (_leases.c.until <= moment) | (_leases.c.until > latest)
    with database.session(writing=False) as db:
        current = db.scalar(sa.select(_leases.c.until).where(_leases.c.name == _LEASE))
    if current is not None and moment < current <= latest:
        return False
    try:
        with database.writing() as db:
            if current is None:
                db.execute(sa.insert(_leases).values(name=_LEASE, until=until))
                return True
            is_ours = is_free & (_leases.c.name == _LEASE)
            taken = db.execute(sa.update(_leases).where(is_ours).values(until=until))
            return bool(taken.rowcount)  # type: ignore[attr-defined]
    except sa.exc.IntegrityError:
        return False  # Another process has inserted it.


def _purge_for_ever(database: Database, steps: Sequence[Step]) -> None:
    wait = FIRST_WITHIN
    while True:
        time.sleep(random.uniform(0, wait))  # noqa: S311 - not a secret
        try:
            if take_lease(database):
                purge(database, steps, time.monotonic() + LONGEST_RUN)
        except Exception:
            log.warning("Expired rows could not be deleted. They will be later.", exc_info=True)
        wait = INTERVAL
