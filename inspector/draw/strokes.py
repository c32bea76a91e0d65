"""How each kind of row is drawn, at its height `y`."""

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
    text,
    x,
)
from inspector.draw.rows import Answer, Call, Fold, Phase, Redirect, Unseen


def phase(row: Phase, y: int) -> Markup:
    """The heading of a band."""
    strip = Markup('<rect class="band-head" x="7" y="{}" width="{}" height="36" rx="7"/>').format(
        y + 12, WIDTH - 14
    )
    hint = text(WIDTH - 20, y + 35, clip(row.hint, 560, SMALL), "phase-hint", anchor="end")
    return strip + text(20, y + 35, row.title, "phase") + hint


def call(row: Call, y: int) -> Markup:
    """An arrow with the request line above it."""
    start, end, line = x(row.source), x(row.target), y + 40
    to_the_right = end > start
    at, anchor = (start + GAP, "start") if to_the_right else (start - GAP, "end")
    return (
        _labels(row.label, row.params, at, line - 27, abs(end - start) - 32, anchor)
        + arrow(start, end, line, "front" if row.front else "back", 7 if row.front else 12)
        + badge(row.step, start, line, attacker=row.attacker)
    )


def redirect(row: Redirect, y: int) -> Markup:
    """From the source back to the browser, round the corner, and on to the target."""
    start, end, home = x(row.source), x(row.target), x(0)
    top, low = y + 38, y + 98
    turn = (
        f"M{start} {top}H{home + TURN}a{TURN} {TURN} 0 0 0 {-TURN} {TURN}"
        f"V{low - TURN}a{TURN} {TURN} 0 0 0 {TURN} {TURN}H{end - 12}"
    )
    return (
        Markup('<path class="line front" d="{}"/><path class="tip" d="M{} {}l-9 -5v10z"/>').format(
            turn, end - 7, low
        )
        + text(
            start - GAP, top - 9, clip(row.status, start - home - 30, LARGE), "path", anchor="end"
        )
        + _labels(row.label, row.params, home + GAP, low - 27, end - home - 32, "start")
        + badge(row.step, start, top, attacker=row.attacker)
    )


def answer(row: Answer, y: int) -> Markup:
    """The arrow back, with the status and what the answer holds above it."""
    start, end, line = x(row.source), x(row.target), y + 32
    bad = " bad" if row.status[:1] in "45" else ""
    status = row.status[:3]
    room = abs(end - start) - 2 * GAP - len(status) * LARGE - 20
    left = min(start, end) + GAP
    words = Markup(
        '<text x="{}" y="{}"><tspan class="path">{}</tspan><tspan class="params" dx="8">{}</tspan></text>'
    ).format(left, line - 9, status, clip(row.summary, room))
    return Markup('<g class="answer leg-{}{}">{}{}{}</g>').format(
        LANES[row.source],
        bad,
        words,
        arrow(start - 5 if end < start else start + 5, end, line, "front" if row.front else "back"),
        badge(row.step, start, line) if row.step else "",
    )


def unseen(row: Unseen, y: int) -> Markup:
    """A note with a closed eye, as wide as what it stands for and as its words need."""
    words = max(len(row.text) * LARGE, len(row.more) * SMALL)
    width = min(max(x(row.right) - x(row.left) + 48, words + 68), WIDTH - 16)
    left = min(x(row.left) - 24, WIDTH - 8 - width)
    return Markup(
        '<g class="unseen leg-auth"><rect class="note" x="{0:g}" y="{1}" width="{2:g}" height="68" rx="10"/>'
        '<g class="eye" transform="translate({3:g} {4})"><path d="M1 10s4-7 10-7 10 7 10 7-4 7-10 7S1 10 1 10z"/>'
        '<circle cx="11" cy="10" r="3"/><path class="slash" d="M2.5 1.5l17 17"/></g>{5}{6}</g>'
    ).format(
        left,
        y + 12,
        width,
        left + 16,
        y + 36,
        text(left + 52, y + 42, clip(row.text, width - 60, LARGE), "path plain"),
        text(left + 52, y + 61, clip(row.more, width - 60), "params plain"),
    )


def fold(row: Fold, y: int) -> Markup:
    """A pill that leads to what it stands for."""
    return Markup(
        '<a class="fold-link" href="{}"><rect class="fold" x="{}" y="{}" width="{}" height="38" rx="19"/>{}</a>'
    ).format(
        row.href,
        x(1) - 24,
        y + 14,
        x(3) - x(1) + 48,
        text(x(2), y + 38, row.text, "path plain", anchor="middle"),
    )


def _labels(label: str, params: str, at: float, y: float, width: float, anchor: str) -> Markup:
    path = clip(label, width, LARGE)
    if not params:
        return text(at, y + 16, path, "path", anchor=anchor)
    return text(at, y, path, "path", anchor=anchor) + text(
        at, y + 17, clip(params, width), "params", anchor=anchor
    )
