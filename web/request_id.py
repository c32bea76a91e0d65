"""A request id that is the same in every leg, so that their event logs can be read together.

A request brings the id in `X-Request-Id`, or gets a new one. The response and every back channel
request carry it. The id is written to logs, so a presented value that could be a token is replaced.
"""

import re
import secrets

from flask import Flask, Response, g, has_app_context, request

HEADER = "X-Request-Id"
#: Short words with hyphens between them, such as a UUID. A long random value does not match.
_VALID_ID = re.compile(r"(?=.{8,64}$)[a-z0-9]{1,16}(-[a-z0-9]{1,16})*")


def init_app(app: Flask) -> None:
    """Give every request to `app` an id."""
    app.before_request(_set_request_id)
    app.after_request(_add_header)


def is_acceptable(presented: str) -> bool:
    """Return whether the value can be a request id, and cannot be a secret."""
    return _VALID_ID.fullmatch(presented) is not None


def current_request_id() -> str | None:
    """Return the id of the current request, or None outside a request."""
    if not has_app_context():
        return None
    request_id: str | None = g.get("request_id")
    return request_id


def choose(presented: str) -> str:
    """Return the presented id if it is acceptable, or else a new one."""
    if is_acceptable(presented):
        return presented
    return secrets.token_hex(8)


def _set_request_id() -> None:
    g.request_id = choose(request.headers.get(HEADER, ""))


def _add_header(response: Response) -> Response:
    if "request_id" in g:
        response.headers[HEADER] = g.request_id
    return response
