"""The description of an attack."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from inspector.lab.outcome import Outcome
from inspector.lab.stage import Stage


@dataclass(frozen=True, kw_only=True)
class Attack:
    """An attack, which the lab's page shows as a card.

    - `aim` is the attacked endpoint, and `leg` the leg that serves it.
    - `check` is the slug of the check that stops the attack; None when no check does.
    - `section` is the RFC section about this attack, if it is not the section of the check.
    - `has_to_wait` is true when the attack waits until an access token has expired.
    - `plain` is what decides at the plain server: Authlib, or the view; None when a comparison
      would be meaningless.
    """

    slug: str
    title: str
    aim: str
    leg: Literal["auth", "client", "api"]
    description: str
    run: Callable[[Stage], Outcome]
    check: str | None
    section: str = ""
    has_to_wait: bool = False
    plain: Literal["authlib", "view"] | None = None
