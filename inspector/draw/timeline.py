"""The token timeline: short access tokens one after another under one long refresh token. All moments in epoch seconds.

A block is an access token while it is the one in use. What it works on after that is a strip below its successors.
"""

from collections.abc import Sequence
from functools import cached_property

from markupsafe import Markup

from inspector.draw.geometry import text
from inspector.draw.timeline_words import duration
from inspector.read.token_lives import AccessToken, RefreshLife

LEFT, RIGHT, WIDTH, HEIGHT = 144, 1168, 1200, 176
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400)
#: So many access tokens are shown, the newest.
SHOWN = 6
#: How wide a digit is; how far below the blocks the first strip is, and from there to the next one.
DIGIT, STRIPS, PITCH = 9, 141, 12


def timeline(access: Sequence[AccessToken], refresh: RefreshLife, now: float) -> Markup:
    """The picture; nothing without an access token."""
    return _Picture(access, refresh, now).drawn() if access else Markup()


class _Picture:
    """The window shows the last few access tokens and a little of the future."""

    def __init__(self, access: Sequence[AccessToken], refresh: RefreshLife, now: float) -> None:
        self.first = max(1, len(access) - SHOWN + 1)
        self.access, self.refresh, self.now = access[-SHOWN:], refresh, now
        lifetime = max(1.0, self.access[-1].expires - self.access[-1].issued)
        self.start = min(token.issued for token in self.access)
        last = max(token.end for token in self.access)
        # Long after the last of them, 'now' would squeeze them into nothing: it stands at the edge then.
        self.end = min(max(last, now), last + lifetime) + 0.22 * lifetime
        self.scale = (RIGHT - LEFT) / (self.end - self.start)

    def x(self, moment: float) -> float:
        """Where a moment is; the edges for what lies outside the window."""
        return LEFT + (min(max(moment, self.start), self.end) - self.start) * self.scale

    def drawn(self) -> Markup:
        """The picture."""
        parts = [
            *self._ticks(),
            *self._refresh_life(),
            *self._access_tokens(),
            *self._strips(),
            self._now(),
        ]
        opening = Markup(
            '<svg class="timeline" viewBox="0 0 {} {}" role="img" aria-label="Token timeline">'
        )
        return (
            opening.format(WIDTH, HEIGHT + self._deeper) + Markup().join(parts) + Markup("</svg>")
        )

    def _ticks(self) -> list[Markup]:
        span = self.end - self.start
        step = next((step for step in STEPS if span / step <= 9), STEPS[-1])
        line = Markup('<line class="tick" x1="{0:.1f}" x2="{0:.1f}" y1="30" y2="{1}"/>')
        places = [
            (self.x(self.start + step * k), step * k) for k in range(min(int(span // step), 9) + 1)
        ]
        return [
            line.format(at, 150 + self._deeper)
            + text(
                at,
                168 + self._deeper,
                f"{seconds // 60}:{seconds % 60:02d}",
                "when",
                anchor="middle",
            )
            for at, seconds in places
        ]

    def _refresh_life(self) -> list[Markup]:
        end = self.refresh.ended if self.refresh.ended is not None else self.refresh.expires
        is_torn = end is None or end > self.end
        a, b = self.x(self.refresh.issued), self.x(self.end if end is None else end)
        edge = (
            f"H{b:.1f}l-5 7 6 7-6 7 6 7-5 8"
            if is_torn
            else f"H{max(a + 16, b) - 8:.1f}a8 8 0 0 1 8 8v20a8 8 0 0 1-8 8"
        )
        life = Markup(
            '<path class="life refresh" d="M{0:.1f} 40{1}H{0:.1f}a8 8 0 0 1-8-8v-20a8 8 0 0 1 8-8z"/>'
        )
        left = self.refresh.left(self.now)
        words = text(
            self.x(self.end) - 18,
            63,
            f"{duration(left or 0)} left →",
            "label refresh",
            anchor="end",
        )
        return [
            text(0, 56, "Refresh token", "name"),
            text(0, 73, "replaced at each use", "note-text"),
            life.format(a + 8, edge),
            *self._numbers(),
            words if is_torn and left else Markup(),
        ]

    def _access_tokens(self) -> list[Markup]:
        lifetime = self.access[0].expires - self.access[0].issued
        head = [
            text(0, 116, "Access tokens", "name"),
            text(0, 133, f"{lifetime:.0f} seconds each", "note-text"),
        ]
        return head + [self._access_token(token, place) for place, token in enumerate(self.access)]

    def _access_token(self, token: AccessToken, place: int) -> Markup:
        a, is_live = self.x(token.issued), token.is_live(self.now)
        width, number = max(2.0, self.x(token.turn) - a - 2), str(self.first + place)
        life = Markup(
            '<rect class="life access{}" x="{:.1f}" y="100" width="{:.1f}" height="36" rx="8"><title>{}</title></rect>'
        )
        parts = [life.format(" live" if is_live else "", a + 1, width, _fate(token, self.now))]
        if is_live:
            spent = Markup(
                '<rect class="spent" x="{:.1f}" y="100" width="{:.1f}" height="36" rx="8"/>'
            )
            parts.append(spent.format(a + 1, max(0.0, self.x(self.now) - a - 1)))
        if width > _width(number):
            parts.append(
                text(a + _inset(width, number), 122, number, "label live" if is_live else "label")
            )
        return Markup().join([*parts, self._renewal(a) if place else Markup()])

    def _numbers(self) -> list[Markup]:
        """In the refresh token's life, each where its pair began; side by side where those are close together."""
        found, free = [], 0.0
        ends = [*(token.issued for token in self.access[1:]), self.end]
        for number, (token, end) in enumerate(zip(self.access, ends, strict=True), self.first):
            a = self.x(token.issued)
            at = max(free, a + _inset(self.x(end) - a, str(number)))
            found.append(text(at, 63, str(number), "label"))
            free = at + _width(str(number)) + 4
        return found

    @cached_property
    def _levels(self) -> dict[int, int]:
        """The place of each token that outlived its use, and on which level its strip is, so that none covers another."""
        levels: dict[int, int] = {}
        free: list[float] = []
        for place, token in enumerate(self.access):
            if token.turn < token.end:
                a = self.x(token.turn)
                levels[place] = level = next((k for k, at in enumerate(free) if at <= a), len(free))
                free[level : level + 1] = [self.x(token.end) + _width(str(self.first + place)) + 8]
        return levels

    @property
    def _deeper(self) -> int:
        """What the strips need below the blocks, but for the first, which has room there."""
        return PITCH * max(self._levels.values(), default=0)

    def _strips(self) -> list[Markup]:
        name = [text(0, STRIPS + 8, "replaced, they work on", "note-text")] if self._levels else []
        return name + [
            self._strip(self.access[place], place, level) for place, level in self._levels.items()
        ]

    def _strip(self, token: AccessToken, place: int, level: int) -> Markup:
        """From its successor's beginning to its end."""
        a, b, y = self.x(token.turn), self.x(token.end), STRIPS + PITCH * level
        return Markup(
            '<g class="replaced"><title>{title}</title><rect x="{a:.1f}" y="{y}" width="{width:.1f}" height="7"/>'
            '<path d="M{a:.1f} {middle}h{width:.1f}"/>{number}</g>'
        ).format(
            title=_afterlife(token, self.now),
            a=a,
            y=y,
            width=max(2.0, b - a),
            middle=y + 3.5,
            number=text(b + 5, y + 8, str(self.first + place), "label"),
        )

    def _renewal(self, at: float) -> Markup:
        """A new pair was issued here: the refresh token was used, and replaced by the next one."""
        return Markup(
            '<path class="renew" d="M{0:.1f} 78V95"/><path class="renew-tip" d="M{0:.1f} 100l-5-8h10z"/>'
            '<line class="rotated" x1="{0:.1f}" x2="{0:.1f}" y1="41" y2="76"/>'
        ).format(at)

    def _now(self) -> Markup:
        at = self.x(self.now)
        line = Markup('<line class="now" x1="{0:.1f}" x2="{0:.1f}" y1="24" y2="{1}"/>').format(
            at, 150 + self._deeper
        )
        tag = Markup(
            '<rect class="now-tag" x="{:.1f}" y="4" width="44" height="21" rx="10"/>'
        ).format(at - 22)
        return line + tag + text(at, 19, "now", "now-text", anchor="middle")


def _width(number: str) -> int:
    return DIGIT * len(number)


def _inset(room: float, number: str) -> float:
    """How far from the edge a number begins: in the middle where there is little room."""
    return max(2.0, min(12.0, (room - _width(number)) / 2 + 1))


def _fate(token: AccessToken, now: float) -> str:
    """What became of it as the one in use."""
    if token.turn < token.end:
        return "replaced by a refresh"
    return token.why or ("until it expires" if now < token.expires else "until it expired")


def _afterlife(token: AccessToken, now: float) -> str:
    """What became of it after that."""
    if token.why:
        return f"replaced; it worked until {token.why}"
    return (
        "replaced; it works until it expires"
        if now < token.expires
        else "replaced; it worked until it expired"
    )
