"""What a sequence diagram is made of: rows in the order of time, each the beginning or the end of a message, or a word on it.

Lanes are 0 browser, 1 client, 2 authorization server, 3 resource API.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A heading; a band begins."""

    title: str
    hint: str


@dataclass(frozen=True, kw_only=True)
class Call:
    """An arrow that begins message `n`; `step` is A1 … E1 or "". `front`: carried by the browser."""

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
    """The answer of message `ends`, carried on by the browser: there it begins message `n`."""

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
class Answer:
    """The arrow back that ends message `n`."""

    n: int
    source: int
    target: int
    status: str
    summary: str
    step: str
    front: bool


@dataclass(frozen=True, kw_only=True)
class Unseen:
    """Known to happen, out of this party's sight."""

    left: int
    right: int
    text: str
    more: str


@dataclass(frozen=True, kw_only=True)
class Fold:
    """Repetitions, folded into one row that links to all of them."""

    text: str
    href: str


Row = Phase | Call | Redirect | Answer | Unseen | Fold
