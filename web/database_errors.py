"""Which errors of a database are temporary, with any driver, and the answer to a request then.

The errors of both drivers, and those that SQLAlchemy makes of them, have the names of PEP 249.
"""

import logging
import sqlite3

from sqlalchemy.exc import TimeoutError as NoFreeConnection
from werkzeug.exceptions import ServiceUnavailable

log = logging.getLogger("tripod")

#: Seconds after which a caller may try again; a database restarts within that time.
RETRY_AFTER = 5
_CONNECTION_ERRORS = frozenset({"OperationalError", "InterfaceError"})
#: SQLSTATE codes of PostgreSQL: this server accepts no writes (it was demoted).
_UNAVAILABLE_STATES = frozenset({"25006"})
#: A serialization failure, a deadlock, and a row that another transaction deleted or inserted
#: since this one looked for it: the next attempt finds the current state.
_RETRYABLE_STATES = frozenset({"40001", "40P01", "23503", "23505"})


def is_unavailable(error: BaseException) -> bool:
    """Return whether the database did not answer, so that the same request can succeed later."""
    if isinstance(error, NoFreeConnection):
        return True
    original = _original(error)
    if getattr(original, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
        return False  # The statement is wrong. PostgreSQL has another kind of error for that.
    if getattr(original, "sqlstate", None) in _UNAVAILABLE_STATES:
        return True
    names = {kind.__name__ for kind in (*type(error).__mro__, *type(original).__mro__)}
    return not names.isdisjoint(_CONNECTION_ERRORS)


def is_retryable(error: BaseException) -> bool:
    """Return whether another transaction was in the way, so that a new attempt can succeed now.

    A database that is locked is not retryable: the attempt has waited for `BUSY_TIMEOUT_MS`.
    """
    original = _original(error)
    if getattr(original, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY_SNAPSHOT:
        return True
    return getattr(original, "sqlstate", None) in _RETRYABLE_STATES


def is_busy(error: BaseException) -> bool:
    """Return whether another connection has locked the SQLite database."""
    return getattr(_original(error), "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY


def refuse(error: BaseException) -> ServiceUnavailable:
    """Log the error with its traceback, and return the answer 503, which does not contain it."""
    log.error("the database does not answer", exc_info=error)
    return ServiceUnavailable(
        "The database does not answer at the moment. Try again soon.", retry_after=RETRY_AFTER
    )


def _original(error: BaseException) -> BaseException:
    """Return the error of the driver."""
    return getattr(error, "orig", None) or error
