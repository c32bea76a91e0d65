"""The rows of a sequence diagram, in the order of time.

Lanes are 0 browser, 1 client, 2 authorization server, 3 resource API.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Heading:
    """The heading of a phase, at which a new band begins.

    `anchor` is its id on the page. It is "" if the phase had a band before.
    """

    title: str
    hint: str
    anchor: str = ""


@dataclass(frozen=True, kw_only=True)
class Arrow:
    """An arrow from the lane `source` to the lane `target`, for message `n`.

    `says` is one plain sentence about it. `step` is A1 … E1 or "". If the inspector sent the
    message again, the inspector is at the end of the arrow where its first sender would be.
    """

    n: int
    source: int
    target: int
    says: str
    step: str
    attacker: bool = False
    is_sent_again: bool = False


@dataclass(frozen=True, kw_only=True)
class Call(Arrow):
    """The request of a message. `front` says whether the browser carries it."""

    label: str
    params: Sequence[str]
    front: bool


@dataclass(frozen=True, kw_only=True)
class Redirect(Arrow):
    """The response of message `ends`, which the browser sends on as the request of message `n`."""

    ends: int
    status: str
    label: str
    params: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Response(Arrow):
    """The response of a message. `front` says whether the browser receives it."""

    status: str
    summary: str
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
