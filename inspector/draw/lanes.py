"""Draw one message as one row of a list: four short lifelines and an arrow.

On a narrow screen these rows replace the diagram.
"""

from functools import lru_cache

from markupsafe import Markup

from inspector.draw.geometry import INSPECTOR, LANES, direction

AT = (8, 26, 44, 62)


@lru_cache(maxsize=100)  # there are only a few different ones
def lanes(
    source: int, target: int, kind: str, *, attacker: bool = False, is_sent_again: bool = False
) -> Markup:
    """Return the small drawing. `kind` is "exchange", "request" or "redirect"."""
    line = Markup('<line class="lifeline leg-{}" x1="{}" x2="{}" y1="0" y2="48"/>')
    lifelines = Markup().join(line.format(lane, at, at) for lane, at in zip(LANES, AT, strict=True))
    leg = LANES[source]
    if attacker:
        leg = "danger"
    elif is_sent_again:
        leg = INSPECTOR
    if kind == "redirect":
        arrow = _redirect(AT[source], AT[target])
        dot = _dot(AT[source], 16, attacker=attacker)
    else:
        arrow = _straight(AT[source], AT[target], kind)
        dot = _dot(AT[source], 24, attacker=attacker)
    message = Markup('<g class="leg-{}">{}{}</g>').format(leg, arrow, dot)
    opening = Markup('<svg class="lanes" viewBox="0 0 70 48" aria-hidden="true">')
    return opening + lifelines + message + Markup("</svg>")


def _redirect(start: int, end: int) -> Markup:
    path = f"M{start} 16H12a4 4 0 0 0-4 4V28a4 4 0 0 0 4 4H{end - 6}"
    return _arrow("front", path, end - 2, 32, 1)


def _straight(start: int, end: int, kind: str) -> Markup:
    step = direction(start, end)
    css = {"exchange": "back", "request": "front"}[kind]
    return _arrow(css, f"M{start} 24H{end - 6 * step}", end - 2 * step, 24, step)


def _arrow(css: str, path: str, tip: int, y: int, step: int) -> Markup:
    return Markup('<path class="line {}" d="{}"/><path class="tip" d="M{} {}l{} -3.5v7z"/>').format(
        css, path, tip, y, -6 * step
    )


def _dot(at: int, y: int, *, attacker: bool) -> Markup:
    if attacker:
        return Markup('<path class="dot" d="M{} {}l5 5l-5 5l-5 -5z"/>').format(at, y - 5)
    return Markup('<circle class="dot" cx="{}" cy="{}" r="3.5"/>').format(at, y)
