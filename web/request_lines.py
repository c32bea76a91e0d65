"""Remove query strings from the request lines that Werkzeug's development server logs.

An authorization code passes through a query string. Production servers have their own access log;
this project starts them without it.
"""

import logging
import re

_QUERY = re.compile(r"\?\S*")


def remove_queries() -> None:
    """Remove queries from the request lines of this process; a second call changes nothing."""
    logging.getLogger("werkzeug").addFilter(_FILTER)


class _QueryFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Replace the queries in the record's arguments, and keep the record."""
        if isinstance(record.args, tuple):
            record.args = tuple(map(_remove_query, record.args))
        return True


_FILTER = _QueryFilter()


def _remove_query(argument: object) -> object:
    if isinstance(argument, str):
        return _QUERY.sub("?…", argument)
    return argument
