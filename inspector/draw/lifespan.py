"""Draw the code and the tokens of a grant in three short lines: a bar and a sentence for each.

Times are epoch seconds. A bar is as wide as its column, so it is drawn without text.
"""

from dataclasses import dataclass

from markupsafe import Markup

from inspector.draw.timeline_words import duration
from inspector.read import tokens

WIDTH = 1000
#: The smallest width of a bar, so that a code that lived for a second is visible.
MIN_WIDTH = 6
#: The part of an access token's lifetime that is shown after its end.
FUTURE = 0.2
_NOT_YET = "not issued yet"


@dataclass(frozen=True)
class Line:
    """One line: its name, its bar, and what to know about it."""

    name: str
    bar: Markup
    words: str


def lifespan(grant: tokens.Grant | None, now: float, api_name: str) -> list[Line]:
    """Return the lines of the code, the access tokens and the refresh tokens."""
    if grant is None:
        empty = _Scale(0, 1, 0).bar([])
        return [Line(name, empty, _NOT_YET) for name in ("Code", "Access token", "Refresh token")]
    access, refresh = tokens.access_tokens(grant), tokens.refresh_tokens(grant)
    ends = [token.end for token in access]
    redeemed = now
    lifetime = 60.0
    if access:
        redeemed, lifetime = access[0].issued, access[-1].expires - access[-1].issued
    last = max([*ends, redeemed])
    scale = _Scale(grant.began, min(max(last, now), last + lifetime) + FUTURE * lifetime, now)
    code = scale.rect(grant.began, redeemed, is_live=not access)
    bars = [scale.rect(one.issued, one.end_of_use, is_live=one.is_in_use(now)) for one in access]
    refresh_end = min(filter(None, (refresh.ended, refresh.expires)), default=scale.end)
    is_live = bool(refresh.seconds_left(now))
    refresh_bars = [scale.rect(one.issued, refresh_end, is_live=is_live) for one in access[:1]]
    return [
        Line("Code", scale.bar([code]), _about_code(grant, redeemed, api_name)),
        Line("Access token", scale.bar(bars), _about_access(grant, now)),
        Line("Refresh token", scale.bar(refresh_bars), _about_refresh(grant, now)),
    ]


@dataclass(frozen=True)
class _Scale:
    start: float
    end: float
    now: float

    def x(self, time: float) -> float:
        inside = min(max(time, self.start), self.end)
        return (inside - self.start) * WIDTH / (self.end - self.start)

    def rect(self, start: float, end: float, *, is_live: bool) -> Markup:
        css = ""
        if is_live:
            css = " live"
        width = max(MIN_WIDTH, self.x(end) - self.x(start) - 1)
        return Markup('<rect class="life{}" x="{:.0f}" y="1" width="{:.0f}" height="10"/>').format(
            css, min(self.x(start), WIDTH - width), width
        )

    def bar(self, shapes: list[Markup]) -> Markup:
        if shapes:
            line = Markup('<line class="now" x1="{0:.0f}" x2="{0:.0f}" y1="0" y2="12"/>')
            shapes = [*shapes, line.format(self.x(self.now))]
        opening = Markup(
            '<svg viewBox="0 0 {} 12" preserveAspectRatio="none" aria-hidden="true">'
            '<line class="axis" x1="0" x2="{}" y1="6" y2="6"/>'
        )
        return opening.format(WIDTH, WIDTH) + Markup().join(shapes) + Markup("</svg>")


def _about_code(grant: tokens.Grant, redeemed: float, api_name: str) -> str:
    if not grant.pairs:
        return f"issued, not redeemed yet; {api_name} does not accept it"
    seconds = max(0.1, redeemed - grant.began)
    return f"redeemed once, after {seconds:.1f} s; {api_name} does not accept it"


def _about_access(grant: tokens.Grant, now: float) -> str:
    if not grant.pairs:
        return _NOT_YET
    seconds_left = tokens.access_tokens(grant)[-1].end - now
    issued = f"{len(grant.pairs)} issued"
    discarded = sum(pair.is_discarded for pair in grant.pairs)
    if discarded:
        issued = f"{issued}, {discarded} of them to the inspector"
    if seconds_left > 0:
        return f"{issued}; the newest works for {duration(seconds_left)}"
    return f"{issued}; none works now"


def _about_refresh(grant: tokens.Grant, now: float) -> str:
    if not grant.pairs:
        return _NOT_YET
    if grant.ended is not None:
        return f"ended: {grant.why}"
    seconds_left = tokens.refresh_tokens(grant).seconds_left(now)
    if seconds_left is None:
        return "spent at each use; its end was not recorded"
    if not seconds_left:
        return "expired"
    return f"spent at each use; the newest works for {duration(seconds_left)}"
