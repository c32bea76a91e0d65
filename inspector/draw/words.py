"""Describe a message in a few words, for the arrows of the diagram."""

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from werkzeug.http import HTTP_STATUS_CODES

from inspector.read import response_json, steps
from inspector.read.messages import Message
from inspector.read.steps import Lane
from inspector.record.exchange import Exchange

#: The part of a long id that is omitted.
_LONG_ID = re.compile(r"(?<=/[0-9a-f]{6})[0-9a-f]{10,}")


def request_line(exchange: Exchange) -> str:
    """Return method and path, with long ids shortened."""
    return f"{exchange.method} {_LONG_ID.sub('…', exchange.path)}"


def parameters(exchange: Exchange) -> list[str]:
    """Return the names of the request's parameters, or that it has an access token."""
    if steps.header(exchange, "Authorization").startswith("Bearer"):
        return ["Authorization: Bearer …"]
    names_sent = dict.fromkeys(name for name, _ in [*exchange.query, *exchange.request_body.form])
    names_sent.pop("csrf_token", None)
    return list(names_sent)


def status_line(status: int) -> str:
    """Return `302 Found`, or the number alone if it has no phrase."""
    return f"{status} {HTTP_STATUS_CODES.get(status, '')}".strip()


def summary(exchange: Exchange) -> str:
    """Return what a response contains."""
    if exchange.status in range(300, 400):
        return f"to {urlsplit(steps.location(exchange)).path}"
    document = response_json.document(exchange)
    return (
        _summarize_discovery(document)
        or _summarize_json(document)
        or _summarize_challenge(steps.answer_header(exchange, "WWW-Authenticate"))
        or _summarize_content(exchange)
    )


def destination(exchange: Exchange) -> tuple[str, list[str]]:
    """Return path and parameter names of the address to which a response redirects.

    This describes a redirect whose target was not recorded.
    """
    parts = urlsplit(steps.location(exchange))
    names_sent = dict(parse_qsl(parts.query, keep_blank_values=True))
    return f"GET {parts.path or '/'}", list(names_sent)


def leading_step(message: Message) -> str:
    """Return the step that a redirect begins, from the address to which it leads."""
    path, names_sent = destination(message.exchange)
    if message.target == Lane.CLIENT:
        if path.endswith(steps.AUTHORIZATION):
            return "A2"
    elif {"code", "error"} & set(names_sent):
        return "A7"
    return ""


def _summarize_json(  # noqa: C901, PLR0911 - one case for each kind of response
    document: dict[str, Any],
) -> str:
    """Return a summary of a JSON response, or "" if there is none."""
    match document:
        case {"error": str(error)}:
            return error
        case {"access_token": _, "refresh_token": _, "id_token": _}:
            return "three tokens"
        case {"access_token": _, "refresh_token": _}:
            return "two tokens"
        case {"access_token": _}:
            return "an access token"
        case {"active": True}:
            return "active"
        case {"active": _}:
            return "not active"
        case {"photos": [_]}:
            return "one photo"
        case {"photos": list(photos)}:
            return f"{len(photos)} photos"
        case {"issuer": _}:
            return "its endpoints"
        case {"name": str(name)} | {"title": str(name)}:
            return name
    return ""


def _summarize_discovery(document: dict[str, Any]) -> str:
    """Return a summary of metadata, keys, a registration, or an answer to an agent."""
    match document:
        case {"client_id": str(client_id), "redirect_uris": _}:
            return client_id
        case {"keys": list(keys)}:
            return f"{len(keys)} keys"
        case {"authorization_servers": _}:
            return "its metadata"
        case {"result": {"tools": list(tools)}}:
            return f"{len(tools)} tools"
        case {"result": _}:
            return "a result"
    return ""


def _summarize_challenge(challenge: str) -> str:
    error = challenge.partition('error="')[2].partition('"')[0]
    return error or challenge.partition(" ")[0]


def _summarize_content(exchange: Exchange) -> str:
    body = exchange.response_body
    if body.text == "{}":
        return "empty"
    if body.media_type == "text/html":
        return body.text.removeprefix("an HTML page: ").strip("“”")
    if not body.size:
        return "empty"
    return body.media_type
