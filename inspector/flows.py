"""Ties exchanges into flows by the values they share, so that the flow of a client that nobody here wrote is drawn too.

A flow is one authorization and all that came of it. Values that belong to one flow alone tie strongly: state, code, tokens,
PKCE challenge, the grant's id in the event log. An exchange without any goes with the request inside which it happened, or
else with the flow that its browser session was last seen in.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from inspector import words
from inspector.exchange import Exchange

#: The lab's requests say to which attack they belong.
_LAB = re.compile(r"lab-(?P<attack>.+-\w{6})-\d+")
MOST_FLOWS = 50


@dataclass
class Flow:
    """Exchanges that belong together, in the order in which they began."""

    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def id(self) -> int:
        """The id of the exchange that was stored first; any other of the flow's ids finds the flow as well."""
        return min(exchange.id for exchange in self.exchanges)

    @property
    def attack(self) -> str | None:
        """The slug of the lab's attack that this flow is, if it is one."""
        return next((slug for one in self.exchanges if (slug := attack_of(one))), None)

    @property
    def title(self) -> str:
        """The client's name, or the attack's."""
        return f"Lab: {self.attack.replace('-', ' ')}" if self.attack else words.client_name(self.exchanges)

    @property
    def began(self) -> datetime:
        """When its first exchange began."""
        return datetime.fromtimestamp(self.exchanges[0].started_at, UTC)


def flows(exchanges: Iterable[Exchange]) -> list[Flow]:
    """The newest flows, the newest first."""
    in_order = sorted(exchanges, key=lambda one: one.started_at)
    knots = _Knots()
    for exchange in in_order:
        knots.tie(_strong(exchange))
    found: defaultdict[str, Flow] = defaultdict(Flow)
    last_seen: dict[str, str] = {}  # session: the flow in which it was last seen
    for group in _by_request(in_order):
        own = {one.id: knots.find(strong[0]) for one in group if (strong := _strong(one))}
        seen = (last_seen[tie] for one in group for tie in _sessions(one) if tie in last_seen)
        ours = next(iter(own.values()), None) or next(seen, None)
        for one in group:
            if flow := own.get(one.id, ours):
                found[flow].exchanges.append(one)
                last_seen.update(dict.fromkeys(_sessions(one), flow))
    for each in found.values():
        each.exchanges.sort(key=lambda one: one.started_at)
    newest_first = sorted(found.values(), key=lambda flow: flow.exchanges[0].started_at, reverse=True)
    return newest_first[:MOST_FLOWS]


def find(among: Iterable[Flow], exchange_id: int) -> Flow | None:
    """The flow to which the exchange of that id belongs."""
    return next((flow for flow in among if any(one.id == exchange_id for one in flow.exchanges)), None)


def attack_of(exchange: Exchange) -> str | None:
    """The slug of the attack for which the lab sent it."""
    match = _LAB.fullmatch(exchange.request_id)
    return match["attack"].rpartition("-")[0] if match else None


class _Knots:
    """Ties that belong together: whatever was found on one exchange is one knot (a union-find)."""

    def __init__(self) -> None:
        self._towards: dict[str, str] = {}

    def tie(self, ties: list[str]) -> None:
        """Make one knot of these, and of those that they were tied to before."""
        for tie in ties:
            self._towards[self.find(tie)] = self.find(ties[0])

    def find(self, tie: str) -> str:
        """The tie by which the whole knot is known for now."""
        while (further := self._towards.setdefault(tie, tie)) != tie:
            self._towards[tie] = self._towards.setdefault(further, further)
            tie = further
        return tie


def _strong(exchange: Exchange) -> list[str]:
    ties = [tie for tie in exchange.ties if not tie.startswith("session:")]
    grants = [f"grant:{event['grant_id']}" for event in exchange.events if event.get("grant_id")]
    match = _LAB.fullmatch(exchange.request_id)
    return [*ties, *grants, *([f"lab:{match['attack']}"] if match else [])]


def _sessions(exchange: Exchange) -> list[str]:
    return [tie for tie in exchange.ties if tie.startswith("session:")]


def _by_request(exchanges: Iterable[Exchange]) -> Iterable[list[Exchange]]:
    """Exchanges of one request id together, in the order in which the first of each began."""
    groups: defaultdict[str, list[Exchange]] = defaultdict(list)
    for exchange in exchanges:
        groups[exchange.request_id or f"none:{exchange.id}"].append(exchange)
    return groups.values()
