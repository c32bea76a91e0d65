"""The description of an attack."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from inspector.lab.outcome import Outcome
from inspector.lab.stage import Stage


class Group(StrEnum):
    """What an attack is about. The lab shows the groups in this order."""

    REDIRECTS = "Redirects"
    CODES = "Codes"
    FRONT_CHANNEL = "The front channel"
    REFRESH_TOKENS = "Refresh tokens"
    ACCESS_TOKENS = "Access tokens"
    SESSIONS = "Sessions"
    OPENID_CONNECT = "OpenID Connect"


@dataclass(frozen=True, kw_only=True)
class Attack:
    """An attack, which the lab's page shows as a row.

    - `aim` is the attacked endpoint, and `leg` the leg that serves it.
    - `severity` is high if a link, a page or one stolen value would be enough for Mallory, and
      medium if a second thing would be needed, such as Print Shop's secret.
    - `uses_carols_browser` is true when Mallory makes the browser of the victim send the request.
    - `check` is the slug of the check that stops the attack; None when no check does.
    - `section` is the RFC section about this attack, if it is not the section of the check.
    - `own_legs` says why the attack runs on servers of its own, and is "" when it does not.
    - `plain` is what decides at the plain server: Authlib, or the view; None when a comparison
      would be meaningless.
    """

    slug: str
    title: str
    group: Group
    severity: Literal["high", "medium"]
    aim: str
    leg: Literal["auth", "client", "api"]
    description: str
    run: Callable[[Stage], Outcome]
    check: str | None
    uses_carols_browser: bool = False
    section: str = ""
    own_legs: str = ""
    plain: Literal["authlib", "view"] | None = None
