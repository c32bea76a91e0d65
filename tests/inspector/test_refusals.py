"""The reasons of refusals, from the event log, compared with the response."""

import json
from itertools import chain
from typing import Any

import pytest

import auth_server.reasons
import client_app.reasons
import resource_api.reasons
import web.reasons
from inspector.read.reasons import PHRASES
from inspector.read.refusals import grant_endings, refusals
from inspector.record.exchange import Body, Exchange
from tests.inspector.exchanges import exchange


def refusal_of(event: str, reason: str, *, fields: Any = None, **changes: Any) -> Exchange:
    """Return a token request for which the leg logs this event with a reason."""
    logged = {"event": event, "reason": reason, **(fields or {})}
    return exchange("auth_server", "POST /oauth/token", events=[logged], **changes)


def test_exactly_the_reason_codes_of_the_legs_have_phrases() -> None:
    modules = (web.reasons, auth_server.reasons, client_app.reasons, resource_api.reasons)
    codes = chain.from_iterable(module.Reason for module in modules)

    assert {code.value for code in codes} == set(PHRASES)


def test_no_phrase_is_empty_or_ends_with_a_full_stop() -> None:
    assert [text for text in PHRASES.values() if not text or text.endswith(".")] == []


@pytest.mark.parametrize(
    ("event", "heading"),
    [
        ("request_refused", "Why it was refused"),
        ("authorization_request_refused", "Why it was refused"),
        ("logout_request_refused", "Why it was refused"),
        ("introspection_refused", "Why it was refused"),
        ("access_refused", "Why it was refused"),
        ("upload_refused", "Why it was refused"),
        ("form_refused", "Why it was refused"),
        ("authorization_response_refused", "Why the flow stops"),
        ("access_token_request_failed", "Why there are no tokens"),
        ("refresh_failed", "Why there are no new tokens"),
        ("token_not_active", "Why the token is not active"),
    ],
)
def test_each_kind_of_refusal_has_its_own_heading(event: str, heading: str) -> None:
    [refusal] = refusals(refusal_of(event, "code_replayed"))

    assert (refusal.heading, refusal.text) == (heading, "the code was redeemed before")


@pytest.mark.parametrize(
    ("reason", "fields", "text"),
    [
        ("unknown_state", {}, "the state was not issued to this browser"),
        (
            "grant_ended",
            {"end_reason": "replay"},
            "the grant has ended: a single-use code or token was presented again",
        ),
        (
            "redirect_uri_differs",
            {"differs_at": "34"},
            "the redirect URI is not the expected one: they differ at character 34",
        ),
        ("invalid_request", {"detail": "No."}, "the request is not valid: No"),
        ("a_code_of_tomorrow", {}, "a_code_of_tomorrow"),
    ],
)
def test_a_reason_code_is_shown_as_a_phrase_with_its_details(
    reason: str, fields: dict[str, str], text: str
) -> None:
    [refusal] = refusals(refusal_of("request_refused", reason, fields=fields))

    assert refusal.text == text


def test_other_events_and_events_without_a_reason_are_no_refusals() -> None:
    events = [
        {"event": "tokens_refreshed", "reason": "x"},
        {"event": "request_refused", "reason": None},
    ]

    assert refusals(exchange("auth_server", "POST /oauth/token", events=events)) == []


def test_a_failed_sign_in_has_no_details() -> None:
    failed = exchange(
        "auth_server", "POST /login", status=400, events=[{"event": "sign_in_refused"}]
    )

    assert [refusal.text for refusal in refusals(failed)] == [
        "the username or the password is wrong; the server does not say which"
    ]


def error(code: str) -> dict[str, Any]:
    """Return the fields of an exchange with an error in its JSON response."""
    return {"response_text": json.dumps({"error": code, "error_description": "No."})}


def challenge(code: str) -> dict[str, Any]:
    """Return the fields of an exchange with an error in its WWW-Authenticate header."""
    return {
        "response_text": "{}",
        "response_headers": [("Www-Authenticate", f'Bearer error="{code}"')],
    }


@pytest.mark.parametrize(
    ("reason", "response", "is_in_response"),
    [
        ("code_replayed", error("invalid_grant"), False),
        ("wrong_client_secret", error("invalid_client"), False),
        ("missing_parameter", error("invalid_request"), True),
        ("unsupported_grant_type", error("unsupported_grant_type"), True),
        ("scope_not_granted", challenge("insufficient_scope"), True),
        ("not_active", challenge("invalid_token"), False),
        ("code_challenge_missing", {"location": "/cb?error=invalid_request"}, True),
        ("grant_ended", {"response_text": '{"active": false}'}, False),
        ("unknown_state", {"response_body": Body(media_type="text/html", size=9)}, None),
    ],
)
def test_the_page_says_whether_the_response_gives_the_reason(
    reason: str, response: dict[str, Any], is_in_response: bool | None
) -> None:
    """Some errors have the same description for every reason, and pages are not stored."""
    [refusal] = refusals(refusal_of("request_refused", reason, status=400, **response))

    assert refusal.is_in_response is is_in_response


def test_an_ended_grant_is_listed_with_its_reason() -> None:
    ended = refusal_of("grant_ended", "replay")

    assert grant_endings(ended) == ["a single-use code or token was presented again"]
