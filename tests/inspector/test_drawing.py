"""The drawings are well-formed, show only the given data, and describe each message in text."""

import re
from xml.etree import ElementTree

import pytest

from inspector import draw
from inspector.draw import geometry
from inspector.draw.blind_spots import STORIES
from inspector.draw.lanes import AT
from inspector.draw.rows import BlindSpot, Call, Fold, Heading, Redirect, Response, Row
from inspector.draw.sequence import HEIGHT, REST
from inspector.read.token_lives import Member

NAMES = ["Browser", "Print Shop", "Tripod ID", "Photo API"]
HOSTILE_TEXT = "</svg><script>alert(1)</script> \" ' & \x00 \u202e"


def rows_with_text(text: str) -> list[Row]:
    """Return a row of each kind with this text."""
    return [
        Heading(title=text, hint=text),
        Call(
            n=1,
            source=0,
            target=1,
            says=text,
            label=text,
            params=[text],
            step="A1",
            front=True,
            attacker=True,
        ),
        Redirect(
            n=2,
            ends=1,
            source=1,
            target=2,
            says=text,
            status=text,
            label=text,
            params=[text],
            step="A2",
        ),
        Response(
            n=2, source=2, target=0, says=text, status=text, summary=text, step="A3", front=True
        ),
        Call(n=3, source=3, target=2, says=text, label=text, params=[text], step="", front=False),
        BlindSpot(first_lane=1, last_lane=2, text=text, more=text),
        Fold(text=text, href=text),
    ]


def link(n: int) -> str:
    """Return the address of a message, as the page gives it to the drawing."""
    return f"/inspector?flow=1&message={n}#message-{n}"


def parse(picture: str) -> ElementTree.Element:
    """Parse the drawing strictly. NUL is removed first, as HTML parsers do."""
    text = picture.replace("\x00", "")
    return ElementTree.fromstring(text)  # noqa: S314 - the project draws it, and it has no entities


def test_hostile_text_cannot_add_a_script_to_the_diagram() -> None:
    picture = draw.sequence(rows_with_text(HOSTILE_TEXT), [HOSTILE_TEXT] * 4, 1, link)

    assert parse(picture).tag == "svg"
    assert "<script" not in picture
    assert not re.search(r"<[^>]*(?:on\w+=\"|style=)", picture)


@pytest.mark.parametrize("names", [NAMES, ["Browser", "K" * 500, "Tripod ID", "Photo API"]])
def test_every_message_is_a_link_with_a_description(names: list[str]) -> None:
    svg = parse(draw.sequence(rows_with_text("GET /x"), names, None, link))

    links = [node for node in svg.iter("a") if node.get("data-message")]

    assert [node.get("data-message") for node in links] == ["1", "2", "2", "3"]
    assert links[0].get("href") == link(1)
    assert links[0].get("aria-label") == f"A1: GET /x. the attacker to {names[1]}, GET /x"
    assert links[2].get("aria-label") == f"A3: GET /x. {names[2]} answers {names[0]}, GET /x"


def test_the_open_message_is_marked() -> None:
    svg = parse(draw.sequence(rows_with_text("x"), NAMES, 2, link))

    assert {node.get("data-message") for node in svg.iter("a") if node.get("aria-current")} == {"2"}


def test_the_front_channel_is_dashed_and_the_back_channel_is_not() -> None:
    call = {"n": 1, "says": "x", "label": "x", "params": (), "step": ""}
    front = draw.sequence([Call(source=0, target=1, front=True, **call)], NAMES, None, link)
    back = draw.sequence([Call(source=1, target=2, front=False, **call)], NAMES, None, link)

    assert 'class="line front"' in front
    assert 'class="line front"' not in back


def test_a_diagram_without_rows_has_four_lifelines() -> None:
    svg = parse(draw.sequence([], NAMES, None, link))

    assert len(list(svg.iter("line"))) == 4


@pytest.mark.parametrize("kind", ["exchange", "request", "redirect"])
@pytest.mark.parametrize("attacker", [True, False])
def test_a_small_diagram_of_a_message_is_well_formed(kind: str, attacker: bool) -> None:
    for source in range(4):
        for target in range(4):
            assert (
                parse(draw.lanes(source, target, kind, attacker=attacker)).get("class") == "lanes"
            )


FRONT = {"says": "", "params": (), "step": "", "front": True}


def draw_rows(*rows: Row) -> ElementTree.Element:
    """Draw the rows and parse the drawing."""
    return parse(draw.sequence(rows, NAMES, None, link))


def find_by_class(svg: ElementTree.Element, css: str) -> list[ElementTree.Element]:
    """Return the shapes that have this CSS class, in drawing order."""
    return [node for node in svg.iter() if css in (node.get("class") or "").split()]


def span(bar: ElementTree.Element) -> tuple[float, float]:
    """Return the top and the bottom of a bar."""
    return float(bar.attrib["y"]), float(bar.attrib["y"]) + float(bar.attrib["height"])


def numbers(path: ElementTree.Element) -> list[float]:
    """Return the coordinates of a path."""
    return [float(number) for number in re.findall(r"-?[\d.]+", path.attrib["d"])]


@pytest.mark.parametrize(("source", "target"), [(0, 1), (1, 0), (1, 2), (3, 2)])
def test_the_bar_of_a_message_is_on_the_receivers_lane(source: int, target: int) -> None:
    call = Call(n=1, source=source, target=target, label="GET /x", **FRONT)
    response = Response(
        n=1, source=target, target=source, says="", status="200", summary="", step="", front=True
    )

    svg = draw_rows(call, response)
    [bar] = find_by_class(svg, "bar")
    request_y, response_y = (numbers(line)[1] for line in find_by_class(svg, "line"))

    assert float(bar.attrib["x"]) + float(bar.attrib["width"]) / 2 == geometry.x(target)
    assert f"leg-{geometry.LANES[target]}" in bar.attrib["class"].split()
    assert span(bar)[0] < request_y < response_y < span(bar)[1]


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["scope", "state"], "GET /y  scope state"),
        (["scope", *["code_challenge"] * 8], f"GET /y  scope {'code_challenge ' * 5}+3"),
        (["x" * 200], "GET /y  +1"),
    ],
)
def test_no_name_of_a_parameter_is_cut(names: list[str], shown: str) -> None:
    redirect = Redirect(
        n=2, ends=1, source=1, target=2, says="", status="", label="GET /y", params=names, step=""
    )

    assert shown in [node.text for node in find_by_class(draw_rows(redirect), "params")]


def test_dots_replace_the_parameters_if_their_number_does_not_fit() -> None:
    names = ["token", "token_type_hint"]
    label = "POST /oauth/introspect"
    call = Call(n=1, source=3, target=2, says="", label=label, params=names, step="", front=False)

    shown = [node.text for node in find_by_class(draw_rows(call), "params")]
    assert shown == ["POST /oauth/introspect …"]


def test_a_redirect_ends_one_bar_and_begins_the_next() -> None:
    call = Call(n=1, source=0, target=1, label="GET /x", **FRONT)
    redirect = Redirect(
        n=2, ends=1, source=1, target=2, says="", status="302", label="GET /y", params=(), step=""
    )
    response = Response(
        n=2, source=2, target=0, says="", status="200", summary="", step="", front=True
    )

    client, auth = find_by_class(draw_rows(call, redirect, response), "bar")

    assert ("leg-client" in client.attrib["class"], "leg-auth" in auth.attrib["class"]) == (
        True,
        True,
    )
    assert span(client)[1] < span(auth)[0]


def test_a_redirect_to_a_hidden_message_ends_its_own_message() -> None:
    call = Call(n=1, source=0, target=1, label="GET /x", **FRONT)
    redirect = Redirect(
        n=1, ends=1, source=1, target=2, says="", status="302", label="GET /y", params=(), step=""
    )

    [bar] = find_by_class(draw_rows(call, redirect), "bar")

    assert span(bar)[1] < HEIGHT[Call] + HEIGHT[Redirect] / 2


def test_an_unfinished_message_lasts_to_the_end_of_the_drawing() -> None:
    call = Call(n=1, source=0, target=1, label="GET /x", **FRONT)
    height = sum(HEIGHT[kind] for kind in (Call, Fold))

    [bar] = find_by_class(draw_rows(call, Fold(text="more", href="?")), "bar")

    assert span(bar)[1] == height - REST


@pytest.mark.parametrize(("start", "end"), [(100, 300), (300, 100)])
def test_an_arrow_points_from_the_sender_to_the_receiver(start: float, end: float) -> None:
    line, tip = parse(f"<g>{geometry.arrow(start, end, 40, 'front')}</g>")
    point, _, back = numbers(tip)[:3]

    assert numbers(line)[0] == start
    assert min(start, end) < point < max(start, end)
    assert abs(point - end) < abs(point - start)
    assert (back < 0) == (end > start)


@pytest.mark.parametrize("kind", ["exchange", "request"])
@pytest.mark.parametrize(("source", "target"), [(0, 2), (2, 0), (3, 1)])
def test_the_small_diagram_points_from_the_sender_to_the_receiver(
    kind: str, source: int, target: int
) -> None:
    svg = parse(draw.lanes(source, target, kind))
    [line], [tip], [dot] = (
        find_by_class(svg, "line"),
        find_by_class(svg, "tip"),
        find_by_class(svg, "dot"),
    )

    point, _, back = numbers(tip)[:3]

    assert float(dot.attrib["cx"]) == numbers(line)[0] == AT[source]
    assert abs(point - AT[target]) <= 2
    assert (back < 0) == (target > source)


def test_a_long_text_is_cut_with_an_ellipsis() -> None:
    assert geometry.clip("abcdefghij", 5 * 7, letter=7) == "abcd…"


def test_a_short_text_is_not_cut() -> None:
    assert geometry.clip("abcde", 5 * 7, letter=7) == "abcde"


@pytest.mark.parametrize(
    ("status", "is_bad"),
    [("200 OK", False), ("302 Found", False), ("400 Bad Request", True), ("503", True)],
)
def test_an_error_response_is_marked(status: str, is_bad: bool) -> None:
    response = Response(
        n=1, source=1, target=0, says="", status=status, summary="", step="", front=True
    )

    [group] = find_by_class(draw_rows(response), "answer")

    assert ("bad" in group.attrib["class"].split()) == is_bad


@pytest.mark.parametrize("left", range(4))
@pytest.mark.parametrize("right", range(4))
def test_a_note_about_hidden_messages_is_wide_enough(left: int, right: int) -> None:
    text, more = (
        max(STORIES.values(), key=len),
        "120 messages not visible to the authorization server.",
    )

    svg = draw_rows(
        BlindSpot(first_lane=min(left, right), last_lane=max(left, right), text=text, more=more)
    )
    [box] = find_by_class(svg, "note")
    left_x, right_x = float(box.attrib["x"]), float(box.attrib["x"]) + float(box.attrib["width"])

    assert [node.text for node in svg.iter("text")] == [text, more]
    assert 0 < left_x < right_x < geometry.WIDTH
    assert left_x + 52 + len(more) * geometry.SMALL < right_x


def test_a_very_long_note_stays_within_the_drawing() -> None:
    svg = draw_rows(BlindSpot(first_lane=3, last_lane=3, text=HOSTILE_TEXT * 20, more=""))

    [box] = find_by_class(svg, "note")

    assert (
        0
        < float(box.attrib["x"])
        < float(box.attrib["x"]) + float(box.attrib["width"])
        < geometry.WIDTH
    )


def chain(length: int) -> Member:
    """Return a code and `length` pairs of tokens, each replaced by the next."""
    member = Member(label=f"Tokens {length}", state="active", note=HOSTILE_TEXT)
    for n in range(length - 1, 0, -1):
        member = Member(label=f"Tokens {n}", state="spent", note="used", children=(member,))
    return Member(label="Code", state="spent", note="exchanged", children=(member,))


@pytest.mark.parametrize("length", [1, 8, 9, 40])
def test_a_family_of_any_length_has_at_most_nine_entries(length: int) -> None:
    family = parse(draw.family(chain(length)))
    names = [node.text for node in family.iter("strong")]

    assert (names[0], names[-1]) == ("Code", f"Tokens {length}")
    assert len(family) <= 9


def test_the_middle_of_a_long_family_is_folded() -> None:
    assert "34 more, each replaced by the next" in draw.family(chain(40))


def test_a_lost_token_is_drawn_below_the_active_one() -> None:
    lost, active = (
        Member(label=f"Tokens {n}", state=state, note="")
        for n, state in ((2, "lost"), (3, "active"))
    )
    first = Member(label="Tokens 1", state="spent", note="", children=(lost, active))

    family = parse(draw.family(first))

    assert [[node.text for node in each.iter("strong")] for each in family] == [
        ["Tokens 1"],
        ["Tokens 3", "Tokens 2"],
    ]
