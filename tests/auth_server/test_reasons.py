"""Each refusal has a reason code in the event log; no event has a sentence there."""

import re

import pytest
from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Error
from world.cast import Person
from world.events import Events
from world.registered_client import RegisteredClient

from auth_server.reasons import UNSPECIFIC, Reason, reason_for

TOKEN_REQUESTS = {
    "verifier_mismatch": {"code_verifier": "x" * 43},
    "missing_parameter": {"code_verifier": None},
    "duplicated_parameter": {"code_verifier": ["x" * 43, "x" * 43]},
    "malformed_resource": {"resource": "photos"},
    "unknown_code": {"code": "made-up"},
    "redirect_uri_differs": {"redirect_uri": "https://evil.example/"},
    "redirect_uri_missing": {"redirect_uri": None},
    "unsupported_grant_type": {"grant_type": "password"},
    "invalid_request": {"code_verifier": "too short"},
}
AUTHORIZATION_REQUESTS = {
    "not_one_client_id": {"client_id": None},
    "unknown_client": {"client_id": "nobody"},
    "not_a_client": {"client_id": "photo-api"},
    "not_one_redirect_uri": {"redirect_uri": ["https://a.example/", "https://b.example/"]},
    "redirect_uri_differs": {"redirect_uri": "https://evil.example/"},
    "duplicated_parameter": {"state": ["one", "two"]},
    "missing_parameter": {"response_type": None},
    "unsupported_response_type": {"response_type": "token"},
    "unsupported_response_mode": {"response_mode": "fragment"},
    "malformed_resource": {"resource": "photos"},
    "invalid_prompt": {"prompt": "none login"},
    "invalid_scope": {"scope": "nonsense"},
    "code_challenge_missing": {"code_challenge": None},
    "code_challenge_method_not_s256": {"code_challenge_method": "plain"},
    "malformed_code_challenge": {"code_challenge": "too short"},
    "login_required": {"prompt": "none"},
}


@pytest.mark.parametrize("reason", TOKEN_REQUESTS)
def test_a_refused_token_request_is_logged_with_its_reason(
    alice: Person, posters: RegisteredClient, events: Events, reason: str
) -> None:
    code = alice.allow_request(posters.authorization_path()).code
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": posters.redirect_uri,
        "code_verifier": "y" * 43,
    }

    posters.request("/oauth/token", **form | TOKEN_REQUESTS[reason])

    [entry] = events.named("request_refused")
    assert entry["reason"] == reason
    assert ("detail" in entry) == (reason in UNSPECIFIC)


@pytest.mark.parametrize("reason", AUTHORIZATION_REQUESTS)
def test_a_refused_authorization_request_is_logged_with_its_reason(
    alice: Person, posters: RegisteredClient, events: Events, reason: str
) -> None:
    alice.browser.get(posters.authorization_path(**AUTHORIZATION_REQUESTS[reason]))

    [entry] = events.named("authorization_request_refused")
    assert entry["reason"] == reason


def test_a_code_is_a_word() -> None:
    assert all(re.fullmatch("[a-z0-9_]{1,40}", reason) for reason in Reason)


def test_an_unknown_error_of_the_library_has_the_code_for_others() -> None:
    assert reason_for(OAuth2Error("odd", error="odd")) is Reason.OTHER_ERROR
    assert reason_for(InvalidRequestError("odd")) is Reason.INVALID_REQUEST
