"""Reject queries that are not UTF-8 with 400.

Otherwise the first code that reads such a query would fail with 500.
"""

from flask import Flask, abort, request


def init_app(app: Flask) -> None:
    """Check the query of every request to `app`. Percent-encoded bytes are always accepted."""
    app.before_request(_check_query)


def _check_query() -> None:
    try:
        request.query_string.decode()
    except UnicodeDecodeError:
        abort(400, description="The query of this address is not UTF-8.")
