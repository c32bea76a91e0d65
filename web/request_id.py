"""An id that one request keeps as it runs through the legs, so that their event logs can be read together.

It comes in with `X-Request-Id`, or is made here, and goes out on the answer and on every back channel request. Since it is
written into logs, what could be a token is not taken over.
"""

import re
import secrets

from flask import Flask, Response, g, has_request_context, request

HEADER = "X-Request-Id"
#: Small words with hyphens between them: a UUID is that, and a long random value is not.
_ACCEPTABLE = re.compile(r"(?=.{8,64}$)[a-z0-9]{1,16}(-[a-z0-9]{1,16})*")


def init_app(app: Flask) -> None:
    """Give every request of `app` an id."""
    app.before_request(_accept_or_make)
    app.after_request(_tell)


def is_acceptable(presented: str) -> bool:
    """Whether it can be the id of a request, and no secret in its place."""
    return _ACCEPTABLE.fullmatch(presented) is not None


def current_request_id() -> str | None:
    """The id of the request in hand; None outside a request, as on the command line."""
    return g.get("request_id") if has_request_context() else None


def _accept_or_make() -> None:
    presented = request.headers.get(HEADER, "")
    g.request_id = presented if is_acceptable(presented) else secrets.token_hex(8)


def _tell(response: Response) -> Response:
    if "request_id" in g:
        response.headers[HEADER] = g.request_id
    return response
