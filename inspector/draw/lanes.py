"""One message as one row of a list: four short lifelines and an arrow. On a narrow screen they are the diagram."""

from markupsafe import Markup

from inspector.draw.geometry import LANES

AT = (8, 26, 44, 62)


def lanes(source: int, target: int, kind: str, *, attacker: bool = False) -> Markup:
    """`kind` is exchange, request or redirect."""
    line = Markup('<line class="lifeline leg-{}" x1="{}" x2="{}" y1="0" y2="48"/>')
    lifelines = Markup().join(line.format(lane, at, at) for lane, at in zip(LANES, AT, strict=True))
    start, end = AT[source], AT[target]
    step = 1 if end > start or kind == "redirect" else -1
    if kind == "redirect":
        path, y, begins = f"M{start} 16H12a4 4 0 0 0-4 4V28a4 4 0 0 0 4 4H{end - 6}", 32, 16
    else:
        path, y, begins = f"M{start} 24H{end - 6 * step}", 24, 24
    css = "back" if kind == "exchange" else "front"
    return Markup(
        '<svg class="lanes" viewBox="0 0 70 48" aria-hidden="true">{}<g class="leg-{}"><path class="line {}" d="{}"/>'
        '<path class="tip" d="M{} {}l{} -3.5v7z"/>{}</g></svg>'
    ).format(
        lifelines,
        "danger" if attacker else LANES[source],
        css,
        path,
        end - step * 2,
        y,
        -6 * step,
        _begin(start, begins, attacker=attacker),
    )


def _begin(at: int, y: int, *, attacker: bool) -> Markup:
    if attacker:
        return Markup('<path class="dot" d="M{} {}l5 5l-5 5l-5 -5z"/>').format(at, y - 5)
    return Markup('<circle class="dot" cx="{}" cy="{}" r="3.5"/>').format(at, y)
