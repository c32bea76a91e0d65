"""Why something was refused is read off the event log, and told beside what the answer itself says."""

import json
from typing import Any

import pytest

from inspector.read.refusals import endings, reasons
from inspector.record.exchange import Body, Exchange
from tests.inspector.exchanges import exchange


def answered(event: str, reason: str, **its: Any) -> Exchange:
    return exchange(
        "auth_server", "POST /oauth/token", events=[{"event": event, "reason": reason}], **its
    )


@pytest.mark.parametrize(
    ("event", "question"),
    [
        ("request_refused", "Why it was refused"),
        ("authorization_request_refused", "Why it was refused"),
        ("introspection_refused", "Why it was refused"),
        ("access_refused", "Why it was refused"),
        ("form_refused", "Why it was refused"),
        ("authorization_response_refused", "Why it does not go on"),
        ("access_token_request_failed", "Why there are no tokens"),
        ("refresh_failed", "Why there are no new tokens"),
        ("token_not_active", "Why the token is not active"),
    ],
)
def test_each_refusal_answers_its_own_question(event: str, question: str) -> None:
    [reason] = reasons(answered(event, "code was redeemed before"))

    assert (reason.question, reason.text) == (question, "code was redeemed before")


@pytest.mark.parametrize(
    ("logged", "plain"),
    [
        (
            "Code challenge failed.",
            "the verifier does not match the challenge of the authorization request",
        ),
        ("unknown_state", "the state is not one that this browser was given"),
        ("issuer_mismatch", "the issuer is not the one that was asked"),
        ("issuer_missing", "the issuer is missing"),
        ("access_denied", "the person said no"),
        ("no_credentials", "there is no access token"),
        ("not_active", "Tripod ID says that the token is not active"),
        ("not_an_access_token", "it is a refresh token, not an access token"),
        ("code_challenge_method must be S256.", "code_challenge_method must be S256"),
    ],
)
def test_what_the_log_calls_by_a_name_is_said_plainly_and_without_a_full_stop(
    logged: str, plain: str
) -> None:
    assert [reason.text for reason in reasons(answered("request_refused", logged))] == [plain]


def test_other_events_and_events_without_a_reason_are_no_refusals() -> None:
    events = [
        {"event": "tokens_refreshed", "reason": "x"},
        {"event": "request_refused", "reason": None},
    ]

    assert reasons(exchange("auth_server", "POST /oauth/token", events=events)) == []


def test_of_a_failed_sign_in_nobody_is_told_more() -> None:
    refused = exchange(
        "auth_server", "POST /login", status=400, events=[{"event": "sign_in_refused"}]
    )

    assert [reason.text for reason in reasons(refused)] == [
        "the username or the password is wrong; which of them, nobody is told"
    ]


def refusal(error: str, description: str = "No.") -> dict[str, Any]:
    return {"answer": json.dumps({"error": error, "error_description": description})}


def challenge(error: str) -> dict[str, Any]:
    return {"answer": "{}", "response_headers": [("Www-Authenticate", f'Bearer error="{error}"')]}


@pytest.mark.parametrize(
    ("reason", "its", "is_told"),
    [
        ("code was redeemed before", refusal("invalid_grant"), False),
        ("wrong client secret", refusal("invalid_client"), False),
        ("Missing 'code_verifier'", refusal("invalid_request", "Missing 'code_verifier'."), True),
        ("unsupported_grant_type", refusal("unsupported_grant_type"), True),
        ("scope_not_granted", challenge("insufficient_scope"), True),
        ("not_active", challenge("invalid_token"), False),
        (
            "S256 is needed.",
            {"location": "/cb?error=invalid_request&error_description=S256+is+needed."},
            True,
        ),
        ("grant ended: replay", {"answer": '{"active": false}'}, False),
        ("the state is unknown", {"response_body": Body(media_type="text/html", size=9)}, None),
    ],
)
def test_whether_the_answer_says_so_as_well(
    reason: str, its: dict[str, Any], is_told: bool | None
) -> None:
    """One description each for invalid_grant and invalid_client; what is no secret is said on the wire, too."""
    [found] = reasons(answered("request_refused", reason, status=400, **its))

    assert found.is_told is is_told


def test_what_ended_is_told_with_its_reason() -> None:
    ended = exchange(
        "auth_server", "POST /oauth/token", events=[{"event": "grant_ended", "reason": "replay"}]
    )

    assert endings(ended) == ["what is good for one use was presented once more"]
