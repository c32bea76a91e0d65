"""The rows of the diagram: phases, arrows, redirects, folds and blind spots."""

from dataclasses import replace

import pytest

from inspector.draw import diagram
from inspector.draw.rows import BlindSpot, Call, Fold, Heading, Redirect, Response, Row
from inspector.read.folding import parts
from inspector.read.messages import read_trees
from inspector.read.names import Names
from inspector.read.parties import PARTIES, party
from inspector.read.steps import Lane
from inspector.record.exchange import Exchange
from tests.inspector.exchanges import exchange

BEARER = [("Authorization", "Bearer ••••••••")]
NAMES = Names("Print Shop", "Tripod ID")


def draw_rows(exchanges: list[Exchange], view: str = "", *, is_folded: bool = True) -> list[Row]:
    """Return the rows of the diagram, as the party `view` sees them."""
    trees = read_trees(exchanges)
    drawn = parts(trees) if is_folded else trees
    return diagram.rows(drawn, party(view), lambda _: NAMES, lambda n: f"?message={n}")


def summarize(rows: list[Row]) -> list[str]:
    """Return a short text for each row."""
    return [_summarize_row(row) for row in rows]


def _summarize_row(row: Row) -> str:
    match row:
        case Heading():
            return f"# {row.title}"
        case Call():
            return f"{row.step or '-'} {row.label}"
        case Redirect():
            return f"{row.step or '-'} {row.status}, {row.label}"
        case Response():
            return f"{row.step or '-'} {row.status} {row.summary}"
        case Fold() | BlindSpot():
            return row.text


def authorization() -> list[Exchange]:
    """Return the messages from A1 to T2, without the sign-in."""
    state = [("state", "one")]
    return [
        exchange(
            "client_app", "GET /connect", location="http://127.0.0.1:9000/oauth/authorize?state=one"
        ),
        exchange("auth_server", "GET /oauth/authorize", at=1, query=state),
        exchange(
            "auth_server",
            "POST /oauth/authorize",
            at=2,
            location="http://127.0.0.1:9001/callback?code=c&state=one",
        ),
        exchange(
            "client_app", "GET /callback", at=3, until=4, location="/album", request_id="callback"
        ),
        exchange(
            "auth_server",
            "POST /oauth/token",
            at=3.2,
            request_id="callback",
            form=[("grant_type", "authorization_code"), ("code", "c")],
            response_text='{\n  "access_token": "a",\n  "refresh_token": "r"\n}',
        ),
    ]


def album(at: float, image: str = "") -> list[Exchange]:
    """Return a request for a page of the client, and the client's request to the resource API."""
    same_request = {"request_id": f"album-{at}"}
    return [
        exchange("client_app", f"GET /photos{image}", at=at, until=at + 0.9, **same_request),
        exchange(
            "resource_api",
            f"GET /photos{image}",
            at=at + 0.1,
            until=at + 0.5,
            request_headers=BEARER,
            **same_request,
        ),
    ]


def test_an_authorization_is_drawn_in_the_order_of_the_steps() -> None:
    assert summarize(draw_rows(authorization())) == [
        "# 1 Authorization",
        "A1 GET /connect",
        "A2 302 Found, GET /oauth/authorize",
        "A5 200 OK empty",
        "A6 POST /oauth/authorize",
        "A7 302 Found, GET /callback",
        "# 2 Token",
        "T1 POST /oauth/token",
        "T2 200 OK two tokens",
        "- 302 Found to /album",
    ]


def test_a_redirect_ends_one_message_and_begins_the_next() -> None:
    redirect = next(row for row in draw_rows(authorization()) if isinstance(row, Redirect))

    assert (redirect.ends, redirect.n) == (1, 2)


def test_repeated_messages_are_folded_with_a_link_to_all() -> None:
    images = [one for at in range(5) for one in album(10 + at, f"/{at}/image")]

    rows = draw_rows(images)

    assert summarize(rows)[-1] == "4 more like it: messages 3 to 10"
    assert [row.href for row in rows if isinstance(row, Fold)] == ["?message=3"]


def test_every_message_is_drawn_when_nothing_is_folded() -> None:
    images = [one for at in range(5) for one in album(10 + at, f"/{at}/image")]

    assert [row.n for row in draw_rows(images, is_folded=False) if isinstance(row, Call)] == list(
        range(1, 11)
    )


def test_failed_messages_are_not_folded() -> None:
    images = [one for at in range(5) for one in album(10 + at, f"/{at}/image")]
    failed = exchange("client_app", "GET /photos/9/image", at=20, status=503)

    assert "GET /photos/9/image" in " ".join(summarize(draw_rows([*images, failed])))


def different_pages(count: int) -> list[Exchange]:
    """Return requests for different pages, one after the other."""
    return [exchange("client_app", f"GET /page-{'x' * n}", at=n) for n in range(count)]


def test_the_middle_of_a_long_flow_is_folded() -> None:
    """Users look at the beginning and at the newest messages."""
    rows = draw_rows(different_pages(100))
    calls = [row.n for row in rows if isinstance(row, Call)]

    assert calls == [*range(1, 31), *range(81, 101)]
    assert [row.text for row in rows if isinstance(row, Fold)] == [
        "50 more in between: messages 31 to 80"
    ]


def test_a_flow_of_sixty_messages_is_not_folded() -> None:
    assert [row for row in draw_rows(different_pages(60)) if isinstance(row, Fold)] == []


def test_similar_messages_are_folded_beside_the_middle() -> None:
    similar = [exchange("client_app", f"GET /photos/{n}/image", at=n) for n in range(100, 120)]
    rows = draw_rows([*different_pages(99), *similar])

    assert [row.text for row in rows if isinstance(row, Fold)] == [
        "51 more in between: messages 31 to 81",
        "19 more like it: messages 101 to 119",
    ]


def test_a_response_that_leads_into_a_fold_is_drawn() -> None:
    """Otherwise the last request before the fold would have no response."""
    flow = different_pages(100)
    flow[29] = exchange("client_app", f"GET {flow[29].path}", at=29, location=flow[30].path)

    assert [row.n for row in draw_rows(flow) if isinstance(row, Response)] == [
        *range(1, 31),
        *range(81, 101),
    ]


def album_visit(at: float, images: int = 3) -> list[Exchange]:
    """Return the requests for the album and its images."""
    image_requests = [
        exchange("client_app", f"GET /photos/{n}0/image", at=at + 0.1 * n)
        for n in range(1, images + 1)
    ]
    return [exchange("client_app", "GET /photos", at=at), *image_requests]


def test_of_many_equal_visits_the_first_and_last_are_drawn() -> None:
    """The newest visit is always visible."""
    rows = draw_rows([one for at in range(10) for one in album_visit(at)])

    assert [row.n for row in rows if isinstance(row, Call)] == [1, 2, 37, 38]
    assert [row.text for row in rows if isinstance(row, Fold)] == [
        "2 more like it: messages 3 to 4",
        "the same 8 more times: messages 5 to 36",
        "2 more like it: messages 39 to 40",
    ]


def test_three_equal_visits_are_not_folded() -> None:
    rows = draw_rows([one for at in range(3) for one in album_visit(at)])

    assert "more times" not in " ".join(summarize(rows))


def test_a_visit_with_a_refresh_is_not_folded() -> None:
    before, after = (
        [one for at in range(first, first + 4) for one in album_visit(at)] for first in (0, 10)
    )
    album = exchange("client_app", "GET /photos", at=5, until=6, request_id="one")
    refresh = exchange(
        "auth_server",
        "POST /oauth/token",
        at=5.1,
        request_id="one",
        form=[("grant_type", "refresh_token")],
    )

    rows = draw_rows([*before, album, refresh, *after])

    assert "POST /oauth/token" in " ".join(summarize(rows))
    assert [row.text.partition(":")[0] for row in rows if isinstance(row, Fold)].count(
        "the same 2 more times"
    ) == 2


@pytest.mark.parametrize(("count", "folds"), [(2, []), (3, ["2 more like it: messages 2 to 3"])])
def test_three_similar_messages_are_folded_and_two_are_not(count: int, folds: list[str]) -> None:
    images = [exchange("client_app", f"GET /photos/{n}0/image", at=n) for n in range(1, count + 1)]

    assert [row.text for row in draw_rows(images) if isinstance(row, Fold)] == folds


def test_messages_of_an_attack_are_not_folded() -> None:
    """The attacker's request may differ from the client's only in its sender."""
    lab = [("User-Agent", "Tripod lab: mallory")]
    refreshes = [
        exchange(
            "auth_server",
            "POST /oauth/token",
            at=n,
            form=[("grant_type", "refresh_token")],
            request_headers=lab,
        )
        for n in range(4)
    ]

    assert [row.n for row in draw_rows(refreshes) if isinstance(row, Call)] == [1, 2, 3, 4]


def test_messages_of_different_clients_or_steps_are_not_folded() -> None:
    forms = [
        [("grant_type", "refresh_token"), ("client_id", "one")],
        [("grant_type", "refresh_token"), ("client_id", "other")],
        [("grant_type", "authorization_code"), ("client_id", "other")],
    ]
    requests = [
        exchange("auth_server", "POST /oauth/token", at=n, form=form)
        for n, form in enumerate(forms)
    ]

    assert [row.n for row in draw_rows(requests) if isinstance(row, Call)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("exchanges", "phase"),
    [
        ([exchange("auth_server", "GET /login")], "1 Authorization"),
        (
            [exchange("auth_server", "POST /account/apps", events=[{"event": "grant_ended"}])],
            "5 End",
        ),
        ([exchange("auth_server", "GET /account/apps")], "Outside the flow"),
        ([exchange("auth_server", "POST /logout", location="/")], "Outside the flow"),
        ([exchange("client_app", "POST /disconnect", location="/")], "5 End"),
        ([exchange("client_app", "GET /orders/1")], "Outside the flow"),
    ],
)
def test_a_message_and_its_inner_messages_are_in_one_phase(
    exchanges: list[Exchange], phase: str
) -> None:
    assert summarize(draw_rows(exchanges))[0] == f"# {phase}"


def test_an_album_request_with_a_refresh_is_in_the_refresh_phase() -> None:
    album = exchange("client_app", "GET /photos", until=1, request_id="one")
    refresh = exchange(
        "auth_server",
        "POST /oauth/token",
        at=0.1,
        request_id="one",
        form=[("grant_type", "refresh_token")],
    )
    photos = exchange(
        "resource_api", "GET /photos", at=0.5, request_id="one", request_headers=BEARER
    )

    assert [
        each for each in summarize(draw_rows([album, refresh, photos])) if each.startswith("#")
    ] == ["# 4 Refresh"]


def test_a_revocation_inside_a_callback_is_not_in_the_end_phase() -> None:
    """The revocation ends an older grant, but the flow of this one has just begun."""
    callback = exchange(
        "client_app", "GET /callback", until=1, request_id="one", location="/photos"
    )
    revocation = exchange("auth_server", "POST /oauth/revoke", at=0.5, request_id="one")

    assert [
        each for each in summarize(draw_rows([callback, revocation])) if each.startswith("#")
    ] == [
        "# 1 Authorization",
        "# 2 Token",
    ]


def test_messages_without_a_flow_have_no_phases() -> None:
    trees = read_trees([*authorization(), *album(10)])
    rows = diagram.rows(trees, party(""), lambda _: NAMES, str, is_flow=False)

    assert [each for each in summarize(rows) if each.startswith("#")] == ["# Outside the flow"]


def test_the_clients_view_shows_its_redirect_to_the_authorization_server() -> None:
    [redirect] = [
        row for row in draw_rows(authorization()[:2], "client") if isinstance(row, Redirect)
    ]

    assert (redirect.source, redirect.target, redirect.step) == (
        Lane.CLIENT,
        Lane.AUTHORIZATION_SERVER,
        "A2",
    )


@pytest.mark.parametrize("view", [party.view for party in PARTIES])
def test_a_party_that_sees_a_request_sees_its_response(view: str) -> None:
    rows = draw_rows([*authorization(), *album(10)], view, is_folded=False)
    begun = {row.n for row in rows if isinstance(row, Call | Redirect)}
    ended = {row.n for row in rows if isinstance(row, Response)} | {
        row.ends for row in rows if isinstance(row, Redirect)
    }

    assert begun == ended


def test_a_blind_spot_covers_the_lanes_that_it_hides() -> None:
    [note] = [
        row for row in draw_rows(authorization()[2:3], "resource-api") if isinstance(row, BlindSpot)
    ]

    assert (note.first_lane, note.last_lane) == (Lane.BROWSER, Lane.AUTHORIZATION_SERVER)


@pytest.mark.parametrize(
    ("hidden", "view", "text"),
    [
        (
            exchange("auth_server", "GET /.well-known/oauth-authorization-server"),
            "browser",
            "Print Shop reads the addresses of Tripod ID",
        ),
        (exchange("client_app", "GET /photos"), "resource-api", "The user uses Print Shop"),
        (
            exchange("auth_server", "GET /account/apps"),
            "client",
            "The user uses Tripod ID",
        ),
        (
            exchange("resource_api", "GET /photos", status=401),
            "browser",
            "Servers exchange messages",
        ),
        (album(0)[1], "browser", "Print Shop loads the photos"),
        (replace(album(0)[1], status=401), "browser", "The access token is rejected"),
        (exchange("auth_server", "POST /login", status=400), "client", "A sign-in fails"),
    ],
)
def test_a_blind_spot_describes_the_hidden_messages(hidden: Exchange, view: str, text: str) -> None:
    [note] = [row for row in draw_rows([hidden], view) if isinstance(row, BlindSpot)]

    assert note.text == text


def test_a_blind_spot_reports_the_last_sign_in_attempt() -> None:
    attempts = [
        exchange("auth_server", "POST /login", at=n, status=status)
        for n, status in enumerate((403, 303))
    ]

    [note] = [row for row in draw_rows(attempts, "client") if isinstance(row, BlindSpot)]

    assert note.text == "The user signs in and decides"


def test_a_party_sees_no_fold_of_hidden_messages() -> None:
    images = [one for at in range(5) for one in album(10 + at, f"/{at}/image")]

    assert [row for row in draw_rows(images, "authorization-server") if isinstance(row, Fold)] == []


def test_the_browser_sees_neither_the_token_request_nor_the_resource() -> None:
    rows = draw_rows([*authorization(), *album(10)], "browser")

    assert [(row.text, row.more) for row in rows if isinstance(row, BlindSpot)] == [
        ("The code is redeemed for tokens", "One message not visible to the browser."),
        ("Print Shop loads the photos", "One message not visible to the browser."),
    ]
    assert not [row for row in rows if isinstance(row, Call) and row.label == "POST /oauth/token"]


def test_the_resource_api_sees_nothing_of_the_authorization() -> None:
    rows = draw_rows([*authorization(), *album(10)], "resource-api")

    assert [row.label for row in rows if isinstance(row, Call)] == ["GET /photos"]
    assert all(
        row.source == 3 or row.target == 3 for row in rows if isinstance(row, Call | Response)
    )


def test_each_party_sees_only_what_it_sends_and_receives() -> None:
    exchanges = [*authorization(), *album(10)]
    for each in PARTIES[1:]:
        for row in draw_rows(exchanges, each.view):
            if isinstance(row, Call | Response):
                assert each.lane in (row.source, row.target)


def test_every_message_is_visible_or_in_a_blind_spot() -> None:
    exchanges = [*authorization(), *album(10)]
    everything = sum(isinstance(row, Call | Redirect) for row in draw_rows(exchanges))
    for each in PARTIES[1:]:
        rows = draw_rows(exchanges, each.view)
        hidden = sum(
            int(row.more.split()[0].replace("One", "1"))
            for row in rows
            if isinstance(row, BlindSpot)
        )
        visible = {row.n for row in rows if isinstance(row, Call | Redirect)}

        assert len(visible) + hidden >= everything


def test_a_redirect_to_an_unrecorded_client_has_an_open_end() -> None:
    allowed = exchange(
        "auth_server",
        "POST /oauth/authorize",
        location="https://calendar.example/callback?code=c&state=one",
    )

    redirect = draw_rows([allowed])[-1]

    assert isinstance(redirect, Redirect)
    assert (redirect.step, redirect.label, redirect.params) == (
        "A7",
        "GET /callback",
        ["code", "state"],
    )
