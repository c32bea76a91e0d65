"""A query whose bytes are no UTF-8 gets 400; left alone, it would be an error wherever somebody first looks into it."""

from flask import Flask, abort, request


def init_app(app: Flask) -> None:
    """Check the query of every request of `app`. Bytes that are escaped, as they should be, are welcome."""
    app.before_request(_check_query)


def _check_query() -> None:
    try:
        request.query_string.decode()
    except UnicodeDecodeError:
        abort(400, description="The query of this address is not UTF-8.")
