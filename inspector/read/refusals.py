"""Why something was refused: the check that failed, as the event log tells it, while the wire says what the RFC allows."""

from dataclasses import dataclass
from urllib.parse import unquote_plus

from inspector.read import response_json, steps
from inspector.record.exchange import Exchange

REFUSED = "Why it was refused"
#: The events that tell of a check which failed, and what their reason is the answer to.
_QUESTIONS = {
    "request_refused": REFUSED,
    "authorization_request_refused": REFUSED,
    "introspection_refused": REFUSED,
    "access_refused": REFUSED,
    "form_refused": REFUSED,
    "authorization_response_refused": "Why it does not go on",
    "access_token_request_failed": "Why there are no tokens",
    "refresh_failed": "Why there are no new tokens",
    "token_not_active": "Why the token is not active",
}
#: What the event log calls some reasons, said plainly.
_PLAINLY = {
    "Code challenge failed": "the verifier does not match the challenge of the authorization request",
    "unknown_state": "the state is not one that this browser was given",
    "issuer_mismatch": "the issuer is not the one that was asked",
    "issuer_missing": "the issuer is missing",
    "access_denied": "the person said no",
    "no_credentials": "there is no access token",
    "not_active": "Tripod ID says that the token is not active",
    "scope_not_granted": "the scope was not granted",
    "not_an_access_token": "it is a refresh token, not an access token",
    "duplicated_parameter": "a parameter came twice",
    "no_code": "there is no code in it",
    "invalid_grant": "Tripod ID does not take what was presented",
    "invalid_client": "Tripod ID does not know the client by what it presented",
    "unsupported_grant_type": "Tripod ID has no such grant type",
    "replay": "what is good for one use was presented once more",
    "scope withdrawn": "the client’s registration lost all of its scopes",
}


#: Error codes that stand for several checks (RFC 6749 §5.2, RFC 6750 §3.1).
_GENERAL = ("invalid_request", "invalid_client", "invalid_grant", "invalid_token")


@dataclass(frozen=True)
class Reason:
    """What the event log knows. `is_told`: whether the answer says the same; None when so much of it was not kept."""

    question: str
    text: str
    is_told: bool | None


def reasons(exchange: Exchange) -> list[Reason]:
    """The checks that failed, in the order in which the event log tells of them."""
    told = [
        event
        for event in exchange.events
        if event.get("reason") and event.get("event") in _QUESTIONS
    ]
    found = [_reason(exchange, _QUESTIONS[event["event"]], str(event["reason"])) for event in told]
    if any(event.get("event") == "sign_in_refused" for event in exchange.events):
        found.append(
            Reason(
                REFUSED,
                "the username or the password is wrong; which of them, nobody is told",
                None,
            )
        )
    return list(dict.fromkeys(found))


def endings(exchange: Exchange) -> list[str]:
    """What ended as a consequence, by the reasons why; of several grants, those that differ."""
    ended = [event for event in exchange.events if event.get("event") == "grant_ended"]
    return list(dict.fromkeys(plainly(str(event.get("reason") or "")) for event in ended))


def plainly(reason: str) -> str:
    """A reason of the event log in words that need no log beside them, without a full stop."""
    about, ended, why = reason.rstrip(".").rpartition("grant ended: ")
    return f"{about}{ended}{_PLAINLY.get(why, why)}"


def _reason(exchange: Exchange, question: str, reason: str) -> Reason:
    return Reason(question, plainly(reason), _is_told(exchange, reason))


def _is_told(exchange: Exchange, reason: str) -> bool | None:
    """Whether the answer says which check it was. Of a page no more than its title was kept."""
    document, location = response_json.document(exchange), steps.location(exchange)
    challenge = steps.answer_header(exchange, "WWW-Authenticate")
    if exchange.response_body.media_type == "text/html" and not location:
        return None
    if "active" in document:
        return False  # RFC 7662 §2.2: nothing but that it is not
    said = " ".join([str(document.get("error_description", "")), unquote_plus(location), challenge])
    return reason.rstrip(".") in said or not any(
        code in f"{document.get('error')} {challenge} {said}" for code in _GENERAL
    )
