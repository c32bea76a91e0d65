"""Say what a message that was sent again did to its grant, from the event log."""

from collections.abc import Iterator
from typing import Any

from inspector.read.reasons import phrase
from inspector.record.exchange import Exchange

_USED_TWICE = {
    "code_replayed": "a code was used twice",
    "refresh_token_replayed": "a refresh token was used twice",
}
_NOTHING = "The grant did not change."


def effects(exchange: Exchange, server_name: str) -> list[str]:
    """Return a sentence for each effect."""
    events = {str(event.get("event")): event for event in exchange.events}
    found = [*_end(events), *_new_tokens(events, server_name)]
    return found or [_NOTHING]


def _end(events: dict[str, dict[str, Any]]) -> Iterator[str]:
    if "grant_ended" in events:
        reason = str(events.get("request_refused", {}).get("reason"))
        why = _USED_TWICE.get(reason) or phrase(events["grant_ended"])
        yield f"The grant ended: {why}. All of its tokens stopped working immediately."
    elif "token_revoked" in events:
        yield "The grant had already ended."


def _new_tokens(events: dict[str, dict[str, Any]], server_name: str) -> Iterator[str]:
    refreshed = events.get("tokens_refreshed")
    if "code_redeemed" in events:
        yield "The code is redeemed now."
    elif "refresh_token_retried" in events:
        yield (
            f"{server_name} accepted a spent refresh token once more, because the first response "
            "can get lost. The tokens of that response stopped working."
        )
    elif refreshed:
        yield "The refresh token is spent now."
    if refreshed or "code_redeemed" in events:
        yield (
            "Nobody has the new tokens: the inspector does not keep the response. The recording "
            "has them only masked and encrypted."
        )
    if "refresh_token_retried" in events:
        yield (
            "Print Shop’s tokens no longer work. When Print Shop presents its refresh token, "
            f"{server_name} ends the grant."
        )
    elif refreshed:
        yield (
            "Print Shop does not know about them. If it presents its spent refresh token more than "
            f"{refreshed.get('grace')} seconds later, {server_name} ends the grant."
        )
