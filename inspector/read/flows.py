"""Ties exchanges into flows by the values they share, so that the flow of a client that nobody here wrote is drawn too.

A flow is one authorization and all that came of it. Values that belong to one flow alone tie strongly: state, code, tokens,
PKCE challenge, the grant's id in the event log. An exchange without any goes with the request inside which it happened, or
else with the flow that its browser session was last seen in. What happened inside a request of another flow belongs to both.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from inspector.read import steps
from inspector.read.clients import Clients, registered_names
from inspector.record.exchange import Exchange

#: The lab's requests say to which attack they belong.
_LAB = re.compile(r"lab-(?P<attack>.+-\w{6})-\d+")
MOST_FLOWS = 50
#: Of the messages that belong to no flow, so many of the newest.
MOST_BESIDE = 50


@dataclass
class Flow:
    """Exchanges that belong together, in the order in which they began; or those that belong to nothing.

    `registered` are the names of clients, as far as they are known.
    """

    exchanges: list[Exchange] = field(default_factory=list)
    is_beside: bool = False
    registered: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> int:
        """The id of the exchange that was stored first; any other of the flow's ids finds the flow as well."""
        return min(exchange.id for exchange in self.exchanges)

    @property
    def attack(self) -> str | None:
        """The slug of the lab's attack that this flow is, if it is one."""
        return next((slug for one in self.exchanges if (slug := attack_of(one))), None)

    @property
    def clients(self) -> Clients:
        """Who takes part in it."""
        return Clients(self.exchanges, self.registered)

    @property
    def title(self) -> str:
        """The client's name, or the attack's."""
        if self.is_beside:
            return "Messages of no round trip"
        return f"Lab: {self.attack.replace('-', ' ')}" if self.attack else self.clients.together

    @property
    def began(self) -> datetime:
        """When its first exchange began."""
        return datetime.fromtimestamp(self.exchanges[0].started_at, UTC)


def flows(exchanges: Iterable[Exchange]) -> list[Flow]:
    """The newest flows, the newest first; last, what of the protocol belongs to none of them."""
    in_order = sorted(exchanges, key=lambda one: one.started_at)
    found, beside = _tied(in_order)
    newest_first = sorted(found, key=lambda flow: flow.exchanges[0].started_at, reverse=True)
    all_flows = newest_first[:MOST_FLOWS] + (
        [Flow(beside[-MOST_BESIDE:], is_beside=True)] if beside else []
    )
    names = registered_names(in_order)
    return [replace(flow, registered=names) for flow in all_flows]


def find(among: Iterable[Flow], exchange_id: int) -> Flow | None:
    """The flow of that id, or else the one to which the exchange of that id belongs."""
    by_fitness = sorted(among, key=lambda flow: flow.id != exchange_id)
    return next(
        (flow for flow in by_fitness if any(one.id == exchange_id for one in flow.exchanges)), None
    )


def attack_of(exchange: Exchange) -> str | None:
    """The slug of the attack for which the lab sent it."""
    run = _run_of(exchange)
    return run.rpartition("-")[0] if run else None


def _tied(in_order: list[Exchange]) -> tuple[list[Flow], list[Exchange]]:
    """The flows, and the exchanges of the protocol that belong to none."""
    found: defaultdict[str, Flow] = defaultdict(Flow)
    beside: list[Exchange] = []
    last_seen: dict[str, str] = {}  # session: the flow in which it was last seen
    knotted = _knotted(in_order)
    for group in _by_request(in_order):
        seen = (last_seen[tie] for one in group for tie in _sessions(one) if tie in last_seen)
        ours = next((knotted[one.id] for one in group if one.id in knotted), None) or next(
            seen, None
        )
        for one in group:
            if mine := knotted.get(one.id, None if steps.request_step(one) == "A2" else ours):
                last_seen.update(dict.fromkeys(_sessions(one), mine))
                for flow in {mine, _around(one, group[0], knotted) or mine}:
                    found[flow].exchanges.append(one)
            elif steps.is_of_the_protocol(one):
                beside.append(one)
    return _told_from_guesses(found.values(), beside)


def _told_from_guesses(
    found: Iterable[Flow], beside: list[Exchange]
) -> tuple[list[Flow], list[Exchange]]:
    """The flows that are more than guesses; whatever is not stands beside them."""
    round_trips = []
    for flow in found:
        if any(map(_makes_a_round_trip, flow.exchanges)):
            round_trips.append(flow)
        else:
            beside = beside + list(filter(steps.is_of_the_protocol, flow.exchanges))
    for flow in round_trips:
        flow.exchanges.sort(key=lambda one: one.started_at)
    return round_trips, sorted(beside, key=lambda one: one.started_at)


def _makes_a_round_trip(exchange: Exchange) -> bool:
    """Whether it is more than a guess: somebody begins one, or something of it is good."""
    is_good = exchange.status < 300 and steps.answer_step(exchange) in ("T2", "F2", "R3")
    begins = steps.request_step(exchange) in ("A1", "A2")
    return (
        begins or is_good or attack_of(exchange) is not None or any(map(_grant_of, exchange.events))
    )


def _grant_of(event: dict[str, Any]) -> str:
    return str(event.get("grant_id") or "")


def _knotted(exchanges: list[Exchange]) -> dict[int, str]:
    """By an exchange's id, the flow to which the values in it tie it; without those that have none."""
    knots, strong = _Knots(), dict[int, list[str]]()
    for group in _by_request(exchanges):
        run = next((run for one in group if (run := _run_of(one))), None)
        strong |= {one.id: ties for one in group if (ties := _strong(one, run))}
    for ties in strong.values():
        knots.tie(ties)
    return {exchange_id: knots.find(ties[0]) for exchange_id, ties in strong.items()}


def _around(inner: Exchange, outer: Exchange, flow_of: dict[int, str]) -> str | None:
    """The flow of the request inside which `inner` happened."""
    is_inside = outer.started_at <= inner.started_at <= outer.ended_at
    return flow_of.get(outer.id) if is_inside else None


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


def _strong(exchange: Exchange, run: str | None) -> list[str]:
    """The values that tie it; in an attack, that alone."""
    if run:
        return [
            f"lab:{run}"
        ]  # whatever else it touches: what ends the grant afterwards is no part of the attack
    ties = [tie for tie in exchange.ties if not tie.startswith("session:")]
    return [*ties, *(f"grant:{grant}" for grant in map(_grant_of, exchange.events) if grant)]


def _run_of(exchange: Exchange) -> str | None:
    """The attack and the run of the lab in which it was sent. Anybody can choose a request id; the lab signs as well."""
    match = _LAB.fullmatch(exchange.request_id) if steps.is_the_labs(exchange) else None
    return match["attack"] if match else None


def _sessions(exchange: Exchange) -> list[str]:
    return [tie for tie in exchange.ties if tie.startswith("session:")]


def _by_request(exchanges: Iterable[Exchange]) -> Iterable[list[Exchange]]:
    """Exchanges of one request id together, in the order in which the first of each began."""
    groups: defaultdict[str, list[Exchange]] = defaultdict(list)
    for exchange in exchanges:
        groups[exchange.request_id or f"none:{exchange.id}"].append(exchange)
    return groups.values()
