"""Exchanges become messages with a sender, a receiver, inner messages and a step."""

from dataclasses import replace

import pytest

from inspector.read import steps
from inspector.read.messages import Message, every, read_trees
from inspector.read.parties import party
from inspector.read.phases import AGAIN, phase_of
from inspector.read.steps import Lane
from tests.inspector.exchanges import exchange

BASIC = [("Authorization", "Basic print-shop:••••••••")]
BEARER = [("Authorization", "Bearer ••••••••")]
PHOTO_API = [("Authorization", "Basic photo-api:••••••••")]
PAGE = [("Accept", "text/html,*/*;q=0.8")]


def shape(messages: list[Message]) -> list[object]:
    """Return each message as its path, or as a pair: its path and its inner messages."""
    return [
        (one.exchange.path, shape(one.inside)) if one.inside else one.exchange.path
        for one in messages
    ]


def test_back_channel_messages_are_inside_the_browsers_request() -> None:
    album = exchange("client_app", "GET /album", at=0, until=1, request_id="one")
    photos = exchange(
        "resource_api", "GET /photos", at=0.1, until=0.9, request_id="one", request_headers=BEARER
    )
    introspection = exchange(
        "auth_server",
        "POST /oauth/introspect",
        at=0.2,
        until=0.3,
        request_id="one",
        request_headers=PHOTO_API,
    )

    trees = read_trees([introspection, photos, album])

    assert shape(trees) == [("/album", [("/photos", ["/oauth/introspect"])])]
    assert [(one.n, one.source, one.target) for one in every(trees)] == [
        (1, Lane.BROWSER, Lane.CLIENT),
        (2, Lane.CLIENT, Lane.RESOURCE_API),
        (3, Lane.RESOURCE_API, Lane.AUTHORIZATION_SERVER),
    ]


def test_simultaneous_requests_of_a_browser_are_listed_in_order() -> None:
    one = exchange("client_app", "GET /photos/1/image", at=0, until=1, request_id="one")
    other = exchange("client_app", "GET /photos/2/image", at=0.1, until=0.9, request_id="other")
    inner_one = exchange(
        "resource_api", "GET /photos/1", at=0.2, until=0.3, request_id="one", request_headers=BEARER
    )
    inner_other = exchange(
        "resource_api",
        "GET /photos/2",
        at=0.15,
        until=0.3,
        request_id="other",
        request_headers=BEARER,
    )

    trees = read_trees([one, other, inner_one, inner_other])

    assert shape(trees) == [("/photos/1/image", ["/photos/1"]), ("/photos/2/image", ["/photos/2"])]


def test_a_redirect_is_joined_with_the_next_request() -> None:
    connect = exchange(
        "client_app", "GET /connect", location="http://127.0.0.1:9000/oauth/authorize?state=s"
    )
    authorize = exchange("auth_server", "GET /oauth/authorize", at=1, location="/login?next=x")
    login = exchange("auth_server", "GET /login", at=2)
    elsewhere = exchange("auth_server", "GET /account/apps", at=3)

    trees = read_trees([connect, authorize, login, elsewhere])

    assert [one.redirected_by.exchange.path if one.redirected_by else None for one in trees] == [
        None,
        "/connect",
        "/oauth/authorize",
        None,
    ]


@pytest.mark.parametrize(
    ("leg", "request_line", "fields", "steps"),
    [
        ("client_app", "GET /connect", {"location": "/x"}, ("A1", "")),
        ("auth_server", "GET /oauth/authorize", {"location": "/login"}, ("A2", "")),
        ("auth_server", "GET /login", {}, ("", "A3")),
        ("auth_server", "POST /login", {"location": "/x"}, ("A4", "")),
        ("auth_server", "GET /oauth/authorize", {}, ("A2", "A5")),
        ("auth_server", "POST /oauth/authorize", {"location": "/x"}, ("A6", "")),
        ("client_app", "GET /callback", {"location": "/x"}, ("A7", "")),
        (
            "auth_server",
            "POST /oauth/token",
            {"form": [("grant_type", "authorization_code")]},
            ("T1", "T2"),
        ),
        (
            "auth_server",
            "POST /oauth/token",
            {"form": [("grant_type", "refresh_token")]},
            ("F1", "F2"),
        ),
        (
            "auth_server",
            "POST /oauth/token",
            {"form": [("grant_type", "authorization_code")], "status": 400},
            ("T1", ""),
        ),
        (
            "auth_server",
            "POST /oauth/token",
            {"form": [("grant_type", "password")], "status": 400},
            ("", ""),
        ),
        ("resource_api", "GET /photos", {"request_headers": BEARER}, ("R1", "R3")),
        ("resource_api", "POST /photos", {"request_headers": BEARER, "status": 201}, ("R1", "R3")),
        ("resource_api", "GET /photos", {"request_headers": BEARER, "status": 401}, ("R1", "")),
        ("resource_api", "GET /photos", {"status": 401}, ("", "")),
        ("resource_api", "GET /.well-known/oauth-protected-resource", {}, ("", "")),
        ("auth_server", "POST /oauth/introspect", {"request_headers": PHOTO_API}, ("R2", "")),
        ("auth_server", "POST /oauth/introspect", {"request_headers": BASIC}, ("", "")),
        ("auth_server", "POST /oauth/revoke", {}, ("E1", "")),
        ("auth_server", "POST /account/apps", {"events": [{"event": "grant_ended"}]}, ("E1", "")),
        ("auth_server", "POST /account/apps", {}, ("", "")),
        ("client_app", "GET /photos", {}, ("", "")),
    ],
)
def test_a_message_has_the_step_of_the_readmes_table(
    leg: str, request_line: str, fields, steps: tuple[str, str]
) -> None:
    [message] = read_trees([exchange(leg, request_line, **fields)])

    assert (message.step, message.answer_step) == steps


@pytest.mark.parametrize(
    ("leg", "request_line", "headers", "sender"),
    [
        ("auth_server", "POST /oauth/introspect", PHOTO_API, Lane.RESOURCE_API),
        ("auth_server", "POST /oauth/introspect", BASIC, Lane.CLIENT),
        ("auth_server", "GET /.well-known/oauth-authorization-server", [], Lane.CLIENT),
        ("auth_server", "GET /login", PAGE, Lane.BROWSER),
        ("resource_api", "GET /photos", BEARER, Lane.CLIENT),
        ("resource_api", "GET /photos", [], Lane.CLIENT),
        ("resource_api", "GET /photos", PAGE, Lane.BROWSER),
        ("resource_api", "GET /photos", PAGE + BEARER, Lane.CLIENT),
        ("client_app", "GET /callback", [], Lane.BROWSER),
    ],
)
def test_the_sender_follows_from_credentials_and_address(
    leg: str, request_line: str, headers: list[tuple[str, str]], sender: Lane
) -> None:
    [message] = read_trees([exchange(leg, request_line, request_headers=headers)])

    assert message.source == sender


def test_only_the_first_request_with_a_state_is_a2() -> None:
    requests = [
        exchange("auth_server", "GET /oauth/authorize", at=at, query=[("state", "one")])
        for at in (0, 1)
    ]
    new_request = exchange("auth_server", "GET /oauth/authorize", at=2, query=[("state", "other")])

    assert [one.step for one in read_trees([*requests, new_request])] == ["A2", "", "A2"]


def test_the_first_call_after_a_refresh_is_f3() -> None:
    refresh = exchange(
        "auth_server", "POST /oauth/token", at=0, form=[("grant_type", "refresh_token")]
    )
    requests = [
        exchange("resource_api", "GET /photos", at=at, request_headers=BEARER) for at in (1, 2)
    ]

    assert [one.step for one in read_trees([refresh, *requests])] == ["F1", "F3", "R1"]


def test_a_rejected_call_is_not_f3() -> None:
    refresh = exchange(
        "auth_server", "POST /oauth/token", at=0, form=[("grant_type", "refresh_token")]
    )
    rejected = exchange("resource_api", "GET /photos", at=1, request_headers=BEARER, status=401)
    accepted = exchange("resource_api", "GET /photos", at=2, request_headers=BEARER)

    assert [one.step for one in read_trees([refresh, rejected, accepted])] == ["F1", "R1", "F3"]


def test_the_attackers_messages_are_marked() -> None:
    by_mallory = exchange(
        "auth_server", "POST /oauth/token", request_headers=[("User-Agent", "Tripod lab: mallory")]
    )
    by_the_client = exchange("auth_server", "POST /oauth/token", at=1, request_headers=BASIC)

    assert [one.attacker for one in read_trees([by_mallory, by_the_client])] == [True, False]


def test_a_message_that_is_sent_again_is_not_of_print_shop() -> None:
    """It is no use of the new token either, which is F3."""
    refreshed = exchange("auth_server", "POST /oauth/token", form=[("grant_type", "refresh_token")])
    call = exchange("resource_api", "GET /photos", at=1, request_headers=BEARER)
    by_inspector = [*BEARER, ("User-Agent", steps.sent_again(call.id))]
    again = exchange("resource_api", "GET /photos", at=2, request_headers=by_inspector)
    refreshed_again = replace(refreshed, started_at=1003.0, request_headers=by_inspector)
    next_call = replace(call, started_at=1004.0)

    trees = read_trees([refreshed, call, again, refreshed_again, next_call])

    assert [one.step for one in trees] == ["F1", "F3", "R1", "F1", "R1"]
    assert [one.is_sent_again for one in trees] == [False, False, True, True, False]
    assert [party("client").sees(one) for one in trees] == [True, True, False, False, True]
    assert [phase_of(one) == AGAIN for one in trees] == [False, False, True, True, False]
