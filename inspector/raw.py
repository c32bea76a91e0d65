"""A message as it was on the wire, and as a line for a shell: masked, as it was recorded."""

import re
import shlex

from inspector import words
from inspector.exchange import Body, Exchange, Pairs
from inspector.query import written

_MASKED = re.compile(r"[\w-]*•{8}(~[0-9a-f]{6})?")


def request(exchange: Exchange) -> str:
    """The request (RFC 9112 §3)."""
    head = [f"{exchange.method} {exchange.path}{_query(exchange.query)} HTTP/1.1"]
    return "\n".join([*head, *_lines(exchange.request_headers), *_content(exchange.request_body)])


def response(exchange: Exchange) -> str:
    """The answer (RFC 9112 §4)."""
    head = [f"HTTP/1.1 {words.status_line(exchange.status)}"]
    return "\n".join([*head, *_lines(exchange.response_headers), *_content(exchange.response_body)])


def curl(exchange: Exchange) -> str:
    """The request as a `curl` line; what is masked stands there as a variable to fill in, `$CODE` for the code."""
    parts = ["curl", "--include", *_method(exchange), shlex.quote(f"http://{exchange.host}{exchange.path}")]
    parts += ["--get", *_fields(exchange.query)] if exchange.query and exchange.method == "GET" else []
    parts += _credentials(dict(exchange.request_headers).get("Authorization", ""))
    return " ".join([*parts, *_fields(exchange.request_body.form)])


def _method(exchange: Exchange) -> list[str]:
    is_implied = exchange.method == "GET" or (exchange.method == "POST" and exchange.request_body.form)
    return [] if is_implied else ["--request", exchange.method]


def _credentials(authorization: str) -> list[str]:
    scheme, _, credentials = authorization.partition(" ")
    if scheme == "Basic":
        return ["--user", shlex.quote(f"{credentials.partition(':')[0]}:") + '"$CLIENT_SECRET"']
    return ["--header", f'"Authorization: {scheme} $ACCESS_TOKEN"'] if scheme == "Bearer" else []


def _fields(pairs: Pairs) -> list[str]:
    return [part for name, value in pairs for part in ("--data-urlencode", _field(name, value))]


def _field(name: str, value: str) -> str:
    if _MASKED.search(value) is None:
        return shlex.quote(f"{name}={value}")
    variable = re.sub(r"\W", "_", name).upper()
    return shlex.quote(f"{name}=") + f'"${variable}"'


def _query(pairs: Pairs) -> str:
    return f"?{written(pairs)}" if pairs else ""


def _lines(headers: Pairs) -> list[str]:
    return [f"{name}: {value}" for name, value in headers]


def _content(body: Body) -> list[str]:
    text = written(body.form, "\n&") if body.form else body.text
    return ["", text] if text else []
