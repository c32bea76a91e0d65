"""Messages that share values are grouped into flows."""

from dataclasses import replace

import pytest

from inspector.read.flows import MAX_FLOWS, MAX_OUTSIDE, find, flows
from inspector.record.exchange import Exchange
from tests.inspector.exchanges import exchange


def paths(exchanges: list[Exchange]) -> list[str]:
    """Return the path of each exchange."""
    return [one.path for one in exchanges]


def test_messages_that_share_a_value_are_one_flow() -> None:
    connect = exchange("client_app", "GET /connect", at=0, ties=["state:1"])
    callback = exchange("client_app", "GET /callback", at=1, ties=["state:1", "code:1"])
    token = exchange("auth_server", "POST /oauth/token", at=1.1, ties=["code:1", "token:1"])
    photos = exchange("resource_api", "GET /photos", at=2, ties=["token:1"])

    [flow] = flows([photos, token, callback, connect])

    assert paths(flow.exchanges) == ["/connect", "/callback", "/oauth/token", "/photos"]


def test_two_round_trips_of_one_browser_are_two_flows() -> None:
    first = exchange("client_app", "GET /connect", at=0, ties=["state:1", "session:1"])
    second = exchange("client_app", "GET /connect", at=1, ties=["state:2", "session:1"])

    assert [flow.exchanges for flow in flows([first, second])] == [[second], [first]]


def test_other_pages_join_the_last_flow_of_their_session() -> None:
    first = exchange("client_app", "GET /connect", at=0, ties=["state:1", "session:1"])
    second = exchange("client_app", "GET /connect", at=1, ties=["state:2", "session:1"])
    album = exchange("client_app", "GET /album", at=2, ties=["session:1"])

    newest, oldest = flows([first, second, album])

    assert newest.exchanges == [second, album]
    assert oldest.exchanges == [first]


BEARER = [("Authorization", "Bearer ••••••••")]


def connected() -> list[Exchange]:
    """Return the start of a flow, and the API's answer to its first call."""
    return [
        exchange("client_app", "GET /connect", at=0, ties=["state:1", "token:1", "session:1"]),
        exchange("resource_api", "GET /photos", at=1, ties=["token:1"], request_headers=BEARER),
    ]


@pytest.mark.parametrize(
    ("leg", "request_line"),
    [("client_app", "GET /"), ("auth_server", "POST /logout"), ("auth_server", "GET /login")],
)
def test_a_page_does_not_join_a_flow_that_is_over(leg: str, request_line: str) -> None:
    """The round trip ends when the API has answered."""
    later = exchange(leg, request_line, at=9, ties=["session:1"])

    flow = flows([*connected(), later])[0]

    assert paths(flow.exchanges) == ["/connect", "/photos"]


@pytest.mark.parametrize("path", ["/developer/apps", "/account/apps", "/account/activity"])
def test_a_page_about_something_else_joins_no_flow(path: str) -> None:
    connect = exchange("client_app", "GET /connect", ties=["state:1", "session:1"])
    page = exchange("auth_server", f"GET {path}", at=1, ties=["session:1"])

    [flow] = flows([connect, page])

    assert flow.exchanges == [connect]


def test_a_later_call_and_its_page_join_the_flow_of_their_token() -> None:
    album = exchange("client_app", "GET /photos", at=9, ties=["session:1"], request_id="one")
    call = exchange(
        "resource_api",
        "GET /photos",
        at=9.1,
        ties=["token:1"],
        request_headers=BEARER,
        request_id="one",
    )

    [flow] = flows([*connected(), album, call])

    assert flow.exchanges[2:] == [album, call]


@pytest.mark.parametrize(
    "last",
    [
        exchange("client_app", "GET /callback", at=1, ties=["state:1"], status=400),
        exchange(
            "auth_server", "POST /x", at=1, ties=["state:1"], events=[{"event": "grant_ended"}]
        ),
    ],
    ids=lambda last: last.path,
)
def test_a_refused_response_and_the_end_of_the_grant_end_a_flow(last: Exchange) -> None:
    connect = exchange("client_app", "GET /connect", ties=["state:1", "session:1"])
    later = exchange("client_app", "GET /", at=9, ties=["session:1"])

    [flow] = flows([connect, last, later])

    assert flow.exchanges == [connect, last]


def test_a_page_joins_the_flow_of_its_inner_requests() -> None:
    first = exchange("client_app", "GET /connect", at=0, ties=["token:1"])
    second = exchange("client_app", "GET /connect", at=1, ties=["state:2", "session:1"])
    album = exchange("client_app", "GET /album", at=2, ties=["session:1"], request_id="one-request")
    photos = exchange(
        "resource_api", "GET /photos", at=2.1, ties=["token:1"], request_id="one-request"
    )

    _, oldest = flows([first, second, album, photos])

    assert oldest.exchanges == [first, album, photos]


def test_a_revocation_inside_another_flows_request_belongs_to_both_flows() -> None:
    """The callback of a new connection revokes the old token, but does not merge the flows."""
    old = exchange("client_app", "GET /connect", at=0, ties=["token:old"])
    begin = exchange("client_app", "GET /connect", at=0.5, ties=["state:new"])
    callback = exchange(
        "client_app", "GET /callback", at=1, until=1.5, ties=["state:new"], request_id="one-request"
    )
    revocation = exchange(
        "auth_server", "POST /oauth/revoke", at=1.2, ties=["token:old"], request_id="one-request"
    )

    newest, oldest = flows([old, begin, callback, revocation])

    assert newest.exchanges == [begin, callback, revocation]
    assert oldest.exchanges == [old, revocation]


def test_equal_request_ids_do_not_merge_flows() -> None:
    first = exchange(
        "auth_server", "GET /oauth/authorize", at=0, ties=["state:1"], request_id="always"
    )
    second = exchange(
        "auth_server", "GET /oauth/authorize", at=1, ties=["state:2"], request_id="always"
    )

    assert [flow.exchanges for flow in flows([first, second])] == [[second], [first]]


def test_the_end_of_a_grant_joins_its_flow() -> None:
    issued = exchange(
        "auth_server", "POST /oauth/authorize", events=[{"event": "x", "grant_id": "g"}]
    )
    removed = exchange(
        "auth_server",
        "POST /account/apps",
        at=9,
        events=[{"event": "grant_ended", "grant_id": "g"}],
    )

    [flow] = flows([issued, removed])

    assert flow.exchanges == [issued, removed]


def test_a_page_without_a_flow_is_omitted() -> None:
    assert flows([exchange("client_app", "GET /", ties=["session:1"])]) == []


@pytest.mark.parametrize(
    ("leg", "request_line"),
    [
        ("auth_server", "GET /oauth/authorize"),
        ("auth_server", "POST /oauth/token"),
        ("auth_server", "GET /.well-known/oauth-authorization-server"),
        ("client_app", "GET /callback"),
        ("resource_api", "GET /photos"),
    ],
)
def test_a_protocol_message_without_a_flow_is_listed_separately(
    leg: str, request_line: str
) -> None:
    """Examples are a request without a state and an API call without a token."""
    stray = exchange(leg, request_line, at=9)
    tied = exchange("client_app", "GET /connect", ties=["state:1"])

    flow, outside = flows([stray, tied])

    assert (flow.exchanges, outside.exchanges) == ([tied], [stray])
    assert (flow.is_outside, outside.is_outside) == (False, True)
    assert outside.title == "Messages without a flow"


def test_only_the_newest_messages_without_a_flow_are_listed() -> None:
    strays = [exchange("resource_api", "GET /photos", at=n) for n in range(MAX_OUTSIDE + 5)]

    [outside] = flows(strays)

    assert outside.exchanges == strays[5:]


@pytest.mark.parametrize(
    "invalid",
    [
        exchange("client_app", "GET /callback", ties=["state:made-up"], status=400),
        exchange("resource_api", "GET /photos", ties=["token:made-up"], status=401),
        exchange("auth_server", "POST /oauth/revoke", ties=["token:made-up"]),
    ],
    ids=lambda invalid: invalid.path,
)
def test_an_invalid_message_starts_no_flow(invalid: Exchange) -> None:
    """Otherwise an attacker could replace the flow that a user is looking at."""
    [outside] = flows([invalid])

    assert outside.is_outside


@pytest.mark.parametrize(
    "valid",
    [
        exchange("auth_server", "GET /oauth/authorize", ties=["state:1"], status=400),
        exchange(
            "resource_api",
            "GET /photos",
            ties=["token:1"],
            request_headers=[("Authorization", "Bearer ••••••••")],
        ),
        exchange(
            "auth_server",
            "POST /oauth/revoke",
            ties=["token:1"],
            events=[{"event": "grant_ended", "grant_id": "g"}],
        ),
    ],
    ids=lambda valid: valid.path,
)
def test_an_authorization_request_or_a_valid_message_starts_a_flow(valid: Exchange) -> None:
    """The message may be the first of its flow that is still stored."""
    [flow] = flows([valid])

    assert not flow.is_outside


def test_an_authorization_request_does_not_join_an_older_flow() -> None:
    """The request may come from another client in the same browser."""
    first = exchange("client_app", "GET /connect", at=0, ties=["state:1", "session:1"])
    login = exchange("auth_server", "GET /login", at=1, ties=["session:1"])
    stray = exchange("auth_server", "GET /oauth/authorize", at=2, ties=["session:1"], status=400)

    flow, outside = flows([first, login, stray])

    assert (flow.exchanges, outside.exchanges) == ([first, login], [stray])


def test_a_flow_takes_its_clients_name_from_another_flow() -> None:
    logged = {
        "event": "consent_requested",
        "client_id": "0a1b2c",
        "client_name": "Free Wallpapers",
    }
    known, other = (
        exchange(
            "auth_server",
            "GET /oauth/authorize",
            at=at,
            ties=[f"state:{at}"],
            query=[("client_id", "0a1b2c")],
        )
        for at in (0, 1)
    )

    assert [flow.title for flow in flows([replace(known, events=[logged]), other])] == [
        "Free Wallpapers"
    ] * 2


LAB = [("User-Agent", "Tripod lab: mallory")]


def test_the_messages_of_an_attack_are_one_flow() -> None:
    one = exchange(
        "auth_server", "GET /login", request_id="lab-code-replay-a1b2c3-01", request_headers=LAB
    )
    other = exchange(
        "auth_server",
        "GET /login",
        at=1,
        request_id="lab-code-replay-a1b2c3-02",
        request_headers=LAB,
    )
    another_run = exchange(
        "auth_server",
        "GET /login",
        at=2,
        request_id="lab-code-replay-d4e5f6-01",
        request_headers=LAB,
    )

    newest, oldest = flows([one, other, another_run])

    assert (newest.exchanges, oldest.exchanges) == ([another_run], [one, other])
    assert oldest.attack == "code-replay"
    assert oldest.title == "Lab: code replay"


def test_a_forged_request_id_does_not_mark_an_attack() -> None:
    """Any sender can choose a request id."""
    connect = exchange(
        "client_app", "GET /connect", ties=["state:1"], request_id="lab-code-replay-a1b2c3-01"
    )
    other = exchange(
        "client_app", "GET /connect", at=1, ties=["state:2"], request_id="lab-code-replay-a1b2c3-02"
    )

    assert [(flow.attack, len(flow.exchanges)) for flow in flows([connect, other])] == [
        (None, 1),
        (None, 1),
    ]


def test_a_flow_is_found_by_any_of_its_exchanges() -> None:
    one = exchange("client_app", "GET /connect", ties=["state:1"])
    other = exchange("client_app", "GET /callback", at=1, ties=["state:1"])
    all_flows = flows([one, other])

    assert find(all_flows, one.id) is find(all_flows, other.id) is all_flows[0]
    assert find(all_flows, 0) is None


def test_an_id_finds_its_own_flow_before_a_sharing_one() -> None:
    """The older flow has lost all its messages except the one inside the newer flow."""
    revocation = exchange(
        "auth_server", "POST /oauth/revoke", at=1.2, ties=["token:old"], request_id="one-request"
    )
    callback = exchange(
        "client_app", "GET /callback", at=1, until=1.5, ties=["state:new"], request_id="one-request"
    )
    earlier = exchange("client_app", "GET /connect", ties=["state:new"], id=revocation.id - 1)

    newest, oldest = sorted(
        flows([revocation, callback, earlier]), key=lambda flow: len(flow.exchanges), reverse=True
    )

    assert find([newest, oldest], revocation.id) is oldest
    assert find([newest, oldest], callback.id) is newest


def test_the_number_of_flows_is_bounded() -> None:
    many = [
        exchange("client_app", "GET /connect", at=n, ties=[f"state:{n}"])
        for n in range(MAX_FLOWS + 5)
    ]

    assert len(flows(many)) == MAX_FLOWS
