"""A request as a command for a shell; what is masked stands in it as a variable to fill in, `$CODE` for the code."""

import json
import re
import shlex

from inspector.draw.raw_http import INVISIBLE
from inspector.read.steps import header
from inspector.record import bodies
from inspector.record.exchange import Exchange
from inspector.record.limits import ELLIPSIS
from inspector.record.parameters import NAMES
from inspector.record.query_strings import DOT, quoted, written
from web.addresses import is_loopback

#: Names of which a shell may have a variable already.
_TAKEN = {"username", "display"}
#: A command that is longer is broken into lines.
WIDE = 80
_HOST = re.compile(r"(?P<name>[a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?", re.IGNORECASE)
#: A masked value, with its name before it where it has one there.
_MASKED = re.compile(
    r"(?:(?:(?<=[?&])|(?<=%26)|^)(?P<name>[\w.-]+)(?P<equals>=|%3D))?"
    rf"(?:[\w-]{{6}})?{DOT}{{8}}(?:~[0-9a-f]{{6}})?"
)


def command(exchange: Exchange) -> str:
    """The command; "" for what went to a host that may be anybody's, and for what was not kept whole.

    Nor is there one where a control character is in it: a terminal into which it is pasted may take that for a key.
    """
    if not (_is_here(exchange.host) and _is_whole(exchange)):
        return ""
    content = _content(exchange)
    options = [
        *_method(exchange.method, "POST" if content else "GET"),
        _in_shell(_url(exchange), "VALUE"),
    ]
    parts = ["curl --include", *options, *_credentials(exchange), *content]
    if any(map(INVISIBLE.search, parts)):
        return ""
    return " ".join(parts) if len(" ".join(parts)) <= WIDE else " \\\n  ".join(parts)


def _is_here(host: str) -> bool:
    """Whether it is this machine, to which a secret may be sent; in the demo, all legs are."""
    found = _HOST.fullmatch(host)
    return found is not None and is_loopback(found["name"].strip("[]").lower())


def _is_whole(exchange: Exchange) -> bool:
    pairs = [*exchange.query, *exchange.request_body.form]
    return not any(
        text.endswith(ELLIPSIS)
        for text in (exchange.path, *(text for pair in pairs for text in pair))
    )


def _method(method: str, implied: str) -> list[str]:
    if method == "HEAD":
        return ["--head"]
    return [] if method == implied else [f"--request {shlex.quote(method)}"]


def _url(exchange: Exchange) -> str:
    path = quoted(exchange.path, safe="/:@,~")
    slash = "" if path.startswith("/") else "/"
    return f"http://{exchange.host}{slash}{path}{'?' if exchange.query else ''}{written(exchange.query)}"


def _credentials(exchange: Exchange) -> list[str]:
    cookie = ['--cookie "$COOKIE"'] if header(exchange, "Cookie") else []
    return [*_authorization(header(exchange, "Authorization")), *cookie]


def _authorization(authorization: str) -> list[str]:
    scheme, _, credentials = authorization.partition(" ")
    client, colon, _ = credentials.partition(":")
    match scheme.lower():
        case "":
            return []
        case "bearer":
            return ['--header "Authorization: Bearer $ACCESS_TOKEN"']
        case "basic" if colon:
            return [f"--user {_in_shell(credentials, _secret_of(client))}"]
    return ['--header "Authorization: $AUTHORIZATION"']


def _secret_of(client: str) -> str:
    return "CLIENT_SECRET" if DOT in client else f"{_cleaned(client)}_SECRET"


def _content(exchange: Exchange) -> list[str]:
    if exchange.method == "HEAD":
        return []
    if exchange.request_body.form:
        return [
            f"--data-urlencode {_field(name, value)}" for name, value in exchange.request_body.form
        ]
    return _other_content(exchange) if header(exchange, "Content-Length") not in ("", "0") else []


def _other_content(exchange: Exchange) -> list[str]:
    media_type = _in_shell(f"Content-Type: {header(exchange, 'Content-Type')}", "CONTENT_TYPE")
    document = (
        _document(exchange.request_body.text)
        if exchange.request_body.media_type == bodies.JSON
        else ""
    )
    return [
        f"--header {media_type}",
        f"--data {shlex.quote(document)}" if document else '--data-binary "$BODY"',
    ]


def _document(text: str) -> str:
    """JSON of which nothing is missing or masked; "" where there is none."""
    try:
        return (
            ""
            if DOT in text or ELLIPSIS in text
            else json.dumps(json.loads(text), ensure_ascii=False)
        )
    except ValueError:
        return ""


def _field(name: str, value: str) -> str:
    return _in_shell(f"{quoted(name)}={value}", _variable(name))


def _in_shell(text: str, variable: str) -> str:
    """One word for a shell: it fills in what is masked, of which no name stands in the text as `variable`, and nothing else."""
    word, end = "", 0
    for masked in _MASKED.finditer(text):
        named = f"{masked['name']}{masked['equals']}" if masked["name"] else ""
        literal = text[end : masked.start()] + named
        word += (
            shlex.quote(literal) if literal else ""
        ) + f'"${_variable(masked["name"]) if named else variable}"'
        end = masked.end()
    return word + (shlex.quote(text[end:]) if text[end:] or not word else "")


def _variable(name: str) -> str:
    """For the value of that name. Nobody can ask for a variable that a shell has already."""
    if name in NAMES - _TAKEN:
        return _cleaned(name)
    return "VALUE" if DOT in name else f"VALUE_OF_{_cleaned(name)}"


def _cleaned(name: str) -> str:
    cleaned = re.sub(r"[^A-Z0-9_]", "_", name.upper())
    return f"_{cleaned}" if cleaned[:1].isdigit() else cleaned
