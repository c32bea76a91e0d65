"""Say in one short sentence what a request asks and what a response says, for the arrows."""

import re
from typing import Any

from inspector.read import page_stories, response_json, steps
from inspector.read.messages import Message
from inspector.read.names import Names
from inspector.read.steps import Lane
from inspector.record.exchange import Exchange

_REQUESTS = {
    "A1": "The user starts at {client}",
    "A2": "{client} asks for access",
    "A4": "The user signs in",
    "A6": "The user decides",
    "A7": "The browser brings the code to {client}",
    "T1": "{client} redeems the code",
    "R1": "{client} calls Photo API",
    "R2": "Photo API asks about the token",
    "F1": "{client} asks for new tokens",
    "F3": "{client} uses the new token",
    "E1": "{client} revokes its token",
}
#: What an attacker does at a step.
_ATTACKS = {
    "A7": "The attacker sends a response to {client}",
    "T1": "The attacker presents a code",
    "R1": "The attacker presents an access token",
    "F1": "The attacker presents a refresh token",
}
_RESPONSES = {
    "A3": "{server} shows its login page",
    "A5": "{server} asks for consent",
    "T2": "{server} issues two tokens",
    "F2": "{server} issues two new tokens",
}
#: Method and path of a call at the API, and what is asked.
_CALLS = {
    "GET /photos": "{client} asks for the photos",
    "GET /photos/[^/]+/image": "{client} asks for an image",
    "GET /me": "{client} asks who the user is",
    "POST /photos": "{client} adds a photo",
    "(PATCH|PUT) /photos/.+": "{client} changes a photo",
    "DELETE /photos/.+": "{client} deletes a photo",
    "(GET|POST) /oauth/userinfo": "{client} asks {server} who the user is",
}
#: Method and tool of an agent's message (Model Context Protocol), and what is asked.
_AGENTS_CALLS = {
    "server/discover": "{client} asks what Photo API offers, through MCP",
    "tools/list": "{client} asks for the tools, through MCP",
    "tools/call list_photos": "{client} asks for the photos through MCP",
    "tools/call show_photo": "{client} asks for a photo through MCP",
    "tools/call rename_photo": "{client} renames a photo through MCP",
}
_DECISIONS = {"allow": "The user allows access", "deny": "The user denies access"}


def request(message: Message, names: Names) -> str:
    """Return what the request asks."""
    if message.attacker:
        return _attack(message, names)
    if message.is_sent_again:
        return f"The inspector sends {message.step or 'a message'} again"
    special = _special_request(message)
    if special:
        return special.format(client=names.client, server=names.server)
    if message.step:
        return _REQUESTS[message.step].format(client=names.client)
    found = page_stories.find(message.exchange, names)
    return _shorten(found or f"The browser opens a page of {names.of(message.target)}")


def response(message: Message, names: Names) -> str:
    """Return what the response says."""
    exchange, sender = message.exchange, names.of(message.target)
    if exchange.status >= 500:
        return f"{sender} fails"
    if exchange.status >= 400:
        return f"{sender} refuses"
    if message.answer_step in _RESPONSES:
        said = _RESPONSES[message.answer_step].format(server=names.server)
        if "id_token" in response_json.document(exchange):
            said = f"{said} and an ID token"
        return said
    if exchange.status >= 300:
        return f"{sender} redirects the browser"
    return _content(exchange, sender)


def leading(step: str, names: Names) -> str:
    """Return what a redirect asks if its target is not shown or not recorded."""
    if step in _REQUESTS:
        return _REQUESTS[step].format(client=names.client)
    return f"{names.server} redirects the browser"


def _attack(message: Message, names: Names) -> str:
    if steps.is_sent_by_a_victim(message.exchange):
        return "The attacker makes a browser send this"
    return _ATTACKS.get(message.step, "The attacker sends a request").format(client=names.client)


def _special_request(message: Message) -> str:
    """Return the sentence for a request whose step alone does not say what it asks, or ""."""
    exchange = message.exchange
    match message.step:
        case "A6":
            return _DECISIONS.get(steps.form_field(exchange, "decision"), "")
        case "A7" if "code" not in dict(exchange.query):
            return "The browser brings an error to {client}"
        case "R1":
            return _call(exchange)
        case "E1" if message.source == Lane.BROWSER:
            return "The user removes the access of {client}"
        case "" if exchange.path == steps.AUTHORIZATION and exchange.method == "GET":
            return _describe_repetition(message)
    return ""


def _describe_repetition(message: Message) -> str:
    before = message.redirected_by
    if before and before.step == "A4":
        return "The browser asks again, after the sign-in"
    return "The browser asks again"


def _call(exchange: Exchange) -> str:
    called = f"{exchange.method} {exchange.path}"
    if called == "POST /mcp":
        return _describe_agent_call(exchange)
    return next((text for path, text in _CALLS.items() if re.fullmatch(path, called)), "")


def _describe_agent_call(exchange: Exchange) -> str:
    method, tool = (steps.header(exchange, name) for name in steps.MCP_HEADERS)
    return _AGENTS_CALLS.get(f"{method} {tool}".strip(), "{client} calls Photo API through MCP")


def _content(exchange: Exchange, sender: str) -> str:
    """Return what a successful response contains."""
    said = _document(response_json.document(exchange))
    body = exchange.response_body
    if any(event.get("event") == "grant_ended" for event in exchange.events):
        said = "ends the grant"
    elif body.media_type == "text/html":
        said = "shows a page"
    elif body.media_type.startswith("image/"):
        said = "returns the image"
    return f"{sender} {said}"


def _document(  # noqa: C901, PLR0911 - one case for each kind of response
    document: dict[str, Any],
) -> str:
    match document:
        case {"active": True}:
            return "says that it is active"
        case {"active": _}:
            return "says that it is not active"
        case {"photos": list(photos)}:
            return f"returns {len(photos)} photos"
        case {"registration_client_uri": _} | {"client_id": _, "redirect_uris": _}:
            return "returns the registration"
        case {"name": _}:
            return "returns the user’s name"
        case {"sub": _}:
            return "says which account the user has"
        case {"keys": _}:
            return "returns its public keys"
        case {"authorization_servers": _}:
            return "names its authorization server"
        case {"result": {"tools": _}}:
            return "returns its tools"
        case {"result": _}:
            return "returns the result"
        case {"issuer": _}:
            return "returns its metadata"
    return "answers"


def _shorten(sentence: str) -> str:
    """Return the first part of a sentence, without its full stop."""
    return re.split(r"[,.](?=\s|$)", sentence, maxsplit=1)[0]
