"""What an attack is, and what became of it."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from inspector.lab.stage import Stage


class CannotPlay(Exception):
    """Something that an attack takes for granted did not happen, so that it proves nothing. The text holds no secret."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a leg answered to the decisive message of an attack, and what that led to.

    `error` is the OAuth error code, "" where there is none; `said` is the answer's own words; `request_id` finds the
    message in the recording. `consequence` is what was seen, over HTTP, to have ended or to live on.
    """

    got_through: bool
    status: int
    error: str
    said: str
    request_id: str
    consequence: str = ""

    @property
    def is_refusal(self) -> bool:
        """Whether the answer says no. One that does something else than what was tried says nothing of the kind."""
        return not self.got_through and bool(self.error or self.status >= HTTPStatus.BAD_REQUEST)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """The lab could not do its job, which proves nothing."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Attack:
    """One card of the lab.

    `aim` is the endpoint that is attacked, `leg` whose it is. `check` is the slug of the check that stops it; None for the
    card that is honest about what no check here stops. `section` is that of the check's RFC which speaks of this attack, where
    the check's own speaks of another. `waits` for an access token to run out. `plain` is what decides when the plain server is
    attacked, Authlib or the shortest view that makes it run; None where that would say nothing.
    """

    slug: str
    title: str
    aim: str
    leg: Literal["auth", "client", "api"]
    does: str
    run: "Callable[[Stage], Outcome]"
    check: str | None
    section: str = ""
    waits: bool = False
    plain: Literal["authlib", "view"] | None = None
