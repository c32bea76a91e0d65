"""Draw each kind of row, with its top at height `y`."""

from markupsafe import Markup

from inspector.draw.geometry import (
    GAP,
    LANES,
    LARGE,
    SMALL,
    TURN,
    WIDTH,
    arrow,
    badge,
    clip,
    direction,
    text,
    x,
)
from inspector.draw.rows import BlindSpot, Call, Fold, Heading, Redirect, Response

_EYE = Markup(
    '<g class="eye" transform="translate({:g} {})">'
    '<path d="M1 10s4-7 10-7 10 7 10 7-4 7-10 7S1 10 1 10z"/>'
    '<circle cx="11" cy="10" r="3"/><path class="slash" d="M2.5 1.5l17 17"/></g>'
)


def heading(row: Heading, y: int) -> Markup:
    """Return the heading of a band."""
    strip = Markup('<rect class="band-head" x="7" y="{}" width="{}" height="36" rx="7"/>').format(
        y + 12, WIDTH - 14
    )
    hint = text(WIDTH - 20, y + 35, clip(row.hint, 560, SMALL), "phase-hint", anchor="end")
    return strip + text(20, y + 35, row.title, "phase") + hint


def call(row: Call, y: int) -> Markup:
    """Return an arrow with the request line above it."""
    start, end, line = x(row.source), x(row.target), y + 40
    at, anchor = start + GAP, "start"
    if end < start:
        at, anchor = start - GAP, "end"
    css, inset = "back", 12
    if row.front:
        css, inset = "front", 7
    return (
        _labels(row.label, row.params, at, line - 27, abs(end - start) - 32, anchor)
        + arrow(start, end, line, css, inset)
        + badge(row.step, start, line, attacker=row.attacker)
    )


def redirect(row: Redirect, y: int) -> Markup:
    """Return an arrow from the source to the browser and from there to the target."""
    start, end, home = x(row.source), x(row.target), x(0)
    top, low = y + 38, y + 98
    path = (
        f"M{start} {top}H{home + TURN}a{TURN} {TURN} 0 0 0 {-TURN} {TURN}"
        f"V{low - TURN}a{TURN} {TURN} 0 0 0 {TURN} {TURN}H{end - 12}"
    )
    line = Markup('<path class="line front" d="{}"/><path class="tip" d="M{} {}l-9 -5v10z"/>')
    status = clip(row.status, start - home - 30, LARGE)
    return (
        line.format(path, end - 7, low)
        + text(start - GAP, top - 9, status, "path", anchor="end")
        + _labels(row.label, row.params, home + GAP, low - 27, end - home - 32, "start")
        + badge(row.step, start, top, attacker=row.attacker)
    )


def response(row: Response, y: int) -> Markup:
    """Return an arrow with the status and a summary of the response above it."""
    start, end, line = x(row.source), x(row.target), y + 32
    css = f"answer leg-{LANES[row.source]}"
    if row.status[:1] in "45":
        css += " bad"
    status = row.status[:3]
    width = abs(end - start) - 2 * GAP - len(status) * LARGE - 20
    words = Markup(
        '<text x="{}" y="{}"><tspan class="path">{}</tspan>'
        '<tspan class="params" dx="8">{}</tspan></text>'
    ).format(min(start, end) + GAP, line - 9, status, clip(row.summary, width))
    channel = "back"
    if row.front:
        channel = "front"
    line_and_tip = arrow(start + 5 * direction(start, end), end, line, channel)
    step = Markup()
    if row.step:
        step = badge(row.step, start, line)
    return Markup('<g class="{}">{}{}{}</g>').format(css, words, line_and_tip, step)


def blind_spot(row: BlindSpot, y: int) -> Markup:
    """Return a note with a closed eye, wide enough for its lanes and its text."""
    words = max(len(row.text) * LARGE, len(row.more) * SMALL)
    width = min(max(x(row.last_lane) - x(row.first_lane) + 48, words + 68), WIDTH - 16)
    left = min(x(row.first_lane) - 24, WIDTH - 8 - width)
    box = Markup('<rect class="note" x="{:g}" y="{}" width="{:g}" height="68" rx="10"/>').format(
        left, y + 12, width
    )
    return Markup('<g class="unseen leg-auth">{}{}{}{}</g>').format(
        box,
        _EYE.format(left + 16, y + 36),
        text(left + 52, y + 42, clip(row.text, width - 60, LARGE), "path plain"),
        text(left + 52, y + 61, clip(row.more, width - 60), "params plain"),
    )


def fold(row: Fold, y: int) -> Markup:
    """Return a pill that links to the folded messages."""
    pill = Markup('<rect class="fold" x="{}" y="{}" width="{}" height="38" rx="19"/>').format(
        x(1) - 24, y + 14, x(3) - x(1) + 48
    )
    label = text(x(2), y + 38, row.text, "path plain", anchor="middle")
    return Markup('<a class="fold-link" href="{}">{}{}</a>').format(row.href, pill, label)


def _labels(label: str, params: str, at: float, y: float, width: float, anchor: str) -> Markup:
    path = clip(label, width, LARGE)
    if not params:
        return text(at, y + 16, path, "path", anchor=anchor)
    return text(at, y, path, "path", anchor=anchor) + text(
        at, y + 17, clip(params, width), "params", anchor=anchor
    )
