"""The token timeline: when each token works, as a drawing and as sentences."""

from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest

from inspector import draw
from inspector.read.token_lives import AccessToken, RefreshTokens

HOSTILE_TEXT = "</svg><script>alert(1)</script> \" ' & \x00 \u202e"
LIFE = RefreshTokens(issued=0, expires=86400, ended=None)
ENDED = RefreshTokens(issued=0, expires=86400, ended=30, why="the client revoked it")


def token(
    issued: float,
    replaced: float | None = None,
    ended: float | None = None,
    why: str = HOSTILE_TEXT,
) -> AccessToken:
    """Return a token with a lifetime of two minutes."""
    end_fields: dict[str, Any] = {}
    if ended is not None:
        end_fields = {"ended": ended, "why": why}
    return AccessToken(issued=issued, expires=issued + 120, replaced=replaced, **end_fields)


def chain(*issued: float) -> list[AccessToken]:
    """Return tokens that were issued at these times. Each replaces the one before."""
    return [token(*moments) for moments in zip(issued, [*issued[1:], None], strict=True)]


def draw_timeline(
    tokens: list[AccessToken], now: float, refresh: RefreshTokens = LIFE
) -> ElementTree.Element:
    """Draw and parse strictly. NUL is removed first, as HTML parsers do."""
    text = draw.timeline(tokens, refresh, now).replace("\x00", "")
    return ElementTree.fromstring(text)  # noqa: S314 - the project draws it, and it has no entities


def find_by_classes(svg: ElementTree.Element, *css: str) -> list[ElementTree.Element]:
    """Return the elements that have all these CSS classes."""
    return [node for node in svg.iter() if {*css} <= {*(node.get("class") or "").split()}]


def blocks(svg: ElementTree.Element) -> list[tuple[float, float]]:
    """Return the left and the right end of each access token's block."""
    return [extent(block) for block in find_by_classes(svg, "life", "access")]


def strips(svg: ElementTree.Element) -> list[tuple[float, float]]:
    """Return both ends of each strip: the time in which a replaced token still works."""
    return [
        extent(rect) for strip in find_by_classes(svg, "replaced") for rect in strip.iter("rect")
    ]


def extent(rect: ElementTree.Element) -> tuple[float, float]:
    """Return the left and the right end of a rectangle."""
    return float(rect.attrib["x"]), float(rect.attrib["x"]) + float(rect.attrib["width"])


def labels(svg: ElementTree.Element, y: str) -> list[tuple[str, float]]:
    """Return the numbers of the tokens in the row at `y`, each with its position."""
    found = [node for node in find_by_classes(svg, "label") if node.get("y") == y]
    return [
        (node.text or "", float(node.attrib["x"])) for node in found if (node.text or "").isdigit()
    ]


REFRESH_ROW, ACCESS_ROW = "63", "122"


@pytest.mark.parametrize("now", [0, 100, 119.999, 120, 5000, 1e9])
@pytest.mark.parametrize(
    "tokens",
    [
        [token(0)],
        chain(0, 60),
        [token(0, ended=60)],
        [token(120 * n) for n in range(40)],
        chain(*range(40)),
        [AccessToken(issued=0, expires=0)],
        [AccessToken(issued=0, expires=10**9, replaced=5)],
    ],
)
def test_a_timeline_is_well_formed_at_any_time(tokens: list[AccessToken], now: float) -> None:
    svg = draw_timeline(tokens, now)

    assert svg.get("role") == "img"
    assert not [node for node in svg.iter() if "nan" in "".join(node.attrib.values()).lower()]


@pytest.mark.parametrize(
    "life",
    [
        RefreshTokens(issued=0, expires=None, ended=None),
        RefreshTokens(issued=0, expires=60, ended=None),
        ENDED,
    ],
)
def test_a_refresh_token_of_any_length_is_drawn(life: RefreshTokens) -> None:
    assert draw_timeline([token(0)], 50, life).tag == "svg"


def test_without_tokens_a_sentence_replaces_the_timeline() -> None:
    assert draw.timeline([], LIFE, 0) == ""
    assert (
        draw.timeline_words([], LIFE, 0)
        == "The code has not been redeemed, so there are no tokens."
    )


@pytest.mark.parametrize(("now", "live"), [(0, 1), (119, 1), (120, 0), (500, 0)])
def test_an_expired_token_is_not_active(now: float, live: int) -> None:
    assert len(find_by_classes(draw_timeline([token(0)], now), "live", "access")) == live


def test_only_the_last_token_is_active() -> None:
    svg = draw_timeline(chain(0, 60), 61)

    assert [extent(block) for block in find_by_classes(svg, "live", "access")] == blocks(svg)[1:]


def test_the_current_time_moves_to_the_right() -> None:
    positions = [
        float(find_by_classes(draw_timeline([token(0)], now), "now")[0].attrib["x1"])
        for now in (0, 30, 60, 119)
    ]

    assert positions == sorted(set(positions))


def test_a_long_refresh_token_is_cut_and_shows_its_remaining_time() -> None:
    cut, whole = draw_timeline([token(0)], 10), draw_timeline([token(0)], 40, ENDED)

    corners = [
        find_by_classes(svg, "life", "refresh")[0].attrib["d"].count("a") for svg in (cut, whole)
    ]

    assert corners == [2, 4]
    assert "24 hours left →" in [node.text for node in cut.iter("text")]
    assert not [node for node in whole.iter("text") if "left" in (node.text or "")]


def test_only_the_last_six_tokens_are_shown_with_their_numbers() -> None:
    svg = draw_timeline(chain(*range(0, 480, 60)), 430)

    for row in (REFRESH_ROW, ACCESS_ROW):
        assert [number for number, _ in labels(svg, row)] == ["3", "4", "5", "6", "7", "8"]


@pytest.mark.parametrize("apart", [0, 0.001, 0.5, 1, 3, 60])
def test_numbers_never_overlap(apart: float) -> None:
    svg = draw_timeline(
        chain(*(95 * apart + apart * n for n in range(12))), 95 * apart + 11 * apart
    )

    for row in (REFRESH_ROW, ACCESS_ROW):
        positions = labels(svg, row)
        assert all(b - a >= 9 * len(number) for (number, a), (_, b) in pairwise(positions))
    assert [number for number, _ in labels(svg, REFRESH_ROW)] == ["7", "8", "9", "10", "11", "12"]


def test_a_number_is_inside_its_block_if_it_fits() -> None:
    svg = draw_timeline(chain(0, 60, 63, 63.5), 64)

    assert [number for number, _ in labels(svg, ACCESS_ROW)] == ["1", "2", "4"]
    for (begins, ends), (_, at) in zip(
        [*blocks(svg)[:2], blocks(svg)[3]], labels(svg, ACCESS_ROW), strict=True
    ):
        assert begins < at < at + 9 <= ends


def test_a_replaced_token_works_until_it_expires() -> None:
    svg = draw_timeline(chain(0, 60), 61)
    [(begins, ends)] = strips(svg)

    assert begins == pytest.approx(blocks(svg)[1][0], abs=2)
    assert blocks(svg)[1][0] < ends < blocks(svg)[1][1]
    assert [node.findtext("title") for node in find_by_classes(svg, "replaced")] == [
        "replaced; it works until it expires"
    ]


@pytest.mark.parametrize(
    ("first", "now", "title"),
    [
        (token(0, 60), 119, "replaced; it works until it expires"),
        (token(0, 60), 120, "replaced; it worked until it expired"),
        (token(0, 60, 90, "the grant ended"), 119, "replaced; it worked until the grant ended"),
    ],
)
def test_the_state_of_each_token_is_described(first: AccessToken, now: float, title: str) -> None:
    svg = draw_timeline([first, token(60)], now)

    assert [node.findtext("title") for node in find_by_classes(svg, "replaced")] == [title]


def test_the_end_of_the_grant_ends_replaced_tokens() -> None:
    svg = draw_timeline([token(0, 60, 90), token(60, None, 90)], 95, ENDED)

    assert strips(svg)[0][1] == pytest.approx(blocks(svg)[1][1], abs=2)


@pytest.mark.parametrize(
    "first", [token(0, ended=60), token(0, replaced=120), token(0, replaced=300)]
)
def test_a_token_that_ended_before_its_successor_has_no_strip(first: AccessToken) -> None:
    svg = draw_timeline([first, token(300)], 301)

    assert (strips(svg), len(blocks(svg))) == ([], 2)


def test_strips_overlap_neither_each_other_nor_the_time_labels() -> None:
    svg = draw_timeline(chain(0, 10, 20, 125, 130), 131)
    levels: dict[str, list[tuple[float, float]]] = {}
    for strip in find_by_classes(svg, "replaced"):
        [rect] = strip.iter("rect")
        levels.setdefault(rect.attrib["y"], []).append(extent(rect))

    assert sorted(len(level) for level in levels.values()) == [1, 1, 2]
    assert all(
        ends < begins for level in levels.values() for (_, ends), (begins, _) in pairwise(level)
    )
    assert (
        max(map(float, levels)) + 7
        < min(float(node.attrib["y"]) for node in find_by_classes(svg, "when")) - 12
    )


@pytest.mark.parametrize(
    ("tokens", "life", "now", "sentence"),
    [
        (
            [token(0)],
            LIFE,
            30,
            "Access token 1 expires in 1:30. The refresh token expires in 24 hours.",
        ),
        (
            chain(0, 60),
            LIFE,
            180,
            "Access token 2 has expired. One earlier token was replaced. The refresh",
        ),
        (
            chain(0, 60),
            LIFE,
            90,
            "Access token 2 expires in 1:30. One earlier token was replaced; it still works. The",
        ),
        (
            [token(0)] * 3,
            LIFE,
            0,
            "Access token 3 expires in 2:00. Two earlier tokens were replaced.",
        ),
        (chain(0, 90, 91), LIFE, 121, "Two earlier tokens were replaced; one of them still works."),
        (
            chain(0, 90, 91, 92),
            LIFE,
            121,
            "Three earlier tokens were replaced; two of them still work.",
        ),
        (
            chain(0, 1, 2, 3, 4),
            LIFE,
            5,
            "Four earlier tokens were replaced; all of them still work.",
        ),
        ([token(0)] * 14, LIFE, 0, "13 earlier tokens were replaced."),
        (
            [token(0)],
            ENDED,
            40,
            "The grant has ended, and with it its tokens: the client revoked it.",
        ),
        (
            [token(0), token(9)],
            ENDED,
            40,
            "The grant has ended, and with it both pairs of tokens: the client",
        ),
        (
            [token(0)] * 3,
            ENDED,
            40,
            "The grant has ended, and with it all three pairs of tokens: the client",
        ),
        (
            [token(0)],
            RefreshTokens(issued=0, expires=60, ended=None),
            100,
            "The refresh token has expired too.",
        ),
        (
            [token(0)],
            RefreshTokens(issued=0, expires=None, ended=None),
            0,
            "The lifetime of the refresh token was not",
        ),
    ],
)
def test_the_timeline_has_a_text_version(
    tokens: list[AccessToken], life: RefreshTokens, now: float, sentence: str
) -> None:
    assert sentence in draw.timeline_words(tokens, life, now)
