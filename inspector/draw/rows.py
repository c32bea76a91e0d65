"""The rows of a sequence diagram, in the order of time.

Lanes are 0 browser, 1 client, 2 authorization server, 3 resource API.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Heading:
    """The heading of a phase, at which a new band begins."""

    title: str
    hint: str


@dataclass(frozen=True, kw_only=True)
class Call:
    """The request arrow of message `n`.

    `step` is A1 … E1 or "". `front` says whether the browser carries the message.
    """

    n: int
    source: int
    target: int
    label: str
    params: str
    step: str
    front: bool
    attacker: bool = False


@dataclass(frozen=True, kw_only=True)
class Redirect:
    """The response of message `ends`, which the browser sends on as the request of message `n`."""

    n: int
    ends: int
    source: int
    target: int
    status: str
    label: str
    params: str
    step: str
    attacker: bool = False


@dataclass(frozen=True, kw_only=True)
class Response:
    """The response arrow of message `n`."""

    n: int
    source: int
    target: int
    status: str
    summary: str
    step: str
    front: bool


@dataclass(frozen=True, kw_only=True)
class BlindSpot:
    """A note between two lanes about messages that the party does not see."""

    first_lane: int
    last_lane: int
    text: str
    more: str


@dataclass(frozen=True, kw_only=True)
class Fold:
    """One row that replaces several messages and links to all of them."""

    text: str
    href: str


Row = Heading | Call | Redirect | Response | BlindSpot | Fold
