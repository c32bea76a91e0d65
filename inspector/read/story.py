"""One sentence or two for each message: who does what, and what came of it."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from inspector.read import steps
from inspector.read.messages import Message
from inspector.read.steps import Lane
from inspector.record.exchange import Exchange

Teller = Callable[[Message, str], str]


def sentence(message: Message, client: str) -> str:
    """What happens in `message`; `client` is the name of the client that takes part in it."""
    if message.attacker:
        return _attack(message, client)
    tell = _STEPS.get(message.step)
    return tell(message, client) if tell else _page(message, client)


def _attack(message: Message, client: str) -> str:
    exchange = message.exchange
    borrowed = (
        f", in the name of {client}" if steps.asked_by(exchange) and not message.front else ""
    )
    sends = "has another’s browser send" if steps.is_led_astray(exchange) else "sends"
    is_refused = exchange.status >= 400 or "error" in _carried(exchange)
    refused = f" {_NAMES[message.target]} refuses it." if is_refused else ""
    return f"The attacker {sends} this{borrowed}.{refused}"


def _starts(message: Message, client: str) -> str:
    if steps.location(message.exchange):
        return f"The person starts at {client}, which answers with an authorization request for her browser to carry."
    return f"The person starts at {client}, which cannot go on."


def _asks(message: Message, client: str) -> str:
    asked = f"{client} asks for access, through the browser: who it is, what for, and where the answer is to be sent."
    return f"{asked} {_decided(message.exchange)}".strip()


def _decided(exchange: Exchange) -> str:
    """What Tripod ID does with an authorization request, but for showing its login page."""
    if exchange.status >= 400:
        return "Tripod ID does not trust the request, so it sends the browser nowhere."
    if exchange.status == 200:
        return "The person is signed in, so Tripod ID asks for her consent."
    carried = _carried(exchange)
    if "code" in carried:
        return "The person is signed in and has allowed this before, so Tripod ID answers at once."
    return "Tripod ID refuses, and the browser carries that back." if "error" in carried else ""


def _signs_in(message: Message, _client: str) -> str:
    if message.exchange.status >= 400:
        return "Somebody tries to sign in, and Tripod ID does not let her in."
    return "The person signs in. Her password goes to Tripod ID and to nobody else."


def _decides(message: Message, client: str) -> str:
    carried = _carried(message.exchange)
    if "code" in carried:
        return f"The person says what she allows. Tripod ID makes a code of it, for {client} alone."
    if message.exchange.status >= 400 or not carried:
        return "Tripod ID does not take this form. No code is made."
    if steps.form_field(message.exchange, "decision") == "deny":
        return "The person says no. Tripod ID sends the browser back with that, and makes no code."
    return "Tripod ID refuses, and the browser carries that back. No code is made."


def _comes_to_the_client(message: Message, client: str) -> str:
    if _is_no_answer(message.exchange):
        return f"A browser opens the callback with something that {client} does not accept."
    if "error" in dict(message.exchange.query):
        return f"The browser brings Tripod ID’s refusal to {client}."
    if message.exchange.status >= 400:
        return f"The browser brings a code to {client}, which gets no tokens for it."
    return f"The browser brings the code to {client}, with the state that proves that this browser began the round trip."


def _is_no_answer(exchange: Exchange) -> bool:
    """Whether the client takes it for no answer to anything that it asked."""
    refused = (
        event for event in exchange.events if event.get("event") == "authorization_response_refused"
    )
    return any(event.get("reason") != dict(exchange.query).get("error") for event in refused)


def _redeems(message: Message, client: str) -> str:
    exchange = message.exchange
    if exchange.status != 200:
        return f"{client} presents a code, and gets no tokens for it."
    has_a_secret = steps.header(exchange, "Authorization") or steps.form_field(
        exchange, "client_secret"
    )
    proof = (
        "who it is (secret) and"
        if has_a_secret
        else "by the verifier alone, since it has no secret,"
    )
    end = " (verifier)" if has_a_secret else ""
    return (
        f"{client} exchanges the code for tokens, server to server. Here it proves {proof} "
        f"that it began this round trip{end}."
    )


def _opens(message: Message, client: str) -> str:
    if message.exchange.status in (401, 403):
        return f"{client} comes with an access token that does not open this."
    if message.exchange.status >= 400:
        return f"{client} comes with an access token, and asks for what is not there, or not as it is asked for."
    if any(inner.step == "R2" for inner in message.inside):
        return f"{client} opens the door with the access token. Photo API asks Tripod ID about it, every time."
    return f"{client} opens the door with the access token."


def _goes_on(message: Message, client: str) -> str:
    return f"{client} goes on with the new access token."


def _is_asked_about(message: Message, _client: str) -> str:
    return "Photo API asks whether the token is active, whose it is and what it is good for."


def _refreshes(message: Message, client: str) -> str:
    if message.exchange.status != 200:
        return f"{client} presents a refresh token, and gets no new tokens for it."
    return f"{client} exchanges its refresh token for a new pair of tokens; the old one is spent."


def _ends(message: Message, client: str) -> str:
    if message.exchange.path != "/oauth/revoke":
        return "The person takes an app out. The grant ends, and with it every token of it."
    if message.exchange.status != 200:
        return f"{client} gives a token back, and Tripod ID does not take it."
    if message.outer and message.outer.step == "A7":
        return f"{client} gives back the refresh token of an older connection. That grant ends; this one has just begun."
    if any(event.get("event") == "grant_ended" for event in message.exchange.events):
        return f"{client} gives its token back. The grant ends, and with it every token of it."
    return f"{client} gives a token back. There is nothing left that could end."


_STEPS: dict[str, Teller] = {
    "A1": _starts,
    "A2": _asks,
    "A4": _signs_in,
    "A6": _decides,
    "A7": _comes_to_the_client,
    "T1": _redeems,
    "R1": _opens,
    "R2": _is_asked_about,
    "F1": _refreshes,
    "F3": _goes_on,
    "E1": _ends,
}
_NAMES = {
    Lane.CLIENT: "Print Shop",
    Lane.AUTHORIZATION_SERVER: "Tripod ID",
    Lane.RESOURCE_API: "Photo API",
}
#: What is no step, by leg, method and address; the first that fits.
_PAGES = [
    (re.compile(pattern), text)
    for pattern, text in (
        (r"client_app GET /", "The browser opens {client}’s first page."),
        (r"client_app GET /photos", "The person opens her album."),
        (
            r"client_app GET /photos/[^/]+/image",
            "The browser loads a picture, through {client}, since it has no token.",
        ),
        (r"client_app POST /photos", "The person adds a photo."),
        (r"client_app POST /photos/[^/]+/title", "The person renames a photo."),
        (r"client_app GET /photos/[^/]+/delete", "The person is asked whether a photo is to go."),
        (r"client_app POST /photos/[^/]+/delete", "The person deletes a photo."),
        (r"client_app \w+ /orders.*", "The person orders prints."),
        (r"client_app POST /refresh", "The person has {client} refresh its tokens now."),
        (
            r"client_app POST /disconnect",
            "The person disconnects {client}, which forgets its tokens and gives them back.",
        ),
        (r"auth_server GET /", "Tripod ID says who is signed in."),
        (r"auth_server GET /login", "Tripod ID shows its login page."),
        (r"auth_server POST /logout", "The person signs out of Tripod ID."),
        (r"auth_server GET /account/apps", "The person looks at the apps that she has let in."),
        (r"auth_server \w+ /account/.*", "The person looks after her account at Tripod ID."),
        (r"auth_server \w+ /developer/.*", "A developer looks after her apps at Tripod ID."),
        (r"auth_server GET /\.well-known/.*", "{client} reads where Tripod ID’s endpoints are."),
        (
            r"auth_server GET /oauth/(token|introspect|revoke)",
            "{client} asks with GET where POST alone is taken.",
        ),
        (
            r"auth_server POST /oauth/token",
            "{client} asks for tokens in a way that Tripod ID does not have.",
        ),
        (r"auth_server POST /oauth/introspect", "{client} asks whether a token is active."),
        (
            r"resource_api GET /\.well-known/.*",
            "Somebody reads which server’s tokens Photo API takes.",
        ),
        (
            r"resource_api \w+ /.+",
            "Somebody comes without an access token in the Authorization header, and is told what it takes.",
        ),
    )
]


def _page(message: Message, client: str) -> str:
    exchange = message.exchange
    if (exchange.leg, exchange.method, exchange.path) == (
        "auth_server",
        "GET",
        steps.AUTHORIZATION,
    ):
        return f"The browser comes back with the same request. {_decided(exchange)}".strip()
    asked = f"{exchange.leg} {exchange.method} {exchange.path}"
    found = next((text for pattern, text in _PAGES if pattern.fullmatch(asked)), None)
    return (
        found.format(client=client)
        if found
        else f"The browser asks {_NAMES[message.target]} for {exchange.path}."
    )


def _carried(exchange: Exchange) -> dict[str, list[str]]:
    """The parameters that the answer gives the browser to carry."""
    return parse_qs(urlsplit(steps.location(exchange)).query)
