"""Build messages as they arrive, and return what is recorded of them."""

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


def wire(**fields: Any) -> Wire:
    """Return a message as it arrives, with default values for the fields that are not given."""
    defaults: dict[str, Any] = {
        "leg": "auth_server",
        "method": "GET",
        "host": "127.0.0.1:9000",
        "path": "/",
        "query": "",
        "request_headers": [],
        "started_at": 1000.0,
        "status": 200,
    }
    return Wire(**defaults | fields)


def record(**fields: Any) -> Exchange:
    """Return the exchange that is recorded of `wire(…)`."""
    return transcribe(wire(**fields), KEY, ended_at=1001.0)


def record_header(name: str, value: str) -> str:
    """Return the value that is recorded of a request header."""
    return dict(record(request_headers=[(name, value)]).request_headers)[name]


def record_form(fields: str | bytes) -> Pairs:
    """Return the fields that are recorded of a form in a request."""
    body = fields
    if isinstance(body, str):
        body = body.encode()
    return record(
        method="POST",
        request_headers=[("Content-Type", FORM)],
        request_body=body,
        request_size=len(body),
    ).request_body.form


def record_response(body: bytes, content_type: str) -> Exchange:
    """Return the exchange that is recorded of a response with this body."""
    return record(
        response_headers=[("Content-Type", content_type)],
        response_body=body,
        response_size=len(body),
    )


def record_json(document: Any) -> str:
    """Return the text that is recorded of a JSON response. Bytes are sent unchanged."""
    body = document
    if not isinstance(body, bytes):
        body = json.dumps(document).encode()
    return record_response(body, "application/json; charset=utf-8").response_body.text


def basic(pair: str) -> str:
    """Return HTTP Basic credentials for `client_id:client_secret` or another pair."""
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def serialize(exchange: Exchange) -> str:
    """Return all recorded fields of an exchange as the store writes them."""
    return json.dumps(exchange.to_document(), ensure_ascii=False)
