"""A message as it was on the wire: masked, as it was recorded."""

import re

from inspector.draw import words
from inspector.record.exchange import Body, Exchange, Pairs
from inspector.record.query_strings import quoted, written

#: What would break a line, turn its order round or speak to a terminal, and so make something up that nobody sent.
INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def request(exchange: Exchange) -> str:
    """The request (RFC 9112 §3)."""
    query = f"?{written(exchange.query)}" if exchange.query else ""
    head = [f"{exchange.method} {quoted(exchange.path, safe='/:@,~')}{query} HTTP/1.1"]
    return _lines([*head, *_headers(exchange.request_headers), *_content(exchange.request_body)])


def response(exchange: Exchange) -> str:
    """The answer (RFC 9112 §4)."""
    head = [f"HTTP/1.1 {words.status_line(exchange.status)}"]
    return _lines([*head, *_headers(exchange.response_headers), *_content(exchange.response_body)])


def _headers(headers: Pairs) -> list[str]:
    return [f"{name}: {value}" for name, value in headers]


def _content(body: Body) -> list[str]:
    text = written(body.form, "\n&") if body.form else body.text
    return ["", *text.split("\n")] if text else []


def _lines(lines: list[str]) -> str:
    return "\n".join(INVISIBLE.sub(_escaped, line) for line in lines)


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
