"""What a program prints when it cannot start: one line, and no traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from web.environment import ConfigurationError
from web.serving import CANNOT_START


@contextmanager
def exit_when_it_cannot_start() -> Iterator[None]:
    """Turn an error at the start into one line on standard error and an exit status."""
    try:
        yield
    except ConfigurationError as error:
        exit_with_line(str(error), CANNOT_START)
    except OSError as error:
        exit_with_line(f"cannot start: {error}", CANNOT_START)
    except Exception as error:
        from sqlalchemy.exc import DatabaseError

        if not isinstance(error, DatabaseError):
            raise
        reason = " ".join(str(error.orig).split())
        exit_with_line(f"cannot open the database: {reason}", CANNOT_START)


def exit_with_line(line: str, status: int) -> NoReturn:
    """Print the line on standard error, and exit."""
    print(f"tripod: {line}", file=sys.stderr, flush=True)
    sys.exit(status)
