"""Measures and shapes that the drawings share. Units are those of the view box."""

from markupsafe import Markup

LANES = ("browser", "client", "auth", "api")
#: The inspector as a sender, which has no lane.
INSPECTOR = "inspector"
SPACING, WIDTH = 200, 800
#: The distance of a text from its lifeline, the radius of a redirect's corner, that of a badge.
GAP, TURN, RADIUS = 18, 9, 12
#: The width of a letter of the monospaced fonts for paths and for parameters.
LARGE, SMALL = 7.6, 6.7
#: The mean width of a letter of the proportional font for sentences.
SENTENCE = 7.4


def x(lane: int) -> int:
    """Return the middle of a lane. The HTML headings above the drawing have the same middles."""
    return SPACING * lane + SPACING // 2


def clip(words: str, width: float, letter: float = SMALL) -> str:
    """Return `words` on one line, shortened to fit into `width`."""
    line = "".join(_printable(sign) for sign in words)
    max_letters = max(4, int(width / letter))
    if len(line) <= max_letters:
        return line
    return line[: max_letters - 1] + "…"


def text(at: float, y: float, words: str, css: str, *, anchor: str = "start") -> Markup:
    """Return a line of text."""
    return Markup('<text x="{:g}" y="{:g}" class="{}" text-anchor="{}">{}</text>').format(
        at, y, css, anchor, words
    )


def arrow(start: float, end: float, y: float, css: str, inset: float = 7) -> Markup:
    """Return a horizontal arrow that ends `inset` before the lifeline of its target."""
    step = direction(start, end)
    tip = end - step * inset
    line = Markup('<path class="line {}" d="M{:g} {:g}H{:g}"/>').format(
        css, start, y, tip - step * 5
    )
    return line + Markup('<path class="tip" d="M{:g} {:g}l{} -5v10z"/>').format(tip, y, -9 * step)


def direction(start: float, end: float) -> int:
    """Return 1 for an arrow to the right and -1 for an arrow to the left."""
    if end > start:
        return 1
    return -1


def badge(step: str, at: float, y: float, *, attacker: bool = False) -> Markup:
    """Return the name of the step in a circle, or in a diamond for an attacker's message.

    A message without a step gets a dot.
    """
    radius = 4
    label = Markup()
    if step:
        radius = RADIUS
        label = text(at, y + 4, step, "number", anchor="middle")
    if attacker:
        radius += 3
        diamond = Markup('<path class="dot" d="M{:g} {:g}l{r} {r}l-{r} {r}l-{r} -{r}z"/>')
        return diamond.format(at, y - radius, r=radius) + label
    circle = Markup('<circle class="dot" cx="{:g}" cy="{:g}" r="{}"/>')
    return circle.format(at, y, radius) + label


def _printable(sign: str) -> str:
    if sign.isprintable():
        return sign
    return " "
