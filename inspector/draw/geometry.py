"""Measures and strokes that the pictures share. Units are those of the view box."""

from markupsafe import Markup

LANES = ("browser", "client", "auth", "api")
SPACING, WIDTH = 200, 800
#: Between a lifeline and a text beside it; the radius of a hairpin's turn; the radius of a badge.
GAP, TURN, RADIUS = 18, 9, 12
#: How wide a letter of the monospaced fonts is: of paths, and of parameters.
LARGE, SMALL = 7.6, 6.7


def x(lane: int) -> int:
    """The middle of a lane. The HTML heads above the drawing are a four-column grid: same middles."""
    return SPACING * lane + SPACING // 2


def clip(words: str, width: float, letter: float = SMALL) -> str:
    """Shortened to what fits into `width`, on one line."""
    line = "".join(sign if sign.isprintable() else " " for sign in words)
    most = max(4, int(width / letter))
    return line if len(line) <= most else line[: most - 1] + "…"


def text(at: float, y: float, words: str, css: str, *, anchor: str = "start") -> Markup:
    """A line of text."""
    return Markup('<text x="{:g}" y="{:g}" class="{}" text-anchor="{}">{}</text>').format(
        at, y, css, anchor, words
    )


def arrow(start: float, end: float, y: float, css: str, inset: float = 7) -> Markup:
    """A horizontal arrow that stops just short of the target's lifeline."""
    step = 1 if end > start else -1
    tip = end - step * inset
    line = Markup('<path class="line {}" d="M{:g} {:g}H{:g}"/>').format(
        css, start, y, tip - step * 5
    )
    return line + Markup('<path class="tip" d="M{:g} {:g}l{} -5v10z"/>').format(tip, y, -9 * step)


def badge(step: str, at: float, y: float, *, attacker: bool = False) -> Markup:
    """The step's name on the sender's lane; a dot where the steps have no name for it. An attacker's is a diamond."""
    radius = RADIUS if step else 4
    if attacker:
        radius += 3
        shape = Markup('<path class="dot" d="M{:g} {:g}l{r} {r}l-{r} {r}l-{r} -{r}z"/>').format(
            at, y - radius, r=radius
        )
    else:
        shape = Markup('<circle class="dot" cx="{:g}" cy="{:g}" r="{}"/>').format(at, y, radius)
    return shape + (text(at, y + 4, step, "number", anchor="middle") if step else Markup())
