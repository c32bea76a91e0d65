"""Show the ID tokens and logout tokens of a message: header, claims, and who checks them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from inspector.read import response_json
from inspector.read.explanations import Explanation, explained_claims
from inspector.read.messages import Message
from inspector.read.names import Names

_TITLES = {
    "id_token": "The ID token, decoded",
    "id_token_hint": "The ID token in the hint, decoded",
    "logout_token": "The logout token, decoded",
}
_NOT_KEPT = "The inspector does not keep the signature, so nobody can use the token from here."


@dataclass(frozen=True)
class SignedToken:
    """A decoded token: its header and its claims, explained, and a sentence about its signature."""

    title: str
    header: list[Explanation]
    claims: list[Explanation]
    signature: str


def signed_tokens(message: Message, names: Names) -> list[SignedToken]:
    """Return the signed tokens of a message."""
    return [_read(token, message, names) for token in message.exchange.signed_tokens]


def _read(token: dict[str, Any], message: Message, names: Names) -> SignedToken:
    return SignedToken(
        _TITLES[token["parameter"]],
        explained_claims(as_texts(token["header"])),
        explained_claims(as_texts(token["claims"])),
        _describe_signature(token, message, names),
    )


def as_texts(members: dict[str, Any]) -> dict[str, str]:
    """Return the members with their values as text."""
    return {name: response_json.as_text(value) for name, value in members.items()}


def _describe_signature(token: dict[str, Any], message: Message, names: Names) -> str:
    if not token["is_signed"]:
        return "It has no signature, so anybody can have written it. A receiver must refuse it."
    if token["parameter"] == "id_token_hint":
        return f"{names.server} checks the signature with its own keys. {_NOT_KEPT}"
    event = next(_validations(message), None)
    if event is None:
        return f"{names.client} must check the signature with a key of {names.server}. {_NOT_KEPT}"
    return (
        f"{names.client} checked the signature ({event.get('alg')}) with the key "
        f"{event.get('kid')} of {names.server}. {_NOT_KEPT}"
    )


def _validations(message: Message) -> Iterator[dict[str, Any]]:
    """Yield the events of the receiver about a valid ID token, at this message or around it."""
    for each in (message, message.outer):
        if each:
            for event in each.exchange.events:
                if event.get("event") in ("id_token_validated", "logout_token_validated"):
                    yield event
