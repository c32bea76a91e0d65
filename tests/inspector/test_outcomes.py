"""The list of round trips says what became of each, whose it was, and which scope it had."""

import pytest

from config import DEMO_SUBJECTS
from inspector.read import outcomes
from inspector.record.exchange import Exchange
from tests.inspector.exchanges import exchange

BEARER = [("Authorization", "Bearer ••••••••")]
REQUEST = exchange("auth_server", "GET /oauth/authorize", status=303, query=[("scope", "a b")])
LOGIN = exchange("auth_server", "GET /login")
CONSENT = exchange("auth_server", "GET /oauth/authorize")
TOKENS = exchange("auth_server", "POST /oauth/token", form=[("grant_type", "authorization_code")])
PHOTOS = exchange("resource_api", "GET /photos", request_headers=BEARER)


def logged(event: str, **fields: str) -> Exchange:
    """Return an exchange with this event."""
    return exchange("auth_server", "POST /x", events=[{"event": event, **fields}])


DENIED = logged("authorization_request_refused", reason="access_denied")
ISSUED = logged("authorization_code_issued", sub=DEMO_SUBJECTS["alice"], scope="a")
ENDED = logged("grant_ended", reason="client_revoked")


@pytest.mark.parametrize(
    ("exchanges", "outcome"),
    [
        ([REQUEST], "started"),
        ([REQUEST, LOGIN], "waiting for the sign-in"),
        ([REQUEST, LOGIN, CONSENT], "waiting for the consent"),
        ([REQUEST, CONSENT, DENIED], "refused: the user denied the request"),
        ([REQUEST, CONSENT, ISSUED], "code issued"),
        ([REQUEST, ISSUED, TOKENS], "tokens issued"),
        ([REQUEST, ISSUED, TOKENS, PHOTOS], "resource received"),
    ],
)
def test_the_outcome_is_the_last_thing_that_was_reached(
    exchanges: list[Exchange], outcome: str
) -> None:
    assert outcomes.outcome(exchanges) == outcome


def test_the_end_of_the_grant_is_the_outcome() -> None:
    assert outcomes.outcome([REQUEST, TOKENS, PHOTOS, ENDED]).startswith("ended: ")


def test_the_end_of_the_connection_that_a_new_one_replaces_is_not_its_outcome() -> None:
    """Print Shop revokes its former tokens in the request in which it receives the new ones."""
    issued = logged("authorization_code_issued", grant_id="new")
    replaced = logged("grant_ended", grant_id="former", reason="client_revoked")
    ended = logged("grant_ended", grant_id="new", reason="client_revoked")

    assert outcomes.outcome([REQUEST, issued, TOKENS, replaced, PHOTOS]) == "resource received"
    assert outcomes.outcome([REQUEST, issued, TOKENS, replaced, ended]).startswith("ended: ")


def test_the_person_is_the_user_who_signed_in() -> None:
    assert outcomes.person([REQUEST, ISSUED]) == "alice"
    assert outcomes.person([REQUEST, logged("signed_in", sub="somebody")]) == "another user"
    assert outcomes.person([REQUEST]) == ""


def test_the_scope_is_the_granted_one_or_else_the_requested_one() -> None:
    assert outcomes.scope([REQUEST, ISSUED]) == "a"
    assert outcomes.scope([REQUEST]) == "a b"
    assert outcomes.scope([LOGIN]) == ""
