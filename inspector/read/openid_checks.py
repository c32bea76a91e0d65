"""Compare the claims of ID tokens and logout tokens, as their receivers do."""

from collections.abc import Iterator, Sequence
from typing import Any

from inspector.read import response_json, steps
from inspector.read.comparison import Check, compare
from inspector.read.messages import Message
from inspector.record.exchange import Exchange

Checks = Iterator[Check | None]


def of_id_token(message: Message, before: Sequence[Exchange]) -> Checks:
    """Yield the checks of the ID token in a token response (OpenID Connect Core §3.1.3.7)."""
    exchange = message.exchange
    token = signed_token(exchange, "id_token")
    if token is None:
        return
    request = next((one for one in reversed(before) if steps.request_step(one) == "A2"), None)
    if request and message.step == "T1":
        sent = dict(request.query).get("nonce", "")
        yield compare("nonce of the ID token equals that of A2", claim(token, "nonce"), sent)
    yield compare(
        "aud of the ID token equals the client_id",
        claim(token, "aud"),
        steps.asked_by(exchange) or "",
    )
    yield compare(
        "iss of the ID token equals the issuer", claim(token, "iss"), f"http://{exchange.host}"
    )
    yield compare(
        "at_hash equals the hash of the access token", claim(token, "at_hash"), token["at_hash"]
    )
    yield _compare_times("iat of the ID token is not in the future", token, "iat", exchange)
    yield _compare_times("exp of the ID token is in the future", token, "exp", exchange)
    if message.step == "F1":
        first = _find_last_token(before)
        yield compare("sub equals that of the first ID token", claim(token, "sub"), first)


def of_userinfo(message: Message, before: Sequence[Exchange]) -> Checks:
    """Yield the check of a userinfo response (OpenID Connect Core §5.3.4)."""
    subject = response_json.members(message.exchange).get("sub", "")
    if message.exchange.path == steps.USERINFO:
        yield compare("sub equals that of the ID token", subject, _find_last_token(before))


def of_logout(message: Message, before: Sequence[Exchange]) -> Checks:
    """Yield the check of the hint in a logout request."""
    hint = dict([*message.exchange.query, *message.exchange.request_body.form])
    newest = (response_json.members(one).get("id_token", "") for one in reversed(before))
    issued = next(filter(None, newest), "")
    yield compare("the hint is the newest ID token", hint.get("id_token_hint", ""), issued)


def of_logout_token(message: Message, before: Sequence[Exchange]) -> Checks:
    """Yield the checks of a logout token (OpenID Connect Back-Channel Logout §2.6)."""
    token = signed_token(message.exchange, "logout_token")
    if token is None:
        return
    for name in ("iss", "aud", "sub", "sid"):
        expected = _find_last_token(before, name)
        yield compare(f"{name} equals that of the ID token", claim(token, name), expected)
    yield _compare_times("exp is in the future", token, "exp", message.exchange)


def signed_token(exchange: Exchange, parameter: str) -> dict[str, Any] | None:
    """Return the decoded token of this parameter, or None."""
    found = (token for token in exchange.signed_tokens if token["parameter"] == parameter)
    return next(found, None)


def claim(token: dict[str, Any], name: str) -> str:
    """Return a claim as text, or ""."""
    return response_json.as_text(token["claims"].get(name, ""))


def _find_last_token(before: Sequence[Exchange], name: str = "sub") -> str:
    """Return a claim of the last ID token that was issued, or ""."""
    issued = (signed_token(one, "id_token") for one in reversed(before))
    token = next(filter(None, issued), None)
    if token is None:
        return ""
    return claim(token, name)


def _compare_times(
    words: str, token: dict[str, Any], name: str, exchange: Exchange
) -> Check | None:
    """Compare a time of the token with the time of the response, in whole seconds."""
    value, received = token["claims"].get(name), int(exchange.ended_at)
    if not isinstance(value, int):
        return None
    if name == "exp":
        return Check(words, received < value, str(value), str(received), (">", "≤"))
    return Check(words, value <= received, str(value), str(received), ("≤", ">"))
