"""The data of a token timeline and of a token family. All times are epoch seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class AccessToken:
    """An access token.

    `replaced` is the time of the refresh that replaced it, after which it still works. `ended` is
    the time at which it stopped working before it expired, and `why` is the reason. A discarded
    token was issued to the inspector, which keeps none.
    """

    issued: float
    expires: float
    replaced: float | None = None
    ended: float | None = None
    why: str = ""
    is_discarded: bool = False

    @property
    def end(self) -> float:
        """When it stopped working."""
        if self.ended is None:
            return self.expires
        return min(self.ended, self.expires)

    @property
    def end_of_use(self) -> float:
        """When its successor was issued, or when it stopped working."""
        if self.replaced is None:
            return self.end
        return min(self.replaced, self.end)

    def is_in_use(self, now: float) -> bool:
        """Return whether it works and is not replaced."""
        return self.issued <= now < self.end_of_use

    def works_after_replacement(self, now: float) -> bool:
        """Return whether it is replaced and still works."""
        return self.end_of_use <= now < self.end


@dataclass(frozen=True, kw_only=True)
class RefreshTokens:
    """The refresh tokens of a grant, of which each replaced the one before.

    `expires` is None if it is not known. `ended` is the time at which they stopped working before
    they expired, and `why` is the reason.
    """

    issued: float
    expires: float | None
    ended: float | None
    why: str = ""

    def seconds_left(self, now: float) -> float | None:
        """Return the seconds until they expire, 0 if they do not work, or None if not known."""
        if self.ended is not None:
            return 0.0
        if self.expires is None:
            return None
        return max(0.0, self.expires - now)


@dataclass(frozen=True, kw_only=True)
class Member:
    """The code or a pair of tokens in the family of a grant.

    `state` is "active", "spent", "expired", "lost" or "ended", and `note` explains it.
    """

    label: str
    state: str
    note: str
    children: "tuple[Member, ...]" = ()
