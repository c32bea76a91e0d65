"""Show a message as raw HTTP: masked, as it was recorded."""

import re

from inspector.draw import words
from inspector.record.exchange import Body, Exchange, Pairs
from inspector.record.query_strings import quoted, written

#: Characters that could break a line, reverse its direction or control a terminal.
INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def request(exchange: Exchange) -> str:
    """Return the request (RFC 9112 §3)."""
    target = quoted(exchange.path, safe="/:@,~")
    if exchange.query:
        target = f"{target}?{written(exchange.query)}"
    head = f"{exchange.method} {target} HTTP/1.1"
    return _join([head, *_headers(exchange.request_headers), *_content(exchange.request_body)])


def response(exchange: Exchange) -> str:
    """Return the response (RFC 9112 §4)."""
    head = f"HTTP/1.1 {words.status_line(exchange.status)}"
    return _join([head, *_headers(exchange.response_headers), *_content(exchange.response_body)])


def _headers(headers: Pairs) -> list[str]:
    return [f"{name}: {value}" for name, value in headers]


def _content(body: Body) -> list[str]:
    text = body.text
    if body.form:
        text = written(body.form, "\n&")
    if not text:
        return []
    return ["", *text.split("\n")]


def _join(lines: list[str]) -> str:
    return "\n".join(INVISIBLE.sub(_escape, line) for line in lines)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
