"""Say why the authorization server did not ask the user to sign in, or to consent."""

from collections.abc import Iterable
from datetime import UTC, datetime

from inspector.read import steps
from inspector.record.exchange import Exchange


def skipped_steps(exchanges: Iterable[Exchange], server: str) -> list[str]:
    """Return a sentence for each step that a successful authorization left out.

    `server` is the name of the authorization server. What happens at another one is not recorded.
    """
    by_step = {steps.request_step(exchange): exchange for exchange in exchanges}
    response = by_step.get("A7")
    if response is None or response.status >= 400:
        return []
    sentences = []
    if "A2" in by_step and "A4" not in by_step:
        sentences.append(f"You were already signed in at {server}.")
    allowed_at = _find_consent(by_step.values())
    if allowed_at is not None:
        sentences.append(f"You allowed this on {_format(allowed_at)}.")
    return sentences


def _find_consent(exchanges: Iterable[Exchange]) -> int | None:
    """Return when the user gave the consent that the server remembered, or None."""
    for exchange in exchanges:
        for event in exchange.events:
            if event.get("event") == "consent_remembered":
                return int(event["allowed_at"])
    return None


def _format(epoch_seconds: int) -> str:
    moment = datetime.fromtimestamp(epoch_seconds, UTC)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"
