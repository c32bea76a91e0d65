"""Show a request as a curl command. A masked value becomes a shell variable, such as `$CODE`."""

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

#: Names for which a shell may already have a variable.
_TAKEN = {"username", "display"}
#: A longer command is broken into lines.
WIDE = 80
_HOST = re.compile(r"(?P<name>[a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?", re.IGNORECASE)
#: A masked value, with its name before it if there is one.
_MASKED = re.compile(
    r"(?:(?:(?<=[?&])|(?<=%26)|^)(?P<name>[\w.-]+)(?P<equals>=|%3D))?"
    rf"(?:[\w-]{{6}})?{DOT}{{8}}(?:~[0-9a-f]{{6}})?"
)


def command(exchange: Exchange) -> str:
    """Return the command, or "" if there is none.

    There is none for a host that is not loopback, for a message that was truncated, and for one
    with control characters, which a terminal could execute when the command is pasted.
    """
    if not _is_on_loopback(exchange.host) or _is_truncated(exchange):
        return ""
    content = _content(exchange)
    implied_method = "GET"
    if content:
        implied_method = "POST"
    parts = [
        "curl --include",
        *_method(exchange.method, implied_method),
        _shell_word(_url(exchange), "VALUE"),
        *_credentials(exchange),
        *content,
    ]
    if any(map(INVISIBLE.search, parts)):
        return ""
    one_line = " ".join(parts)
    if len(one_line) <= WIDE:
        return one_line
    return " \\\n  ".join(parts)


def variable_of(exchange: Exchange, masked: str) -> str:
    """Return the variable that the command has for a masked value, or "" if it has none."""
    if masked and header(exchange, "Authorization").endswith(f" {masked}"):
        return "ACCESS_TOKEN"
    pairs = [*exchange.query, *exchange.request_body.form]
    return next((_variable(name) for name, value in pairs if value == masked), "")


def _is_on_loopback(host: str) -> bool:
    """Return whether `host` is this machine, to which a secret may be sent."""
    found = _HOST.fullmatch(host)
    return found is not None and is_loopback(found["name"].strip("[]").lower())


def _is_truncated(exchange: Exchange) -> bool:
    pairs = [*exchange.query, *exchange.request_body.form]
    texts = [exchange.path, *(text for pair in pairs for text in pair)]
    return any(text.endswith(ELLIPSIS) for text in texts)


def _method(method: str, implied_method: str) -> list[str]:
    if method == "HEAD":
        return ["--head"]
    if method == implied_method:
        return []
    return [f"--request {shlex.quote(method)}"]


def _url(exchange: Exchange) -> str:
    path = quoted(exchange.path, safe="/:@,~")
    if not path.startswith("/"):
        path = f"/{path}"
    if exchange.query:
        path = f"{path}?{written(exchange.query)}"
    return f"http://{exchange.host}{path}"


def _credentials(exchange: Exchange) -> list[str]:
    credentials = _authorization(header(exchange, "Authorization"))
    if header(exchange, "Cookie"):
        credentials.append('--cookie "$COOKIE"')
    return credentials


def _authorization(authorization: str) -> list[str]:
    scheme, _, credentials = authorization.partition(" ")
    client, colon, _ = credentials.partition(":")
    match scheme.lower():
        case "":
            return []
        case "bearer":
            return ['--header "Authorization: Bearer $ACCESS_TOKEN"']
        case "basic" if colon:
            return [f"--user {_shell_word(credentials, _secret_variable(client))}"]
    return ['--header "Authorization: $AUTHORIZATION"']


def _secret_variable(client: str) -> str:
    if DOT in client:
        return "CLIENT_SECRET"
    return f"{_upper_case(client)}_SECRET"


def _content(exchange: Exchange) -> list[str]:
    if exchange.method == "HEAD":
        return []
    if exchange.request_body.form:
        return [f"--data-urlencode {_field(*pair)}" for pair in exchange.request_body.form]
    if header(exchange, "Content-Length") in ("", "0"):
        return []
    return _other_content(exchange)


def _other_content(exchange: Exchange) -> list[str]:
    media_type = _shell_word(f"Content-Type: {header(exchange, 'Content-Type')}", "CONTENT_TYPE")
    data = '--data-binary "$BODY"'
    body = exchange.request_body
    if body.media_type == bodies.JSON:
        document = _complete_json(body.text)
        if document:
            data = f"--data {shlex.quote(document)}"
    return [f"--header {media_type}", data]


def _complete_json(text: str) -> str:
    """Return JSON of which nothing is omitted or masked, or ""."""
    if DOT in text or ELLIPSIS in text:
        return ""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except ValueError:
        return ""


def _field(name: str, value: str) -> str:
    return _shell_word(f"{quoted(name)}={value}", _variable(name))


def _shell_word(text: str, variable: str) -> str:
    """Return one word for a shell, which substitutes the masked values and nothing else.

    A masked value that has no name in the text becomes `variable`.
    """
    word, end = "", 0
    for masked in _MASKED.finditer(text):
        literal, name = text[end : masked.start()], variable
        if masked["name"]:
            literal += f"{masked['name']}{masked['equals']}"
            name = _variable(masked["name"])
        word += f'{_quote(literal)}"${name}"'
        end = masked.end()
    return (word + _quote(text[end:])) or "''"


def _quote(literal: str) -> str:
    if not literal:
        return ""
    return shlex.quote(literal)


def _variable(name: str) -> str:
    """Return the variable for the value of `name`. It is never one that a shell already has."""
    if name in NAMES - _TAKEN:
        return _upper_case(name)
    if DOT in name:
        return "VALUE"
    return f"VALUE_OF_{_upper_case(name)}"


def _upper_case(name: str) -> str:
    variable = re.sub(r"[^A-Z0-9_]", "_", name.upper())
    if variable[:1].isdigit():
        return f"_{variable}"
    return variable
