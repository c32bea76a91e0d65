"""Find out what an exchange is in the flow: its sender, its receiver, and its step A1 … E1."""

import re
from enum import IntEnum
from urllib.parse import urlsplit

from config import DEMO_INTROSPECTION_CLIENT_ID
from inspector.read import response_json
from inspector.record import headers
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
#: The start of the lab's User-Agent, and of that of its attacker.
LAB = "Tripod lab: "
ATTACKER = "Tripod lab: mallory"
#: The User-Agent of the inspector's own introspection requests, which belong to no flow.
INSPECTORS_QUESTION = "Tripod inspector: question"
#: The User-Agent of a message that the inspector sent again, with the id of the first one.
_SENT_AGAIN = re.compile(r"Tripod inspector: again (?P<id>[0-9]{1,15})")

AUTHORIZATION = "/oauth/authorize"
USERINFO = "/oauth/userinfo"
REGISTRATION = "/oauth/register"
LOGOUT, LOGOUT_CONFIRMATION = "/oauth/logout", "/oauth/logout/confirmation"
BACK_CHANNEL_LOGOUT = "/backchannel-logout"
#: The headers that say what an agent asks (Model Context Protocol).
MCP_HEADERS = ("Mcp-Method", "Mcp-Name")
FOR_MACHINES = (
    *("/oauth/token", "/oauth/introspect", "/oauth/revoke", "/oauth/jwks"),
    *(USERINFO, REGISTRATION),
)
_WELL_KNOWN_PAGE = "/.well-known/change-password"
_POSTS = {"/login": "A4", "/oauth/authorize": "A6", "/oauth/revoke": "E1"}
_ANSWERS_TO_GET = {"/login": "A3", "/login/account": "A3", AUTHORIZATION: "A5"}
_GRANT_TYPES = {"refresh_token": "F1", "authorization_code": "T1"}


def target(exchange: Exchange) -> Lane:
    """Return the receiver of the request."""
    return LEGS[exchange.leg]


def source(exchange: Exchange) -> Lane:
    """Return the sender of the request.

    At machine endpoints it is a client, or the resource API when it introspects. A preflight
    always comes from the browser.
    """
    if exchange.method == "OPTIONS":
        return Lane.BROWSER
    if exchange.leg == "resource_api":
        return _source_of_call(exchange)
    if exchange.path == "/oauth/introspect" and asked_by(exchange) == DEMO_INTROSPECTION_CLIENT_ID:
        return Lane.RESOURCE_API
    if not is_for_machines(exchange):
        return Lane.BROWSER
    if exchange.leg == "client_app":
        return Lane.AUTHORIZATION_SERVER
    return Lane.CLIENT


def _source_of_call(exchange: Exchange) -> Lane:
    accepts_html = "text/html" in header(exchange, "Accept")
    if accepts_html and not header(exchange, "Authorization"):
        return Lane.BROWSER
    return Lane.CLIENT


def is_for_machines(exchange: Exchange) -> bool:
    """Return whether the address is for programs and not for browsers."""
    if exchange.leg == "resource_api":
        return True
    if exchange.leg == "client_app":
        return exchange.path == BACK_CHANNEL_LOGOUT
    if exchange.path == _WELL_KNOWN_PAGE:
        return False
    is_registration = exchange.path.startswith(f"{REGISTRATION}/")
    return is_registration or exchange.path in FOR_MACHINES or "/.well-known/" in exchange.path


def is_of_the_protocol(exchange: Exchange) -> bool:
    """Return whether the exchange is more than a page that a user opens."""
    if request_step(exchange) or exchange.path in (LOGOUT, LOGOUT_CONFIRMATION):
        return True
    return is_for_machines(exchange) and exchange.path != "/"


def asked_by(exchange: Exchange) -> str | None:
    """Return the client that the request names: by HTTP Basic, in its form or in its query."""
    scheme, _, credentials = header(exchange, "Authorization").partition(" ")
    if scheme.lower() == "basic" and ":" in credentials:
        return credentials.partition(":")[0]
    in_query = dict(exchange.query).get("client_id")
    return dict(exchange.request_body.form).get("client_id") or in_query


def is_the_labs(exchange: Exchange) -> bool:
    """Return whether the lab sent it, in any role."""
    return header(exchange, "User-Agent").startswith(LAB)


def is_the_attackers(exchange: Exchange) -> bool:
    """Return whether the lab's attacker sent it or made a browser send it."""
    return header(exchange, "User-Agent").startswith(ATTACKER)


def is_a_question_of_the_inspector(exchange: Exchange) -> bool:
    """Return whether the inspector itself introspected a token, with Photo API's account."""
    is_answered = exchange.path == "/oauth/introspect" and exchange.status == 200
    is_marked = header(exchange, "User-Agent") == INSPECTORS_QUESTION
    return is_marked and is_answered and asked_by(exchange) == DEMO_INTROSPECTION_CLIENT_ID


def sent_again(exchange_id: int) -> str:
    """Return the User-Agent for sending the message with this id again."""
    return f"Tripod inspector: again {exchange_id}"


def sent_again_from(exchange: Exchange) -> int | None:
    """Return the id of the message that the inspector sent again as `exchange`, or None."""
    found = _SENT_AGAIN.fullmatch(header(exchange, "User-Agent"))
    if found is None:
        return None
    return int(found["id"])


def is_sent_by_a_victim(exchange: Exchange) -> bool:
    """Return whether the lab's attacker made another user's browser send it."""
    return is_the_attackers(exchange) and "browser" in header(exchange, "User-Agent")


def request_step(exchange: Exchange) -> str:
    """Return the step of the request, judged by its content alone, or ""."""
    match exchange.leg, exchange.method, exchange.path:
        case "client_app", "GET", "/connect":
            return "A1"
        case "client_app", "GET", "/callback":
            return "A7"
        case ("resource_api", _, _) | ("auth_server", _, "/oauth/userinfo"):
            return _step_of_call(exchange)
        case "auth_server", "POST", path:
            return _step_of_post(exchange, path)
        case "auth_server", "GET", "/oauth/authorize":
            return "A2"
    return ""


def _step_of_call(exchange: Exchange) -> str:
    if header(exchange, "Authorization").lower().startswith("bearer "):
        return "R1"
    return ""


def _step_of_post(exchange: Exchange, path: str) -> str:
    if path in _POSTS:
        return _POSTS[path]
    if path == "/oauth/token":
        return _GRANT_TYPES.get(form_field(exchange, "grant_type"), "")
    if path == "/oauth/introspect":
        if source(exchange) == Lane.RESOURCE_API:
            return "R2"
    elif any(event.get("event") == "grant_ended" for event in exchange.events):
        return "E1"
    return ""


def answer_step(exchange: Exchange) -> str:
    """Return the step of the response, or "". A refusal has no step."""
    step = request_step(exchange)
    if step == "R1" and exchange.status < 300:
        return "R3"
    if exchange.status != 200 or step == "R1":
        return ""
    if exchange.method == "GET" and exchange.leg == "auth_server":
        return _ANSWERS_TO_GET.get(exchange.path, "")
    return {"T1": "T2", "F1": "F2"}.get(step, "")


def registered_client(exchange: Exchange) -> dict[str, str]:
    """Return what the server answered to a client that registered itself, or {}."""
    if (exchange.method, exchange.path) != ("POST", REGISTRATION) or exchange.status >= 300:
        return {}
    return response_json.members(exchange)


def form_field(exchange: Exchange, name: str) -> str:
    """Return the value of a field of the request's form, or ""."""
    return dict(exchange.request_body.form).get(name, "")


def header(exchange: Exchange, name: str) -> str:
    """Return the value of a header of the request, or ""."""
    return headers.value(exchange.request_headers, name)


def answer_header(exchange: Exchange, name: str) -> str:
    """Return the value of a header of the response, or ""."""
    return headers.value(exchange.response_headers, name)


def location(exchange: Exchange) -> str:
    """Return the full address to which the response redirects, or "" if there is none."""
    address = answer_header(exchange, "Location")
    if address.startswith("/"):
        address = f"http://{exchange.host}{address}"
    try:
        urlsplit(address)
    except ValueError:
        return ""
    return address


def leads_to(exchange: Exchange, other: Exchange) -> bool:
    """Return whether the response of `exchange` redirects to the address of `other`."""
    parts = urlsplit(location(exchange))
    return (parts.netloc, parts.path) == (other.host, other.path) and 300 <= exchange.status < 400
