"""What a recorded exchange is in the flow: from whom to whom, over which channel, and which of the steps A1 … E1."""

from enum import IntEnum
from urllib.parse import urlsplit

from config import DEMO_INTROSPECTION_CLIENT_ID
from inspector.record.exchange import Exchange


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
#: How the lab signs what it sends, and of that what its attacker does.
LAB = "Tripod lab: "
ATTACKER = "Tripod lab: mallory"

AUTHORIZATION = "/oauth/authorize"
FOR_MACHINES = ("/oauth/token", "/oauth/introspect", "/oauth/revoke")


def target(exchange: Exchange) -> Lane:
    """Whom the request was for."""
    return LEGS[exchange.leg]


def source(exchange: Exchange) -> Lane:
    """Who sent the request. At the back channel's endpoints that is a client, or the resource API that introspects."""
    if exchange.leg == "resource_api":
        is_looked_at = "text/html" in header(exchange, "Accept") and not header(
            exchange, "Authorization"
        )
        return Lane.BROWSER if is_looked_at else Lane.CLIENT
    if exchange.path == "/oauth/introspect" and asked_by(exchange) == DEMO_INTROSPECTION_CLIENT_ID:
        return Lane.RESOURCE_API
    return Lane.CLIENT if is_for_machines(exchange) else Lane.BROWSER


def is_for_machines(exchange: Exchange) -> bool:
    """Whether a server is asked by a program, not by a browser."""
    if exchange.leg == "resource_api":
        return True
    return exchange.leg == "auth_server" and (
        exchange.path in FOR_MACHINES or "/.well-known/" in exchange.path
    )


def is_of_the_protocol(exchange: Exchange) -> bool:
    """Whether it is more than a page that somebody looks at."""
    return bool(request_step(exchange)) or (is_for_machines(exchange) and exchange.path != "/")


def asked_by(exchange: Exchange) -> str | None:
    """The client that a message names: by HTTP Basic, in its form or in its query."""
    scheme, _, credentials = header(exchange, "Authorization").partition(" ")
    if scheme.lower() == "basic" and ":" in credentials:
        return credentials.partition(":")[0]
    return dict(exchange.request_body.form).get("client_id") or dict(exchange.query).get(
        "client_id"
    )


def is_the_labs(exchange: Exchange) -> bool:
    """Whether the lab sent it, in whatever role."""
    return header(exchange, "User-Agent").startswith(LAB)


def is_the_attackers(exchange: Exchange) -> bool:
    """Whether the lab's attacker sent it, or had it sent."""
    return header(exchange, "User-Agent").startswith(ATTACKER)


def is_led_astray(exchange: Exchange) -> bool:
    """Whether the lab's attacker had another's browser send it."""
    return is_the_attackers(exchange) and "browser" in header(exchange, "User-Agent")


def request_step(exchange: Exchange) -> str:
    """The step that the request is, by what it carries alone; "" when the steps leave it out."""
    match exchange.leg, exchange.method, exchange.path:
        case "client_app", "GET", "/connect":
            return "A1"
        case "client_app", "GET", "/callback":
            return "A7"
        case "auth_server", "POST", path:
            return _posted_to_the_authorization_server(exchange, path)
        case "auth_server", "GET", "/oauth/authorize":
            return "A2"
        case "resource_api", _, _ if (
            header(exchange, "Authorization").lower().startswith("bearer ")
        ):
            return "R1"
    return ""


def _posted_to_the_authorization_server(exchange: Exchange, path: str) -> str:
    match path:
        case "/login":
            return "A4"
        case "/oauth/authorize":
            return "A6"
        case "/oauth/token":
            return {"refresh_token": "F1", "authorization_code": "T1"}.get(
                form_field(exchange, "grant_type"), ""
            )
        case "/oauth/introspect":
            return "R2" if source(exchange) == Lane.RESOURCE_API else ""
        case "/oauth/revoke":
            return "E1"
    return "E1" if any(event.get("event") == "grant_ended" for event in exchange.events) else ""


def answer_step(exchange: Exchange) -> str:
    """The step that the answer is; "" when the steps leave it out, as they do with refusals."""
    asked = request_step(exchange)
    if asked == "R1":
        return "R3" if exchange.status < 300 else ""
    if exchange.status != 200:
        return ""
    if exchange.method == "GET" and exchange.leg == "auth_server":
        return {"/login": "A3", AUTHORIZATION: "A5"}.get(exchange.path, "")
    return {"T1": "T2", "F1": "F2"}.get(asked, "")


def form_field(exchange: Exchange, name: str) -> str:
    """The value of a field of the request's form; "" when there is none."""
    return dict(exchange.request_body.form).get(name, "")


def header(exchange: Exchange, name: str) -> str:
    """The value of a header of the request; "" when there is none."""
    return next(
        (value for key, value in exchange.request_headers if key.lower() == name.lower()), ""
    )


def answer_header(exchange: Exchange, name: str) -> str:
    """The value of a header of the answer; "" when there is none."""
    return next(
        (value for key, value in exchange.response_headers if key.lower() == name.lower()), ""
    )


def location(exchange: Exchange) -> str:
    """Where the answer sends the browser, in full; "" when it stays, or nobody can tell."""
    value = answer_header(exchange, "Location")
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
