"""Turns what crossed the wire into an `Exchange`: read, mask, and only then keep."""

import base64
import binascii
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qsl

from inspector.exchange import Body, Exchange, Pairs
from inspector.masking import Masker
from inspector.vocabulary import CLEAR, HEADERS, SESSION_COOKIES

#: Characters of a body that are kept, after masking.
EXCERPT = 4096
FORM = "application/x-www-form-urlencoded"
_LAB = re.compile(r"lab-[a-z-]+-\w{6}-\d+")
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)


@dataclass(kw_only=True)
class Wire:
    """What crossed the wire, unmasked, for as long as the request lasts; of bodies, as much as was copied."""

    leg: str
    method: str
    host: str
    path: str
    query: str
    request_headers: Pairs
    started_at: float
    request_body: bytes = b""
    request_size: int = 0
    status: int = 500
    response_headers: Pairs = field(default_factory=list)
    response_body: bytes = b""
    response_size: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)


def transcribe(wire: Wire, key: str, ended_at: float) -> Exchange:
    """The exchange, masked under `key`."""
    masker = Masker(key)
    masked = {
        "query": masker.pairs(parse_qsl(wire.query, keep_blank_values=True)),
        "request_headers": _headers(masker, wire.request_headers),
        "request_body": _body(masker, wire.request_headers, wire.request_body, wire.request_size),
        "response_headers": _headers(masker, wire.response_headers),
        "response_body": _body(masker, wire.response_headers, wire.response_body, wire.response_size),
        "path": masker.path(wire.path),
        "events": [{name: _told(masker, value) for name, value in event.items()} for event in wire.events],
    }
    document = _scrubbed(masked, masker)
    return Exchange.from_document(
        {
            **document,
            "leg": wire.leg,
            "request_id": _request_id(masker, _value(wire.response_headers, "X-Request-Id")),
            "started_at": wire.started_at,
            "ended_at": ended_at,
            "method": masker.scrub(masker.text(wire.method)[:32]),
            "host": masker.scrub(masker.text(wire.host)[:255]),
            "status": wire.status,
            "ties": list(masker.ties),
        },
        id=0,
    )


def media_type(headers: Pairs) -> str:
    """Of a message, without its parameters."""
    return _value(headers, "Content-Type").partition(";")[0].strip().lower()


def _value(headers: Pairs, name: str) -> str:
    return next((value for key, value in headers if key.lower() == name.lower()), "")


def _request_id(masker: Masker, request_id: str) -> str:
    """Browsers may choose their own; the lab's are long."""
    return request_id if _LAB.fullmatch(request_id) else masker.text(request_id)


def _headers(masker: Masker, headers: Pairs) -> Pairs:
    return [(name, masked) for name, value in headers if (masked := _header(masker, name.title(), value)) is not None]


def _header(masker: Masker, name: str, value: str) -> str | None:
    """The value as it is kept; None for headers that say nothing here."""
    match name:
        case "Authorization":
            return _authorization(masker, value)
        case "Cookie":
            return "; ".join(_cookie(masker, part) for part in value.split("; "))
        case "Set-Cookie":
            cookie, *attributes = value.split("; ")
            return "; ".join([_cookie(masker, cookie), *attributes])
        case "Location" | "Referer":
            return masker.address(value)
    return masker.text(value)[:300] if name in HEADERS else None


def _authorization(masker: Masker, value: str) -> str:
    scheme, _, credentials = value.partition(" ")
    if scheme.lower() == "bearer":
        masker.tie("token", credentials)
    if scheme.lower() not in ("basic", "bearer"):
        return masker.secret(value)
    masked = masker.secret(credentials)
    if scheme.lower() == "basic" and (pair := _pair(credentials)):
        masked = f"{masker.text(pair[0])[:80]}:{masker.secret(pair[1])}"
    return f"{scheme} {masked}"


def _pair(credentials: str) -> tuple[str, str] | None:
    """Client and secret in HTTP Basic (RFC 7617 §2); None where they are not in it."""
    try:
        client_id, colon, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (client_id, secret) if colon else None


def _cookie(masker: Masker, cookie: str) -> str:
    name, equals, value = cookie.partition("=")
    if not equals:
        return masker.secret(cookie)
    if name in SESSION_COOKIES:
        masker.tie("session", value)
    return f"{masker.name(name)}={masker.secret(value)}"


def _body(masker: Masker, headers: Pairs, content: bytes, size: int) -> Body:
    kind = masker.text(media_type(headers))
    text = content.decode(errors="replace")
    if kind == FORM and content:
        return Body(media_type=kind, size=size, form=masker.pairs(parse_qsl(text, keep_blank_values=True)))
    if kind == "application/json" and content:
        return Body(media_type=kind, size=size, text=_json(masker, text))
    if kind == "text/html" and (title := _TITLE.search(text)):
        return Body(media_type=kind, size=size, text=f"an HTML page: “{masker.text(unescape(title[1]).strip())[:120]}”")
    return Body(media_type=kind, size=size, text=f"{kind}, {size:,} bytes" if kind and size else "")


def _json(masker: Masker, text: str) -> str:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return "JSON that cannot be read"
    masked = json.dumps(_member(masker, "", document), indent=2, ensure_ascii=False)
    masked = masked.encode(errors="replace").decode()  # JSON can spell half a character, and nobody can show it
    return masked if len(masked) <= EXCERPT else f"{masked[:EXCERPT]}\n…"


def _member(masker: Masker, name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {masker.name(key): _member(masker, key, each) for key, each in value.items()}
    if isinstance(value, list):
        return [_member(masker, name, each) for each in value]
    says_nothing = value is None or isinstance(value, bool) or (name in CLEAR and not isinstance(value, str))
    return value if says_nothing else masker.named(name, str(value))


def _told(masker: Masker, value: Any) -> Any:
    """A field of an event."""
    if isinstance(value, list):
        return [masker.text(each) for each in value]
    return masker.text(value) if isinstance(value, str) else value


def _scrubbed(document: Any, masker: Masker) -> Any:
    """All strings of the document without what was masked elsewhere in it."""
    if isinstance(document, Body):
        return {
            "media_type": masker.scrub(document.media_type[:80]),
            "size": document.size,
            "form": _scrubbed(document.form, masker),
            "text": masker.scrub(document.text),
        }
    if isinstance(document, dict):
        return {key: _scrubbed(value, masker) for key, value in document.items()}
    if isinstance(document, Iterable) and not isinstance(document, str):
        return [_scrubbed(value, masker) for value in document]
    return masker.scrub(document) if isinstance(document, str) else document
