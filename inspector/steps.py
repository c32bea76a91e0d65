"""What a recorded exchange is in the flow: from whom to whom, over which channel, and which of the steps A1 … E1."""

from enum import IntEnum
from urllib.parse import urlsplit

from config import DEMO_INTROSPECTION_CLIENT_ID
from inspector.exchange import Exchange


class Lane(IntEnum):
    """The lifelines, from left to right."""

    BROWSER = 0
    CLIENT = 1
    AUTHORIZATION_SERVER = 2
    RESOURCE_API = 3


LEGS = {
    "client_app": Lane.CLIENT,
    "auth_server": Lane.AUTHORIZATION_SERVER,
    "resource_api": Lane.RESOURCE_API,
}
#: How the lab signs what its attacker sends herself.
ATTACKER = "Tripod lab: mallory"

TOKEN = "/oauth/token"  # noqa: S105  an address
INTROSPECTION = "/oauth/introspect"
REVOCATION = "/oauth/revoke"
AUTHORIZATION = "/oauth/authorize"


def target(exchange: Exchange) -> Lane:
    """Whom the request was for."""
    return LEGS[exchange.leg]


def source(exchange: Exchange) -> Lane:
    """Who sent the request. At the back channel's endpoints that is a client, or the resource API that introspects."""
    if exchange.leg == "resource_api":
        return Lane.CLIENT if header(exchange, "Authorization") else Lane.BROWSER
    if exchange.path == INTROSPECTION and asked_by(exchange) == DEMO_INTROSPECTION_CLIENT_ID:
        return Lane.RESOURCE_API
    return Lane.CLIENT if is_for_machines(exchange) else Lane.BROWSER


def is_for_machines(exchange: Exchange) -> bool:
    """Whether a server is asked by a program, not by a browser."""
    if exchange.leg == "resource_api":
        return True
    endpoints = (TOKEN, INTROSPECTION, REVOCATION)
    return exchange.leg == "auth_server" and (exchange.path in endpoints or "/.well-known/" in exchange.path)


def asked_by(exchange: Exchange) -> str | None:
    """The client that a message names: by HTTP Basic, in its form or in its query."""
    scheme, _, credentials = header(exchange, "Authorization").partition(" ")
    if scheme.lower() == "basic" and ":" in credentials:
        return credentials.partition(":")[0]
    return dict(exchange.request_body.form).get("client_id") or dict(exchange.query).get("client_id")


def is_the_attackers(exchange: Exchange) -> bool:
    """Whether the lab's attacker sent it herself."""
    return header(exchange, "User-Agent").startswith(ATTACKER)


def request_step(exchange: Exchange) -> str:
    """The step that the request is, by its address alone; "" when the steps leave it out."""
    match exchange.leg, exchange.method, exchange.path:
        case "client_app", "GET", "/connect":
            return "A1"
        case "client_app", "GET", "/callback":
            return "A7"
        case "auth_server", "POST", path:
            return _posted_to_the_authorization_server(exchange, path)
        case "auth_server", "GET", "/oauth/authorize":
            return "A2"
        case "resource_api", _, path if path != "/":
            return "R1"
    return ""


def _posted_to_the_authorization_server(exchange: Exchange, path: str) -> str:
    if path == TOKEN:
        return "F1" if dict(exchange.request_body.form).get("grant_type") == "refresh_token" else "T1"
    ends_a_grant = any(event.get("event") == "grant_ended" for event in exchange.events)
    named = {"/login": "A4", AUTHORIZATION: "A6", INTROSPECTION: "R2", REVOCATION: "E1"}
    return named.get(path, "E1" if ends_a_grant else "")


def answer_step(exchange: Exchange) -> str:
    """The step that the answer is; "" when the steps leave it out, as they do with refusals."""
    if exchange.status != 200:
        return "R3" if exchange.leg == "resource_api" and exchange.status < 300 else ""
    match exchange.leg, exchange.method, exchange.path:
        case "auth_server", "GET", "/login":
            return "A3"
        case "auth_server", "GET", "/oauth/authorize":
            return "A5"
        case "auth_server", "POST", "/oauth/token":
            return "F2" if request_step(exchange) == "F1" else "T2"
        case "resource_api", _, path if path != "/":
            return "R3"
    return ""


def header(exchange: Exchange, name: str) -> str:
    """The value of a header of the request; "" when there is none."""
    return next((value for key, value in exchange.request_headers if key.lower() == name.lower()), "")


def location(exchange: Exchange) -> str:
    """Where the answer sends the browser, in full; "" when it stays, or nobody can tell."""
    value = next((value for key, value in exchange.response_headers if key.lower() == "location"), "")
    full = f"http://{exchange.host}{value}" if value.startswith("/") else value
    try:
        urlsplit(full)
    except ValueError:
        return ""
    return full


def leads_to(exchange: Exchange, other: Exchange) -> bool:
    """Whether the answer of `exchange` sends the browser to where `other` arrived."""
    parts = urlsplit(location(exchange))
    return (parts.netloc, parts.path) == (other.host, other.path) and 300 <= exchange.status < 400
