"""Draw the token timeline: access tokens one after another below the refresh tokens.

A block shows an access token while it is in use. If it still works after it was replaced, a strip
below the blocks shows that time. All times are epoch seconds.
"""

from collections.abc import Sequence
from functools import cached_property

from markupsafe import Markup

from inspector.draw.geometry import text
from inspector.draw.timeline_words import duration
from inspector.read.token_lives import AccessToken, RefreshTokens

LEFT, RIGHT, WIDTH, HEIGHT = 144, 1168, 1200, 176
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400)
#: The number of access tokens that are shown, which are the newest ones.
SHOWN = 6
#: The width of a digit, the height of the first strip, and the distance to the next one.
DIGIT, STRIPS, PITCH = 9, 141, 12


def timeline(access: Sequence[AccessToken], refresh: RefreshTokens, now: float) -> Markup:
    """Return the drawing, or nothing if there is no access token."""
    if not access:
        return Markup()
    return _Timeline(access, refresh, now).draw()


class _Timeline:
    """A window of time with the last access tokens and a part of the future."""

    def __init__(self, access: Sequence[AccessToken], refresh: RefreshTokens, now: float) -> None:
        self.first_number = max(1, len(access) - SHOWN + 1)
        self.access, self.refresh, self.now = access[-SHOWN:], refresh, now
        lifetime = max(1.0, self.access[-1].expires - self.access[-1].issued)
        self.start = min(token.issued for token in self.access)
        last = max(token.end for token in self.access)
        # Long after the last token ended, "now" stays at the edge, so that the tokens stay visible.
        self.end = min(max(last, now), last + lifetime) + 0.22 * lifetime
        self.scale = (RIGHT - LEFT) / (self.end - self.start)

    def x(self, time: float) -> float:
        """Return the position of a time, or the nearest edge for a time outside the window."""
        return LEFT + (min(max(time, self.start), self.end) - self.start) * self.scale

    def draw(self) -> Markup:
        """Return the drawing."""
        parts = [
            *self._ticks(),
            *self._refresh_tokens(),
            *self._access_tokens(),
            *self._strips(),
            self._now(),
        ]
        css = ""
        if self.refresh.ended is not None:
            css = " over"
        opening = Markup(
            '<svg class="timeline{}" viewBox="0 0 {} {}" role="img" aria-label="Token timeline">'
        ).format(css, WIDTH, HEIGHT + self._extra_height)
        return opening + Markup().join(parts) + Markup("</svg>")

    def _ticks(self) -> list[Markup]:
        span = self.end - self.start
        step = next((step for step in STEPS if span / step <= 9), STEPS[-1])
        return [self._tick(step * k) for k in range(min(int(span // step), 9) + 1)]

    def _tick(self, seconds: int) -> Markup:
        line = Markup('<line class="tick" x1="{0:.1f}" x2="{0:.1f}" y1="30" y2="{1}"/>')
        at, label = self.x(self.start + seconds), f"{seconds // 60}:{seconds % 60:02d}"
        bottom = self._extra_height
        return line.format(at, 150 + bottom) + text(
            at, 168 + bottom, label, "when", anchor="middle"
        )

    def _refresh_tokens(self) -> list[Markup]:
        seconds_left = self.refresh.seconds_left(self.now)
        parts = [
            text(0, 56, "Refresh token", "name"),
            text(0, 73, "replaced at each use", "note-text"),
            self._refresh_block(),
            *self._numbers(),
        ]
        if self._refresh_outlasts_window and seconds_left:
            words = f"{duration(seconds_left)} left →"
            parts.append(text(self.x(self.end) - 18, 63, words, "label refresh", anchor="end"))
        return parts

    @property
    def _refresh_end(self) -> float | None:
        if self.refresh.ended is not None:
            return self.refresh.ended
        return self.refresh.expires

    @property
    def _refresh_outlasts_window(self) -> bool:
        return self._refresh_end is None or self._refresh_end > self.end

    def _refresh_block(self) -> Markup:
        start = self.x(self.refresh.issued)
        if self._refresh_end is None or self._refresh_outlasts_window:
            edge = f"H{self.x(self.end):.1f}l-5 7 6 7-6 7 6 7-5 8"
        else:
            end = max(start + 16, self.x(self._refresh_end))
            edge = f"H{end - 8:.1f}a8 8 0 0 1 8 8v20a8 8 0 0 1-8 8"
        return Markup(
            '<path class="life refresh" '
            'd="M{0:.1f} 40{1}H{0:.1f}a8 8 0 0 1-8-8v-20a8 8 0 0 1 8-8z"/>'
        ).format(start + 8, edge)

    def _access_tokens(self) -> list[Markup]:
        lifetime = self.access[0].expires - self.access[0].issued
        return [
            text(0, 116, "Access tokens", "name"),
            text(0, 133, f"{lifetime:.0f} seconds each", "note-text"),
            *(self._access_token(token, place) for place, token in enumerate(self.access)),
        ]

    def _access_token(self, token: AccessToken, place: int) -> Markup:
        start, number = self.x(token.issued), str(self.first_number + place)
        width = max(2.0, self.x(token.end_of_use) - start - 2)
        is_in_use = token.is_in_use(self.now)
        css = ""
        if is_in_use:
            css = " live"
        block = Markup(
            '<rect class="life access{}" x="{:.1f}" y="100" width="{:.1f}" height="36" rx="8">'
            "<title>{}</title></rect>"
        )
        parts = [block.format(css, start + 1, width, _describe_use(token, self.now))]
        if is_in_use:
            parts.append(self._elapsed(start))
        if width > _width(number):
            parts.append(text(start + _inset(width, number), 122, number, f"label{css}"))
        if place:
            parts.append(_refresh_mark(start))
        return Markup().join(parts)

    def _elapsed(self, start: float) -> Markup:
        return Markup(
            '<rect class="spent" x="{:.1f}" y="100" width="{:.1f}" height="36" rx="8"/>'
        ).format(start + 1, max(0.0, self.x(self.now) - start - 1))

    def _numbers(self) -> list[Markup]:
        """Return the numbers of the refresh tokens, where each was issued, without overlaps."""
        found, free = [], 0.0
        ends = [*(token.issued for token in self.access[1:]), self.end]
        numbered = zip(self.access, ends, strict=True)
        for number, (token, end) in enumerate(numbered, self.first_number):
            start = self.x(token.issued)
            at = max(free, start + _inset(self.x(end) - start, str(number)))
            found.append(text(at, 63, str(number), "label"))
            free = at + _width(str(number)) + 4
        return found

    @cached_property
    def _levels(self) -> dict[int, int]:
        """The level of each token's strip by the token's place. No strip covers another."""
        levels: dict[int, int] = {}
        free: list[float] = []
        for place, token in enumerate(self.access):
            if token.end_of_use < token.end:
                start = self.x(token.end_of_use)
                level = next((k for k, at in enumerate(free) if at <= start), len(free))
                number_width = _width(str(self.first_number + place))
                free[level : level + 1] = [self.x(token.end) + number_width + 8]
                levels[place] = level
        return levels

    @property
    def _extra_height(self) -> int:
        """The height of the strips below the first one, for which there is always room."""
        return PITCH * max(self._levels.values(), default=0)

    def _strips(self) -> list[Markup]:
        if not self._levels:
            return []
        name = text(0, STRIPS + 8, "replaced, still work", "note-text")
        strips = [
            self._strip(self.access[place], place, level) for place, level in self._levels.items()
        ]
        return [name, *strips]

    def _strip(self, token: AccessToken, place: int, level: int) -> Markup:
        """Return the strip from the issue of the successor to the end of this token."""
        start, end, y = self.x(token.end_of_use), self.x(token.end), STRIPS + PITCH * level
        return Markup(
            '<g class="replaced"><title>{title}</title>'
            '<rect x="{start:.1f}" y="{y}" width="{width:.1f}" height="7"/>'
            '<path d="M{start:.1f} {middle}h{width:.1f}"/>{number}</g>'
        ).format(
            title=_describe_strip(token, self.now),
            start=start,
            y=y,
            width=max(2.0, end - start),
            middle=y + 3.5,
            number=text(end + 5, y + 8, str(self.first_number + place), "label"),
        )

    def _now(self) -> Markup:
        at = self.x(self.now)
        line = Markup('<line class="now" x1="{0:.1f}" x2="{0:.1f}" y1="24" y2="{1}"/>').format(
            at, 150 + self._extra_height
        )
        tag = Markup(
            '<rect class="now-tag" x="{:.1f}" y="4" width="44" height="21" rx="10"/>'
        ).format(at - 22)
        return line + tag + text(at, 19, "now", "now-text", anchor="middle")


def _refresh_mark(at: float) -> Markup:
    """Return the arrow of a refresh, which replaced the refresh token and issued this pair."""
    return Markup(
        '<path class="renew" d="M{0:.1f} 78V95"/>'
        '<path class="renew-tip" d="M{0:.1f} 100l-5-8h10z"/>'
        '<line class="rotated" x1="{0:.1f}" x2="{0:.1f}" y1="41" y2="76"/>'
    ).format(at)


def _width(number: str) -> int:
    return DIGIT * len(number)


def _inset(room: float, number: str) -> float:
    """Return the distance of a number from the edge. In a narrow block it is centred."""
    return max(2.0, min(12.0, (room - _width(number)) / 2 + 1))


def _describe_use(token: AccessToken, now: float) -> str:
    if token.end_of_use < token.end:
        return "replaced by a refresh"
    if token.why:
        return token.why
    if now < token.expires:
        return "until it expires"
    return "until it expired"


def _describe_strip(token: AccessToken, now: float) -> str:
    if token.why:
        return f"replaced; it worked until {token.why}"
    if now < token.expires:
        return "replaced; it works until it expires"
    return "replaced; it worked until it expired"
