"""The development server's request lines leave query strings out: an authorization code passes through one.

Production servers have their own access log, which this project starts them without.
"""

import logging
import re

_QUERY = re.compile(r"\?\S*")


class _WithoutQueries(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                _QUERY.sub("?…", arg) if isinstance(arg, str) else arg for arg in record.args
            )
        return True


_FILTER = _WithoutQueries()


def leave_queries_out() -> None:
    """From now on, in this process; a second call changes nothing."""
    logging.getLogger("werkzeug").addFilter(_FILTER)
