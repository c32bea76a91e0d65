"""A message in few words: what an arrow says."""

import re
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from inspector.read import response_json, steps
from inspector.read.messages import Message
from inspector.read.steps import Lane
from inspector.record.exchange import Exchange

#: What is left out of an id.
_LONG_ID = re.compile(r"(?<=/[0-9a-f]{6})[0-9a-f]{10,}")
LEG_NAMES = {
    Lane.AUTHORIZATION_SERVER: "Tripod ID",
    Lane.RESOURCE_API: "Photo API",
    Lane.BROWSER: "Browser",
}


def names(client: str) -> list[str]:
    """The lifelines' names, from left to right."""
    return [client if lane == Lane.CLIENT else LEG_NAMES[lane] for lane in Lane]


def request_line(exchange: Exchange) -> str:
    """Method and path, of which long ids only begin."""
    return f"{exchange.method} {_LONG_ID.sub('…', exchange.path)}"


def parameters(exchange: Exchange) -> str:
    """The names of what a request carries; for an access token, that it does."""
    if steps.header(exchange, "Authorization").startswith("Bearer"):
        return "Authorization: Bearer …"
    carried = [
        name for name, _ in [*exchange.query, *exchange.request_body.form] if name != "csrf_token"
    ]
    return " ".join(dict.fromkeys(carried))


def status_line(status: int) -> str:
    """`302 Found`; the number alone where it has no phrase."""
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""
    return f"{status} {phrase}".strip()


def summary(exchange: Exchange) -> str:
    """What an answer holds."""
    if exchange.status in range(300, 400):
        return f"to {urlsplit(steps.location(exchange)).path}"
    if told := _told(response_json.document(exchange)):
        return told
    if challenge := steps.answer_header(exchange, "WWW-Authenticate"):
        return challenge.partition('error="')[2].partition('"')[0] or challenge.partition(" ")[0]
    return "empty" if exchange.response_body.text == "{}" else _content(exchange)


def destination(exchange: Exchange) -> tuple[str, str]:
    """Path and parameter names of where an answer sends the browser, for a redirect whose other end was not recorded."""
    parts = urlsplit(steps.location(exchange))
    return f"GET {parts.path or '/'}", " ".join(
        dict(parse_qsl(parts.query, keep_blank_values=True))
    )


def leading_step(message: Message) -> str:
    """The step that a redirect is, by where it leads."""
    path, carried = destination(message.exchange)
    if message.target == Lane.CLIENT:
        return "A2" if path.endswith(steps.AUTHORIZATION) else ""
    return "A7" if {"code", "error"} & set(carried.split()) else ""


def _told(answer: dict[str, Any]) -> str:
    """What a JSON answer comes to; "" where nobody can say."""
    match answer:
        case {"error": str(error)}:
            return error
        case {"access_token": _, "refresh_token": _}:
            return "two tokens"
        case {"access_token": _}:
            return "an access token"
        case {"active": active}:
            return "active" if active is True else "not active"
        case {"photos": list(photos)}:
            return "one photo" if len(photos) == 1 else f"{len(photos)} photos"
        case {"issuer": _}:
            return "its endpoints"
        case {"name": str(name)} | {"title": str(name)}:
            return name
    return ""


def _content(exchange: Exchange) -> str:
    body = exchange.response_body
    if body.media_type == "text/html":
        return body.text.removeprefix("an HTML page: ").strip("“”")
    return body.media_type if body.size else "nothing else"
