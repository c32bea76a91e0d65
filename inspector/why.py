"""Why something was refused: the check that failed, as the event log tells it, while the wire says what the RFC allows."""

from typing import Any

from inspector.exchange import Exchange

_REFUSALS = {
    "request_refused",
    "authorization_request_refused",
    "introspection_refused",
    "token_not_active",
    "access_refused",
    "form_refused",
    "authorization_response_refused",
    "access_token_request_failed",
    "refresh_failed",
}
#: What the event log calls some reasons, said plainly.
_PLAINLY = {
    "Code challenge failed.": "the verifier does not match the challenge of the authorization request",
    'Missing "code_verifier".': "the verifier is missing",
    "unknown_state": "the state is not one that this browser was given",
    "issuer_mismatch": "the issuer is not the one that was asked",
    "issuer_missing": "the issuer is missing",
    "not active": "Tripod ID says that the token is not active",
    "not an access token": "it is a refresh token, not an access token",
    "replay": "what is good for one use was presented once more",
    "scope withdrawn": "the client’s registration lost all of its scopes",
}


def reasons(exchange: Exchange) -> list[str]:
    """The checks that failed, in the order in which the event log tells of them."""
    found = [_reason(event) for event in exchange.events if event.get("event") in _REFUSALS]
    if any(event.get("event") == "sign_in_refused" for event in exchange.events):
        found.append("the username or the password is wrong; which of them, nobody is told")
    return list(dict.fromkeys(filter(None, found)))


def endings(exchange: Exchange) -> list[str]:
    """What ended as a consequence: the grants, and why."""
    return [_reason(event) for event in exchange.events if event.get("event") == "grant_ended"]


def plainly(reason: str) -> str:
    """A reason of the event log in words that need no log beside them."""
    return _PLAINLY.get(reason, reason)


def _reason(event: dict[str, Any]) -> str:
    return plainly(str(event.get("reason") or ""))
