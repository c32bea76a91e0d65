"""What each message is for, in the words of the pages that show it before it is sent."""

from typing import NamedTuple

from inspector.read import steps
from inspector.record.exchange import Exchange


class Purpose(NamedTuple):
    """What a message does, as a heading, and why it is sent. `{server}` is the server's name."""

    heading: str
    why: str


_PURPOSES = {
    "A2": Purpose(
        "Print Shop asks for access",
        "Print Shop sends your browser to {server}, because only {server} may see your password. "
        "The state ties the response to this browser. The code_challenge is the hash of a secret "
        "that Print Shop keeps: the code_verifier.",
    ),
    "T1": Purpose(
        "Print Shop redeems the code",
        "The code came through the browser, where others may have seen it. So it is not a token: "
        "{server} exchanges it once, and only for the client that has the client secret and the "
        "code_verifier. It expires soon. If you wait too long, {server} refuses it.",
    ),
    "R1": Purpose(
        "Print Shop calls Photo API",
        "The access token proves the permission. Photo API asks {server} whether it is active, and "
        "for which scope.",
    ),
    "F1": Purpose(
        "Print Shop refreshes its tokens",
        "The access token has expired, or you asked for a new one. Print Shop exchanges its "
        "refresh token for two new tokens. The old one is then spent.",
    ),
    "E1": Purpose(
        "Print Shop revokes its tokens",
        "Print Shop has deleted its tokens. {server} ends the grant, so that copies of them stop "
        "working too.",
    ),
    "/oauth/userinfo": Purpose(
        "Print Shop asks who you are",
        "The access token proves the permission. {server} tells what the scopes profile and email "
        "allow.",
    ),
    "/oauth/jwks": Purpose(
        "Print Shop fetches the public keys of {server}",
        "With them, Print Shop checks that {server} signed the ID token. It keeps the keys for "
        "some time.",
    ),
    "metadata": Purpose(
        "Print Shop reads the addresses of {server}’s endpoints",
        "They are in the metadata of {server}, with what it supports. Print Shop keeps the "
        "metadata for some minutes.",
    ),
}
_OTHER = Purpose("Print Shop sends a request", "Print Shop needs the response for the page.")


def step_of(exchange: Exchange) -> str:
    """Return the step that the message will be, or ""."""
    if exchange.path == "/oauth/revoke":
        return "E1"  # whether a grant ends is known later
    return steps.request_step(exchange)


def purpose_of(exchange: Exchange, server: str) -> Purpose:
    """Return what the message is for. `server` is the name of the authorization server."""
    key = step_of(exchange)
    if "/.well-known/" in exchange.path:
        key = "metadata"
    found = _PURPOSES.get(exchange.path) or _PURPOSES.get(key, _OTHER)
    return Purpose(*(text.format(server=server) for text in found))
