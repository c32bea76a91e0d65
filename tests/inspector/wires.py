"""Messages as they arrive, and what is kept of them: a test says what matters to it, and the rest is ordinary."""

import base64
import json
from typing import Any

from inspector.record.bodies import FORM
from inspector.record.exchange import Exchange, Pairs
from inspector.record.transcript import Wire, transcribe

KEY = "the key of this run"
TOKEN = "Splxl0BeZQQYbYS6WxSbIAtGzvFWFjXmRk1J2mO8_cQ"
OTHER_TOKEN = "tGzvFWFjXmRk1J2mO8cQSplxl0BeZQQYbYS6WxSbIA0"
STATE = "af0ifjsldkj"


def wire(**its: Any) -> Wire:
    """A request as it arrives: ordinary, but for what the test says."""
    ordinary: dict[str, Any] = {
        "leg": "auth_server",
        "method": "GET",
        "host": "127.0.0.1:9000",
        "path": "/",
        "query": "",
        "request_headers": [],
        "started_at": 1000.0,
        "status": 200,
    }
    return Wire(**ordinary | its)


def recorded(**its: Any) -> Exchange:
    """What is kept of `wire(…)`."""
    return transcribe(wire(**its), KEY, ended_at=1001.0)


def request_header(name: str, value: str) -> str:
    """What is kept of a request's header."""
    return dict(recorded(request_headers=[(name, value)]).request_headers)[name]


def form(fields: str | bytes) -> Pairs:
    """What is kept of a form that is sent."""
    body = fields.encode() if isinstance(fields, str) else fields
    return recorded(
        method="POST",
        request_headers=[("Content-Type", FORM)],
        request_body=body,
        request_size=len(body),
    ).request_body.form


def json_answer(document: Any) -> str:
    """What is kept of a JSON answer."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    headers = [("Content-Type", "application/json; charset=utf-8")]
    return recorded(
        response_headers=headers, response_body=body, response_size=len(body)
    ).response_body.text


def basic(pair: str) -> str:
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def stored(exchange: Exchange) -> str:
    """All of it, as it would be stored."""
    return json.dumps(exchange.to_document(), ensure_ascii=False)
