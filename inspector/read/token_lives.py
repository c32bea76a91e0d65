"""What a token timeline is made of: how long each token lived, and what became of it. All moments in epoch seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class AccessToken:
    """An access token. A refresh that `replaced` it leaves it working; what `ended` it before it expired has a `why`."""

    issued: float
    expires: float
    replaced: float | None = None
    ended: float | None = None
    why: str = ""

    @property
    def end(self) -> float:
        """When it stopped working."""
        return self.expires if self.ended is None else min(self.ended, self.expires)

    @property
    def turn(self) -> float:
        """Until when it was the one in use: its successor's beginning, or its own end."""
        return self.end if self.replaced is None else min(self.replaced, self.end)

    def is_live(self, now: float) -> bool:
        """Whether it is the one in use."""
        return self.issued <= now < self.turn

    def works_on(self, now: float) -> bool:
        """Whether it is replaced, and accepted all the same."""
        return self.turn <= now < self.end


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


@dataclass(frozen=True, kw_only=True)
class Member:
    """The code or a pair of tokens; `state` is alive, spent, expired, lost or ended, `note` says why."""

    kind: str
    label: str
    state: str
    note: str
    children: "tuple[Member, ...]" = ()
