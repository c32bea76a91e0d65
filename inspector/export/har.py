"""A round trip as an HTTP Archive (HAR 1.2), for the network tools of browsers.

Everything is masked, and headers that are not recorded are missing. A size of -1 means that it is
not known.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from werkzeug.http import HTTP_STATUS_CODES

from inspector.read import steps
from inspector.read.messages import Message
from inspector.record.exchange import Exchange, Pairs
from inspector.record.query_strings import SAFE

_VERSION = "HTTP/1.1"


def archive(messages: Iterable[Message], version: str) -> dict[str, Any]:
    """Return the archive of these messages. `version` is that of Tripod."""
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "Tripod", "version": version},
            "entries": [_entry(message) for message in messages],
            "comment": "Codes, tokens, secrets, passwords and cookies are masked.",
        }
    }


def _entry(message: Message) -> dict[str, Any]:
    exchange = message.exchange
    milliseconds = max(0.0, round((exchange.ended_at - exchange.started_at) * 1000, 3))
    began = datetime.fromtimestamp(exchange.started_at, UTC)
    return {
        "startedDateTime": began.isoformat(timespec="milliseconds"),
        "time": milliseconds,
        "request": _request(exchange),
        "response": _response(exchange),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "comment": _comment(message),
    }


def _comment(message: Message) -> str:
    note = ""
    if message.is_sent_again:
        note = "sent again by the inspector"
    return ", ".join(filter(None, (message.step, message.answer_step, note)))


def _request(exchange: Exchange) -> dict[str, Any]:
    request = {
        "method": exchange.method,
        "url": _url(exchange),
        "httpVersion": _VERSION,
        "cookies": [],
        "headers": _named(exchange.request_headers),
        "queryString": _named(exchange.query),
        "headersSize": -1,
        "bodySize": exchange.request_body.size,
    }
    body = exchange.request_body
    if body.form:
        request["postData"] = {"mimeType": body.media_type, "params": _named(body.form)}
    elif body.text:
        request["postData"] = {"mimeType": body.media_type, "text": body.text}
    return request


def _response(exchange: Exchange) -> dict[str, Any]:
    body = exchange.response_body
    return {
        "status": exchange.status,
        "statusText": HTTP_STATUS_CODES.get(exchange.status, ""),
        "httpVersion": _VERSION,
        "cookies": [],
        "headers": _named(exchange.response_headers),
        "content": {"size": body.size, "mimeType": body.media_type, "text": body.text},
        "redirectURL": quote(steps.location(exchange), safe="%#&=+;[]!$'()*" + SAFE),
        "headersSize": -1,
        "bodySize": body.size,
    }


def _url(exchange: Exchange) -> str:
    """Return the address as a URI, in which the dots of masked values are escaped too."""
    host = quote(exchange.host, safe=":[]")
    address = f"http://{host}{quote(exchange.path, safe='/:@,~', errors='replace')}"
    if exchange.query:
        address = f"{address}?{urlencode(exchange.query, safe=SAFE, errors='replace')}"
    return address


def _named(pairs: Pairs) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]
