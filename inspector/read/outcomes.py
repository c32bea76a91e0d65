"""Say in a few words what became of a round trip, whose it was, and which scope it had."""

from collections.abc import Iterable, Sequence
from typing import Any

from config import DEMO_SUBJECTS, LAB_SUBJECTS
from inspector.read import steps
from inspector.read.reasons import phrase
from inspector.record.exchange import Exchange

_NAMES = {subject: name for name, subject in {**DEMO_SUBJECTS, **LAB_SUBJECTS}.items()}
#: A step that was reached, and the outcome if none before it in this table was.
_REACHED = {
    "R3": "resource received",
    "F2": "tokens refreshed",
    "T2": "tokens issued",
    "A5": "waiting for the consent",
    "A3": "waiting for the sign-in",
}
_REFUSALS = {
    "access_token_request_failed": "no tokens",
    "authorization_request_refused": "refused",
}
_ISSUED = "authorization_code_issued"


def outcome(exchanges: Sequence[Exchange]) -> str:
    """Return what became of the round trip."""
    events = _events(exchanges)
    ended = _last(_without_other_grants(events), "grant_ended")
    if ended:
        return f"ended: {phrase(ended)}"
    reached = {steps.answer_step(one) for one in exchanges}
    with_tokens = next((words for step, words in _REACHED.items() if step in reached), "")
    if reached & {"R3", "F2", "T2"}:
        return with_tokens
    refused = _last(events, *_REFUSALS)
    if refused and refused.get("reason"):
        return f"{_REFUSALS[refused['event']]}: {phrase(refused)}"
    if _last(events, _ISSUED):
        return "code issued"
    return with_tokens or "started"


def person(exchanges: Sequence[Exchange]) -> str:
    """Return the username of the resource owner, or "" if nobody has signed in."""
    event = _last(_events(exchanges), _ISSUED, "consent_requested", "signed_in")
    if not event:
        return ""
    return _NAMES.get(str(event.get("sub")), "another user")


def scope(exchanges: Sequence[Exchange]) -> str:
    """Return the granted scope, or else the requested one."""
    issued = _last(_events(exchanges), _ISSUED)
    if issued:
        return str(issued.get("scope", ""))
    requested = (dict(one.query).get("scope", "") for one in exchanges if _is_request(one))
    return next(requested, "")


def _is_request(exchange: Exchange) -> bool:
    return steps.request_step(exchange) == "A2"


def _events(exchanges: Iterable[Exchange]) -> list[dict[str, Any]]:
    return [event for exchange in exchanges for event in exchange.events]


def _without_other_grants(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the events without those of a grant that was not begun here, if one was begun.

    A client that connects again revokes its former tokens in the same request.
    """
    begun = {event.get("grant_id") for event in events if event.get("event") == _ISSUED}
    if not begun:
        return events
    return [event for event in events if event.get("grant_id") in begun]


def _last(events: list[dict[str, Any]], *names: str) -> dict[str, Any] | None:
    """Return the last event with one of these names."""
    return next((one for one in reversed(events) if one.get("event") in names), None)
