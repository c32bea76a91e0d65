"""Group exchanges into flows by the values that they share.

A flow is one authorization and everything that follows from it. This works for any client, because
only values of the protocol count: state, code, tokens, PKCE challenge, and the grant's id in the
event log. All flows of a client that registered itself are one, with its registration.

An exchange without such a value joins the flow of the request inside which it happened, or else the
last flow of its browser session, or of its sign-in at the authorization server. A flow is over for
such exchanges when the API has answered, the client has refused the response, or the grant has
ended. An exchange inside a request of another flow belongs to both flows.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from inspector.read import outcomes, preparation, steps
from inspector.read.clients import Clients, registered_names
from inspector.read.groups import Groups
from inspector.record.exchange import Exchange

#: The request id of the lab's requests names their attack.
_LAB = re.compile(r"lab-(?P<attack>.+-\w{6})-\d+")
MAX_FLOWS = 50
#: Pages that are part of no flow, although the browser of a flow opens them.
_UNRELATED = ("/developer/", "/account/")
#: The maximum number of messages without a flow, of which the newest are kept.
MAX_OUTSIDE = 50


@dataclass
class Flow:
    """Exchanges that belong together, in the order in which they began.

    `is_outside` marks the exchanges that belong to no flow. `registered` has known client names.
    """

    exchanges: list[Exchange] = field(default_factory=list)
    is_outside: bool = False
    registered: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def id(self) -> int:
        """The lowest id of its exchanges. `find` accepts each of their ids."""
        return min(exchange.id for exchange in self.exchanges)

    @property
    def attack(self) -> str | None:
        """The slug of the lab's attack, if it is one."""
        return next(filter(None, map(attack_of, self.exchanges)), None)

    @property
    def clients(self) -> Clients:
        """The clients that take part in it."""
        return Clients(self.exchanges, self.registered)

    @property
    def title(self) -> str:
        """The client's name, or that of the attack."""
        if self.is_outside:
            return "Messages without a flow"
        if self.attack:
            return f"Lab: {self.attack.replace('-', ' ')}"
        return self.clients.together

    @cached_property
    def outcome(self) -> str:
        """What became of it."""
        return outcomes.outcome(self.exchanges)

    @cached_property
    def person(self) -> str:
        """The username of the resource owner, or "" if nobody has signed in."""
        return outcomes.person(self.exchanges)

    @cached_property
    def scope(self) -> str:
        """The granted scope, or else the requested one."""
        return outcomes.scope(self.exchanges)

    @property
    def began(self) -> datetime:
        """When its first exchange began."""
        return datetime.fromtimestamp(self.exchanges[0].started_at, UTC)


def flows(exchanges: Iterable[Exchange]) -> list[Flow]:
    """Return the newest flows, newest first, and then the protocol messages without a flow."""
    of_the_demo = (one for one in exchanges if not steps.is_a_question_of_the_inspector(one))
    in_order = sorted(of_the_demo, key=lambda one: one.started_at)
    found, outside = _Grouping(in_order).split()
    newest_first = sorted(found, key=lambda flow: flow.exchanges[0].started_at, reverse=True)
    all_flows = newest_first[:MAX_FLOWS]
    if outside:
        all_flows.append(Flow(outside[-MAX_OUTSIDE:], is_outside=True))
    names = registered_names(in_order)
    return [replace(flow, registered=names) for flow in all_flows]


def find(among: Iterable[Flow], exchange_id: int) -> Flow | None:
    """Return the flow with this id, or else one that contains the exchange with this id."""
    own_id_first = sorted(among, key=lambda flow: flow.id != exchange_id)
    for flow in own_id_first:
        if any(exchange.id == exchange_id for exchange in flow.exchanges):
            return flow
    return None


def attack_of(exchange: Exchange) -> str | None:
    """Return the slug of the attack for which the lab sent the exchange, or None."""
    return (_lab_run(exchange) or "").rpartition("-")[0] or None


class _Grouping:
    """Assigns exchanges, in the order in which they began, to flows."""

    def __init__(self, in_order: list[Exchange]) -> None:
        self._in_order = in_order
        self._flow_of = _flow_by_ties(in_order)
        self._flows: defaultdict[str, Flow] = defaultdict(Flow)
        self._outside: list[Exchange] = []
        #: The last flow of each browser session.
        self._last_flow: dict[str, str] = {}
        #: The flows that are over.
        self._over: set[str] = set()

    def split(self) -> tuple[list[Flow], list[Exchange]]:
        """Return the flows, and the exchanges of the protocol that belong to none."""
        for group in _by_request(self._in_order):
            group_flow = self._flow_of_group(group)
            for exchange in group:
                self._assign(exchange, group[0], group_flow)
        for name in [name for name, flow in self._flows.items() if not _is_round_trip(flow)]:
            self._outside += filter(steps.is_of_the_protocol, self._flows.pop(name).exchanges)
        self._add_preparations()
        for flow in self._flows.values():
            flow.exchanges.sort(key=lambda one: one.started_at)
        return [*self._flows.values()], sorted(self._outside, key=lambda one: one.started_at)

    def _add_preparations(self) -> None:
        """Move what a client did to find the server from outside into the flow that followed."""
        flow_of = {each: flow for each, flow in self._flow_of.items() if flow in self._flows}
        preparations = preparation.Preparations(self._in_order, flow_of)
        for exchange in list(self._outside):
            flow = preparations.flow_after(exchange)
            if flow:
                self._outside.remove(exchange)
                self._flows[flow].exchanges.append(exchange)

    def _flow_of_group(self, group: list[Exchange]) -> str | None:
        """Return the flow of the exchanges of one request: by their ties, or by their session."""
        by_ties = (self._flow_of[one.id] for one in group if one.id in self._flow_of)
        sessions = (tie for one in group for tie in _sessions(one))
        by_session = (self._last_flow[tie] for tie in sessions if tie in self._last_flow)
        return next(by_ties, None) or self._unless_over(group[0], next(by_session, None))

    def _unless_over(self, outer: Exchange, flow: str | None) -> str | None:
        """Return the flow if a page of its browser can still belong to it."""
        if outer.path == steps.BACK_CHANNEL_LOGOUT:
            return flow
        if flow in self._over or f"{outer.path}/".startswith(_UNRELATED):
            return None
        return flow

    def _assign(self, exchange: Exchange, outer: Exchange, group_flow: str | None) -> None:
        flow = self._flow_of.get(exchange.id)
        if flow is None and steps.request_step(exchange) != "A2":
            flow = group_flow
        if flow is None:
            if steps.is_of_the_protocol(exchange):
                self._outside.append(exchange)
            return
        self._last_flow.update(dict.fromkeys(_sessions(exchange), flow))
        if _is_last(exchange):
            self._over.add(flow)
        for each in {flow, self._flow_around(exchange, outer) or flow}:
            self._flows[each].exchanges.append(exchange)

    def _flow_around(self, inner: Exchange, outer: Exchange) -> str | None:
        """Return the flow of the request inside which `inner` happened."""
        if outer.started_at <= inner.started_at <= outer.ended_at:
            return self._flow_of.get(outer.id)
        return None


def _is_round_trip(flow: Flow) -> bool:
    """Return whether a flow is more than invalid messages, which anybody can send."""
    return any(map(_is_evidence, flow.exchanges))


def _is_evidence(exchange: Exchange) -> bool:
    """Return whether an exchange starts a flow, is successful, or belongs to a grant or attack."""
    if steps.request_step(exchange) in ("A1", "A2") or attack_of(exchange):
        return True
    if exchange.status < 300 and steps.answer_step(exchange) in ("T2", "F2", "R3"):
        return True
    return any(map(_grant_of, exchange.events))


def _is_last(exchange: Exchange) -> bool:
    """Return whether a flow is over with this exchange, except for what has its tokens."""
    if steps.request_step(exchange) == "A7" and exchange.status >= 400:
        return True
    is_answered = steps.answer_step(exchange) == "R3"
    return is_answered or any(event.get("event") == "grant_ended" for event in exchange.events)


def _grant_of(event: dict[str, Any]) -> str:
    return str(event.get("grant_id") or "")


def _flow_by_ties(exchanges: list[Exchange]) -> dict[int, str]:
    """Return the flow of each exchange that has values of the protocol, by the exchange's id."""
    groups = Groups()
    ties_of: dict[int, list[str]] = {}
    own_ids = preparation.self_registered(exchanges)
    for request in _by_request(exchanges):
        run = next(filter(None, map(_lab_run, request)), None)
        for exchange in request:
            ties_of[exchange.id] = _protocol_ties(exchange, run)
            if not run:
                ties_of[exchange.id] += preparation.ties(exchange, own_ids)
    tied = {exchange_id: ties for exchange_id, ties in ties_of.items() if ties}
    for ties in tied.values():
        groups.join(ties)
    return {exchange_id: groups.name_of(ties[0]) for exchange_id, ties in tied.items()}


def _protocol_ties(exchange: Exchange, run: str | None) -> list[str]:
    """Return the values that tie the exchange to others. In an attack only the attack counts.

    Otherwise the clean-up after the attack would belong to it.
    """
    if run:
        return [f"lab:{run}"]
    ties = [tie for tie in exchange.ties if tie not in _sessions(exchange)]
    return [*ties, *(f"grant:{grant}" for grant in map(_grant_of, exchange.events) if grant)]


def _lab_run(exchange: Exchange) -> str | None:
    """Return attack and run of the lab, whose requests are recognized by their User-Agent too."""
    if not steps.is_the_labs(exchange):
        return None
    found = _LAB.fullmatch(exchange.request_id)
    if found is None:
        return None
    return found["attack"]


def _sessions(exchange: Exchange) -> list[str]:
    return [tie for tie in exchange.ties if tie.startswith(("session:", "sid:"))]


def _by_request(exchanges: Iterable[Exchange]) -> Iterable[list[Exchange]]:
    """Return the exchanges of each request id, in the order in which the first of them began."""
    groups: defaultdict[str, list[Exchange]] = defaultdict(list)
    for exchange in exchanges:
        groups[exchange.request_id or f"none:{exchange.id}"].append(exchange)
    return groups.values()
