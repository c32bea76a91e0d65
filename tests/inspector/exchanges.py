"""Build recorded exchanges. A test gives the fields that matter; the others have defaults."""

from itertools import count
from typing import Any

from inspector.record.exchange import Body, Exchange

HOSTS = {
    "auth_server": "127.0.0.1:9000",
    "client_app": "127.0.0.1:9001",
    "resource_api": "127.0.0.1:9002",
}
_ids = count(1)


def exchange(leg: str, request_line: str, **fields: Any) -> Exchange:
    """Return a recorded exchange with default values for the fields that are not given.

    Besides the fields of `Exchange`, `at` and `until` set its start and its end (in seconds after
    a fixed time), `form` the form of the request, `location` the target of a redirect, and
    `response_text` the JSON text of the response.

    Example: `exchange("auth_server", "POST /oauth/token", at=3, status=400)`.
    """
    method, _, path = request_line.partition(" ")
    at = fields.pop("at", 0.0)
    form, location = fields.pop("form", []), fields.pop("location", None)
    text = fields.pop("response_text", "")
    defaults: dict[str, Any] = {
        "request_id": f"request-{next(_ids)}",
        "started_at": 1000.0 + at,
        "ended_at": 1000.0 + fields.pop("until", at + 0.01),
        "host": HOSTS[leg],
        "query": [],
        "request_headers": [],
        "request_body": Body(media_type="application/x-www-form-urlencoded", size=1, form=form),
        "status": 302 if location else 200,
        "response_headers": [("Location", location)] if location else [],
        "response_body": Body(media_type="application/json", size=len(text), text=text),
        "ties": [],
        "events": [],
        "id": next(_ids),
    }
    return Exchange(leg=leg, method=method, path=path, **defaults | fields)
