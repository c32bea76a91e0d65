"""Find out why a request was refused: the check that failed, from the event log of the leg.

The response itself may say only what the RFC allows.
"""

from dataclasses import dataclass

from inspector.read import response_json, steps
from inspector.read.reasons import phrase
from inspector.record.exchange import Exchange

REFUSED = "Why it was refused"
#: The events about a failed check, and the heading for their reason.
_HEADINGS = {
    "request_refused": REFUSED,
    "authorization_request_refused": REFUSED,
    "logout_request_refused": REFUSED,
    "introspection_refused": REFUSED,
    "access_refused": REFUSED,
    "upload_refused": REFUSED,
    "form_refused": REFUSED,
    "host_refused": REFUSED,
    "logout_token_refused": REFUSED,
    "userinfo_refused": "Why userinfo was not used",
    "authorization_response_refused": "Why the flow stops",
    "access_token_request_failed": "Why there are no tokens",
    "refresh_failed": "Why there are no new tokens",
    "token_not_active": "Why the token is not active",
}
#: Errors that have the same description for every reason (RFC 6749 §5.2, RFC 6750 §3.1).
_ERRORS_WITH_ONE_DESCRIPTION = ("invalid_client", "invalid_grant", "invalid_token")


@dataclass(frozen=True)
class Refusal:
    """Why a request was refused.

    `is_in_response` says whether the response gives the reason too. It is None for a page, of which
    only the title is stored.
    """

    heading: str
    text: str
    is_in_response: bool | None


def refusals(exchange: Exchange) -> list[Refusal]:
    """Return the checks that failed, in the order of the event log."""
    found = [
        Refusal(_HEADINGS[event["event"]], phrase(event), _is_in_response(exchange))
        for event in exchange.events
        if _is_refusal(event)
    ]
    if any(event.get("event") == "sign_in_refused" for event in exchange.events):
        text = "the username or the password is wrong; the server does not say which"
        found.append(Refusal(REFUSED, text, None))
    return list(dict.fromkeys(found))


def _is_refusal(event: dict[str, object]) -> bool:
    return bool(event.get("reason")) and event.get("event") in _HEADINGS


def grant_endings(exchange: Exchange) -> list[str]:
    """Return why grants ended with this exchange, each reason once."""
    ended = [event for event in exchange.events if event.get("event") == "grant_ended"]
    return list(dict.fromkeys(phrase(event) for event in ended))


def _is_in_response(exchange: Exchange) -> bool | None:
    document, location = response_json.document(exchange), steps.location(exchange)
    if exchange.response_body.media_type == "text/html" and not location:
        return None
    if "active" in document:
        return False  # RFC 7662 §2.2: an inactive token has no other member.
    challenge = steps.answer_header(exchange, "WWW-Authenticate")
    response = f"{document.get('error')} {location} {challenge}"
    return not any(error in response for error in _ERRORS_WITH_ONE_DESCRIPTION)
