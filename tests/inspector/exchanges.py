"""Recorded exchanges, made by hand: a test says what matters to it, and the rest is an ordinary one."""

from itertools import count
from typing import Any

from inspector.record.exchange import Body, Exchange

HOSTS = {
    "auth_server": "127.0.0.1:9000",
    "client_app": "127.0.0.1:9001",
    "resource_api": "127.0.0.1:9002",
}
_ids = count(1)


def exchange(leg: str, request: str, **its: Any) -> Exchange:
    """`exchange("auth_server", "POST /oauth/token", at=3, status=400)`; `at` and `until` in seconds since noon."""
    method, _, path = request.partition(" ")
    at = its.pop("at", 0.0)
    form, location = its.pop("form", []), its.pop("location", None)
    answer = its.pop("answer", "")
    ordinary: dict[str, Any] = {
        "request_id": f"request-{next(_ids)}",
        "started_at": 1000.0 + at,
        "ended_at": 1000.0 + its.pop("until", at + 0.01),
        "host": HOSTS[leg],
        "query": [],
        "request_headers": [],
        "request_body": Body(media_type="application/x-www-form-urlencoded", size=1, form=form),
        "status": 302 if location else 200,
        "response_headers": [("Location", location)] if location else [],
        "response_body": Body(media_type="application/json", size=len(answer), text=answer),
        "ties": [],
        "events": [],
        "id": next(_ids),
    }
    return Exchange(leg=leg, method=method, path=path, **ordinary | its)
