"""An id that one request keeps as it runs through the legs, so that their event logs can be read together.

It comes in with `X-Request-Id`, or is made here, and goes out on the answer and on every back channel request.
"""

import re
import secrets

from flask import Flask, Response, g, has_request_context, request

HEADER = "X-Request-Id"
_ACCEPTABLE = re.compile(r"[A-Za-z0-9_-]{8,64}")


def init_app(app: Flask) -> None:
    """Give every request of `app` an id."""
    app.before_request(_accept_or_make)
    app.after_request(_tell)


def current_request_id() -> str | None:
    """The id of the request in hand; None outside a request, as on the command line."""
    return g.get("request_id") if has_request_context() else None


def _accept_or_make() -> None:
    presented = request.headers.get(HEADER, "")
    g.request_id = presented if _ACCEPTABLE.fullmatch(presented) else secrets.token_hex(8)


def _tell(response: Response) -> Response:
    if "request_id" in g:
        response.headers[HEADER] = g.request_id
    return response
