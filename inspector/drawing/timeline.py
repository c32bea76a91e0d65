"""The token timeline: short access tokens one after another under one long refresh token. All moments in epoch seconds."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from inspector.drawing.geometry import text

LEFT, RIGHT, WIDTH, HEIGHT = 144, 1168, 1200, 176
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400)
#: So many access tokens are shown, the newest.
SHOWN = 6


@dataclass(frozen=True, kw_only=True)
class AccessToken:
    """An access token; `ended` when it was replaced or revoked before it expired, and `why`."""

    issued: float
    expires: float
    ended: float | None
    why: str

    @property
    def end(self) -> float:
        """When it stopped to matter."""
        return self.expires if self.ended is None else min(self.ended, self.expires)


@dataclass(frozen=True, kw_only=True)
class RefreshLife:
    """The refresh tokens, each replacing the one before, as one life; `expires` is None when nobody knows.

    `ended` when something ended them before that, and `why`.
    """

    issued: float
    expires: float | None
    ended: float | None
    why: str = ""

    def left(self, now: float) -> float | None:
        """Seconds until it ends; 0 when it has, None when nobody knows."""
        if self.ended is not None:
            return 0.0
        return None if self.expires is None else max(0.0, self.expires - now)


def timeline(access: Sequence[AccessToken], refresh: RefreshLife, now: float) -> Markup:
    """The picture; nothing without an access token."""
    return _Picture(access, refresh, now).drawn() if access else Markup()


def timeline_words(access: Sequence[AccessToken], refresh: RefreshLife, now: float) -> str:
    """The picture in sentences."""
    if not access:
        return "The code has not been redeemed, so there are no tokens."
    number, last = len(access), access[-1]
    if refresh.ended is not None:
        because = f": {refresh.why}" if refresh.why else ""
        return f"The grant has ended, and with it {_all_tokens(number)}{because}."
    left = last.end - now
    state = f"has {_spelled(left)} left" if left > 0 else "has run out"
    before = {1: "", 2: " One before it was replaced."}.get(number, f" {number - 1} before it were replaced.")
    return f"Access token {number} {state}.{before} {_about_refresh(refresh.left(now))}"


def _all_tokens(number: int) -> str:
    return {1: "its tokens", 2: "both pairs of tokens"}.get(number, f"all {number} pairs of tokens")


def _about_refresh(left: float | None) -> str:
    if left is None:
        return "How long the refresh token lives was not recorded."
    return f"The refresh token lasts another {_spelled(left)}." if left else "The refresh token has run out as well."


def _spelled(seconds: float) -> str:
    if seconds >= 7200:
        return f"{seconds / 3600:.0f} hours"
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


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
        parts = [*self._ticks(), *self._refresh_life(), *self._access_tokens(), self._now()]
        opening = Markup('<svg class="timeline" viewBox="0 0 {} {}" role="img" aria-label="Token timeline">')
        return opening.format(WIDTH, HEIGHT) + Markup().join(parts) + Markup("</svg>")

    def _ticks(self) -> list[Markup]:
        span = self.end - self.start
        step = next((step for step in STEPS if span / step <= 9), STEPS[-1])
        line = Markup('<line class="tick" x1="{0:.1f}" x2="{0:.1f}" y1="30" y2="150"/>')
        places = [(self.x(self.start + step * k), step * k) for k in range(min(int(span // step), 9) + 1)]
        return [
            line.format(at) + text(at, 168, f"{seconds // 60}:{seconds % 60:02d}", "when", anchor="middle")
            for at, seconds in places
        ]

    def _refresh_life(self) -> list[Markup]:
        end = self.refresh.ended if self.refresh.ended is not None else self.refresh.expires
        is_torn = end is None or end > self.end
        a, b = self.x(self.refresh.issued), self.x(self.end if end is None else end)
        edge = (
            f"H{b:.1f}l-5 7 6 7-6 7 6 7-5 8" if is_torn else f"H{max(a + 16, b) - 8:.1f}a8 8 0 0 1 8 8v20a8 8 0 0 1-8 8"
        )
        life = Markup('<path class="life refresh" d="M{0:.1f} 40{1}H{0:.1f}a8 8 0 0 1-8-8v-20a8 8 0 0 1 8-8z"/>')
        left = self.refresh.left(self.now)
        words = text(self.x(self.end) - 18, 63, f"{_spelled(left or 0)} left →", "label refresh", anchor="end")
        return [
            text(0, 56, "Refresh token", "name"),
            text(0, 73, "replaced at each use", "note-text"),
            life.format(a + 8, edge),
            words if is_torn and left else Markup(),
        ]

    def _access_tokens(self) -> list[Markup]:
        lifetime = self.access[0].expires - self.access[0].issued
        head = [text(0, 116, "Access tokens", "name"), text(0, 133, f"{lifetime:.0f} seconds each", "note-text")]
        return head + [self._access_token(token, place) for place, token in enumerate(self.access)]

    def _access_token(self, token: AccessToken, place: int) -> Markup:
        a, b = self.x(token.issued), self.x(token.end)
        is_live = token.ended is None and token.issued <= self.now < token.expires
        width = max(2.0, b - a - 2)
        life = Markup(
            '<rect class="life access{}" x="{:.1f}" y="100" width="{:.1f}" height="36" rx="8"><title>{}</title></rect>'
        )
        parts = [life.format(" live" if is_live else "", a + 1, width, token.why or "until it expired")]
        if is_live:
            spent = Markup('<rect class="spent" x="{:.1f}" y="100" width="{:.1f}" height="36" rx="8"/>')
            parts.append(spent.format(a + 1, max(0.0, self.x(self.now) - a - 1)))
        if width > 38:
            number = str(self.first + place)
            parts.append(text(a + 12, 63, number, "label"))
            parts.append(text(a + 12, 122, number, "label live" if is_live else "label"))
        return Markup().join([*parts, self._renewal(a) if place else Markup()])

    def _renewal(self, at: float) -> Markup:
        """A new pair was issued here: the refresh token was used, and replaced by the next one."""
        return Markup(
            '<path class="renew" d="M{0:.1f} 78V95"/><path class="renew-tip" d="M{0:.1f} 100l-5-8h10z"/>'
            '<line class="rotated" x1="{0:.1f}" x2="{0:.1f}" y1="41" y2="76"/>'
        ).format(at)

    def _now(self) -> Markup:
        at = self.x(self.now)
        line = Markup('<line class="now" x1="{0:.1f}" x2="{0:.1f}" y1="24" y2="150"/>').format(at)
        tag = Markup('<rect class="now-tag" x="{:.1f}" y="4" width="44" height="21" rx="10"/>').format(at - 22)
        return line + tag + text(at, 19, "now", "now-text", anchor="middle")
