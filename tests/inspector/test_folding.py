"""A long flow stays short: later minutes at the API are one row each."""

from inspector.draw import diagram
from inspector.draw.rows import Fold, Heading
from inspector.draw.sequence import HEIGHT
from inspector.read.folding import Omission, folded, parts
from inspector.read.messages import Message, read_trees
from inspector.read.names import Names
from inspector.read.parties import EVERYONE
from inspector.record.exchange import Exchange
from tests.inspector.exchanges import exchange

BEARER = [("Authorization", "Bearer ••••••••")]


def album(at: float, images: int = 6) -> list[Exchange]:
    """Return a visit of the album: a page, and its images."""
    return [each for place in range(images + 1) for each in page(at + place / 10, place)]


def page(at: float, image: int = 0) -> list[Exchange]:
    """Return a request for the album or one of its images, and the call that it causes."""
    path = "/photos"
    if image:
        path = f"/photos/{image}/image"
    same = {"request_id": f"page-{at}"}
    return [
        exchange("client_app", f"GET {path}", at=at, until=at + 0.09, **same),
        exchange(
            "resource_api",
            f"GET {path}",
            at=at + 0.02,
            until=at + 0.05,
            request_headers=BEARER,
            **same,
        ),
    ]


def refresh(at: float) -> list[Exchange]:
    """Return a request of the album for which the client refreshes."""
    same = {"request_id": f"refresh-{at}"}
    return [
        exchange("client_app", "POST /refresh", at=at, until=at + 0.5, **same),
        exchange(
            "auth_server",
            "POST /oauth/token",
            at=at + 0.1,
            form=[("grant_type", "refresh_token")],
            response_text='{"access_token": "••••••••"}',
            **same,
        ),
    ]


def six_minutes() -> list[Exchange]:
    """Return six minutes of use, with two visits in each and a refresh after every second one."""
    visits = [each for minute in range(6) for at in (5, 40) for each in album(60 * minute + at)]
    return visits + [each for minute in (1, 3, 5) for each in refresh(60 * minute + 50)]


def omissions(trees: list[Message]) -> list[str]:
    """Return the descriptions of what is folded."""
    return [part.why for part in parts(trees) if isinstance(part, Omission)]


def test_a_later_minute_is_one_row() -> None:
    found = omissions(read_trees(six_minutes()))

    assert "00:19 UTC, 14 requests" in found
    assert "00:20 UTC, 15 requests, 1 refresh" in found


def test_the_first_refresh_is_shown_and_the_next_ones_are_folded() -> None:
    trees = read_trees(six_minutes()[:-2])  # the newest minute is shown too
    shown = [part for part in parts(trees) if isinstance(part, Message)]

    assert [part.exchange.path for part in shown].count("/refresh") == 1


def test_six_minutes_of_use_are_short() -> None:
    drawn = diagram.rows(
        parts(read_trees(six_minutes())), EVERYONE, lambda _: Names("Print Shop", "Tripod ID"), str
    )

    assert sum(HEIGHT[type(row)] for row in drawn) < 2000
    assert any(isinstance(row, Fold) for row in drawn)
    assert [row.title for row in drawn if isinstance(row, Heading)].count("4 Refresh") <= 2


def test_an_error_in_a_later_minute_is_shown() -> None:
    refused = exchange("resource_api", "GET /photos", at=100, status=403, request_headers=BEARER)
    trees = read_trees([*six_minutes(), refused])

    assert 403 in [part.exchange.status for part in parts(trees) if isinstance(part, Message)]


def test_only_the_fold_of_the_open_message_is_unfolded() -> None:
    trees = read_trees(six_minutes())
    first = folded(parts(trees))[0].n

    shown = parts(trees, first)

    assert first not in [message.n for message in folded(shown)]
    assert len(folded(shown)) > 20
