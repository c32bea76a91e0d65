"""Draw each kind of row, with its top at height `y`."""

from markupsafe import Markup

from inspector.draw.geometry import (
    GAP,
    LANES,
    LARGE,
    RADIUS,
    SENTENCE,
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

#: The distance of a text from the edge of the drawing.
MARGIN = 10
#: The distance of a link's target above its heading, because the parties cover the window's top.
ABOVE = 76
_EYE = Markup(
    '<g class="eye" transform="translate({:g} {})">'
    '<path d="M1 10s4-7 10-7 10 7 10 7-4 7-10 7S1 10 1 10z"/>'
    '<circle cx="11" cy="10" r="3"/><path class="slash" d="M2.5 1.5l17 17"/></g>'
)


def heading(row: Heading, y: int) -> Markup:
    """Return the heading of a band. A link to its anchor scrolls to `ABOVE` units above it."""
    strip = Markup('<rect class="band-head" x="7" y="{}" width="{}" height="28" rx="7"/>').format(
        y + 12, WIDTH - 14
    )
    hint = text(WIDTH - 20, y + 31, clip(row.hint, 560, SMALL), "phase-hint", anchor="end")
    drawn = strip + text(20, y + 31, row.title, "phase") + hint
    if not row.anchor:
        return drawn
    above = Markup('<rect y="{}" width="1" height="1" fill="none"/>').format(y + 12 - ABOVE)
    return Markup('<g id="{}">{}</g>').format(row.anchor, above + drawn)


def call(row: Call, y: int) -> Markup:
    """Return an arrow with the sentence and the request line above it."""
    start, end, line = x(row.source), x(row.target), y + 38
    css, inset = "back", 12
    if row.front:
        css, inset = "front", 7
    return (
        _labels(row, min(start, end) + GAP, y + 14)
        + arrow(start, end, line, css, inset)
        + badge(row.step, start, line, attacker=row.attacker)
    )


def redirect(row: Redirect, y: int) -> Markup:
    """Return an arrow from the source to the browser and from there to the target."""
    start, end, home = x(row.source), x(row.target), x(0)
    top, low = y + 20, y + 70
    path = (
        f"M{start} {top}H{home + TURN}a{TURN} {TURN} 0 0 0 {-TURN} {TURN}"
        f"V{low - TURN}a{TURN} {TURN} 0 0 0 {TURN} {TURN}H{end - 12}"
    )
    line = Markup('<path class="line front" d="{}"/><path class="tip" d="M{} {}l-9 -5v10z"/>')
    status = clip(row.status, start - home - 30)
    return (
        line.format(path, end - 7, low)
        + text(start - GAP, top - 6, status, "params", anchor="end")
        + _labels(row, home + GAP, y + 42)
        + badge(row.step, start, top, attacker=row.attacker)
    )


def response(row: Response, y: int) -> Markup:
    """Return an arrow with the sentence, the status and a summary of the response above it."""
    start, end, line = x(row.source), x(row.target), y + 30
    css = f"answer leg-{LANES[row.source]}"
    if row.status[:1] in "45":
        css += " bad"
    left = min(start, end) + GAP
    says = clip(row.says, WIDTH - MARGIN - left, SENTENCE)
    room = WIDTH - MARGIN - left - len(says) * SENTENCE - 10
    words = Markup(
        '<text x="{}" y="{}"><tspan class="says">{}</tspan>'
        '<tspan class="params" dx="10">{}</tspan></text>'
    ).format(left, line - 15, says, clip(f"{row.status[:3]} {row.summary}".strip(), room))
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


def _labels(row: Call | Redirect, left: float, y: float) -> Markup:
    """Return the sentence, and below it the request line with the names of its parameters.

    The second line ends before the name of the step, if that is on its right.
    """
    right = WIDTH - MARGIN
    says = clip(row.says, right - left, SENTENCE)
    if isinstance(row, Call) and row.target < row.source:
        right = x(row.source) - RADIUS - 4
    return text(left, y, says, "says") + text(
        left, y + 15, _fit_request_line(row, right - left), "params"
    )


def _fit_request_line(row: Call | Redirect, room: float) -> str:
    """Return the request line with the parameters that fit, and the number of the others.

    If not even the number fits, dots replace the end of the line.
    """
    max_letters = int(room / SMALL)
    lines = [f"{row.label}  {' '.join(row.params)}".rstrip()]
    for count in range(min(len(row.params) - 1, max_letters), -1, -1):
        names = [*row.params[:count], f"+{len(row.params) - count}"]
        lines.append(f"{row.label}  {' '.join(names)}")
    return clip(next((line for line in lines if len(line) <= max_letters), lines[0]), room)
