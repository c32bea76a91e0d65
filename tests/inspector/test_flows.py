"""Messages are tied into flows by the values they share."""

from dataclasses import replace

import pytest

from inspector.read.flows import MAX_BESIDE, MAX_FLOWS, find, flows
from inspector.record.exchange import Exchange
from tests.inspector.exchanges import exchange


def paths(exchanges: list[Exchange]) -> list[str]:
    return [one.path for one in exchanges]


def test_what_shares_a_value_is_one_flow() -> None:
    connect = exchange("client_app", "GET /connect", at=0, ties=["state:1"])
    callback = exchange("client_app", "GET /callback", at=1, ties=["state:1", "code:1"])
    token = exchange("auth_server", "POST /oauth/token", at=1.1, ties=["code:1", "token:1"])
    photos = exchange("resource_api", "GET /photos", at=2, ties=["token:1"])

    [flow] = flows([photos, token, callback, connect])

    assert paths(flow.exchanges) == ["/connect", "/callback", "/oauth/token", "/photos"]


def test_two_round_trips_of_one_browser_are_two_flows_the_newest_first() -> None:
    first = exchange("client_app", "GET /connect", at=0, ties=["state:1", "session:1"])
    second = exchange("client_app", "GET /connect", at=1, ties=["state:2", "session:1"])

    assert [flow.exchanges for flow in flows([first, second])] == [[second], [first]]


def test_a_page_without_a_value_goes_with_the_last_flow_of_its_session() -> None:
    first = exchange("client_app", "GET /connect", at=0, ties=["state:1", "session:1"])
    second = exchange("client_app", "GET /connect", at=1, ties=["state:2", "session:1"])
    album = exchange("client_app", "GET /album", at=2, ties=["session:1"])

    newest, oldest = flows([first, second, album])

    assert newest.exchanges == [second, album]
    assert oldest.exchanges == [first]


def test_a_page_goes_with_what_happens_inside_its_request() -> None:
    first = exchange("client_app", "GET /connect", at=0, ties=["token:1"])
    second = exchange("client_app", "GET /connect", at=1, ties=["state:2", "session:1"])
    album = exchange("client_app", "GET /album", at=2, ties=["session:1"], request_id="one-request")
    photos = exchange(
        "resource_api", "GET /photos", at=2.1, ties=["token:1"], request_id="one-request"
    )

    _, oldest = flows([first, second, album, photos])

    assert oldest.exchanges == [first, album, photos]


def test_what_ends_inside_a_request_of_another_flow_belongs_to_both() -> None:
    """The callback of a new connection gives the token of the old one back; the flows stay two."""
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


def test_a_client_that_gives_all_its_requests_one_id_has_its_flows_apart() -> None:
    first = exchange(
        "auth_server", "GET /oauth/authorize", at=0, ties=["state:1"], request_id="always"
    )
    second = exchange(
        "auth_server", "GET /oauth/authorize", at=1, ties=["state:2"], request_id="always"
    )

    assert [flow.exchanges for flow in flows([first, second])] == [[second], [first]]


def test_the_end_of_a_grant_goes_with_its_flow() -> None:
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


def test_a_page_that_belongs_to_nothing_is_left_out() -> None:
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
def test_a_message_of_the_protocol_that_belongs_to_nothing_is_kept_beside(
    leg: str, request_line: str
) -> None:
    """Whoever writes a client looks for just these: the request that had no state, the call without a token."""
    stray = exchange(leg, request_line, at=9)
    tied = exchange("client_app", "GET /connect", ties=["state:1"])

    flow, beside = flows([stray, tied])

    assert (flow.exchanges, beside.exchanges) == ([tied], [stray])
    assert (flow.is_beside, beside.is_beside) == (False, True)
    assert beside.title == "Messages without a flow"


def test_of_what_belongs_to_nothing_the_newest_are_kept() -> None:
    strays = [exchange("resource_api", "GET /photos", at=n) for n in range(MAX_BESIDE + 5)]

    [beside] = flows(strays)

    assert beside.exchanges == strays[5:]


@pytest.mark.parametrize(
    "guess",
    [
        exchange("client_app", "GET /callback", ties=["state:made-up"], status=400),
        exchange("resource_api", "GET /photos", ties=["token:made-up"], status=401),
        exchange("auth_server", "POST /oauth/revoke", ties=["token:made-up"]),
    ],
    ids=lambda guess: guess.path,
)
def test_a_guess_makes_no_round_trip(guess: Exchange) -> None:
    """Or whoever sends one would hide the round trip that somebody is looking at."""
    [beside] = flows([guess])

    assert beside.is_beside


@pytest.mark.parametrize(
    "good",
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
    ids=lambda good: good.path,
)
def test_what_begins_one_or_is_good_makes_one(good: Exchange) -> None:
    """Of an old one, no more may be left."""
    [flow] = flows([good])

    assert not flow.is_beside


def test_an_authorization_request_is_no_page_of_an_older_round_trip() -> None:
    """It is another client's, perhaps, in the same browser."""
    first = exchange("client_app", "GET /connect", at=0, ties=["state:1", "session:1"])
    login = exchange("auth_server", "GET /login", at=1, ties=["session:1"])
    stray = exchange("auth_server", "GET /oauth/authorize", at=2, ties=["session:1"], status=400)

    flow, beside = flows([first, login, stray])

    assert (flow.exchanges, beside.exchanges) == ([first, login], [stray])


def test_a_client_is_known_by_the_name_that_was_read_in_another_round_trip() -> None:
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


def test_a_request_id_like_the_labs_makes_no_attack_of_a_message() -> None:
    """Anybody can choose one."""
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


def test_any_exchange_finds_its_flow() -> None:
    one = exchange("client_app", "GET /connect", ties=["state:1"])
    other = exchange("client_app", "GET /callback", at=1, ties=["state:1"])
    all_flows = flows([one, other])

    assert find(all_flows, one.id) is find(all_flows, other.id) is all_flows[0]
    assert find(all_flows, 0) is None


def test_an_id_finds_the_flow_that_has_it_before_one_that_shares_the_exchange() -> None:
    """Of the older flow, no more than what happened inside the newer one is left."""
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
