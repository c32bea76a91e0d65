"""One sentence for each message: who does what, and why."""

from inspector.message import Message
from inspector.steps import Lane

_STEPS = {
    "A1": "The person presses Connect at {client}, which answers with an authorization request for her browser to carry.",
    "A2": "{client} asks for access, through the browser: who it is, what for, and where the answer is to be sent.",
    "A4": "The person signs in. Her password goes to Tripod ID and to nobody else.",
    "A6": "The person says what she allows. Tripod ID makes a code of it, for {client} alone.",
    "A7": "The browser brings the code to {client}, with the state that proves that this browser began the round trip.",
    "T1": "{client} exchanges the code for tokens, server to server. Here it proves who it is (secret) and that it began "
    "this round trip (verifier).",
    "R1": "{client} opens the door with the access token. Photo API asks Tripod ID about it, every time.",
    "R2": "Photo API asks whether the token is active, whose it is and what it is good for.",
    "F1": "The access token ran out. {client} exchanges its refresh token for a new pair; the old one is spent.",
    "F3": "{client} goes on with the new access token.",
    "E1": "The grant ends, and with it every token of it.",
}
_PAGES = {
    ("auth_server", "/login"): "Tripod ID shows its login page.",
    (
        "auth_server",
        "/oauth/authorize",
    ): "Signed in, the browser comes back with the same request; Tripod ID asks for consent.",
    ("client_app", "/album"): "The browser asks {client} for the album.",
    ("client_app", "/refresh"): "The person has {client} refresh its tokens without need.",
    ("client_app", "/disconnect"): "The person disconnects {client}, which forgets its tokens and revokes them.",
}


def sentence(message: Message, client: str) -> str:
    """What happens in `message`; `client` is the client's name."""
    exchange = message.exchange
    if message.attacker:
        return "The attacker sends this. " + _STEPS_OF_ATTACKS.get(message.target, "")
    if "/.well-known/" in exchange.path:
        return f"{client} reads where Tripod ID’s endpoints are."
    fallback = f"{_who(message, client)} asks for {exchange.path}."
    text = _STEPS.get(message.step) or _PAGES.get((exchange.leg, exchange.path), fallback)
    return text.format(client=client)


_STEPS_OF_ATTACKS = {
    Lane.CLIENT: "Print Shop has to find out that it is no answer to anything it asked.",
    Lane.AUTHORIZATION_SERVER: "Tripod ID has to find out that it is not what it pretends to be.",
    Lane.RESOURCE_API: "Photo API has to find out that the token is not good for this.",
}


def _who(message: Message, client: str) -> str:
    return {Lane.BROWSER: "The browser", Lane.CLIENT: client}.get(message.source, "Photo API")
