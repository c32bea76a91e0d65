"""The page of a step: the message that waits, masked, and the diagram up to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from markupsafe import Markup

from inspector import draw, links
from inspector.draw import diagram, raw_http, words
from inspector.draw.rows import Redirect, Response, Row
from inspector.page_parts import LEG_CLASSES
from inspector.read import explanations, flows, folding, steps
from inspector.read.messages import Message, every, read_trees
from inspector.read.names import Names
from inspector.read.parties import EVERYONE
from inspector.read.steps import Lane
from inspector.record.exchange import Exchange
from inspector.record.recorder import transcribe_or_bare
from inspector.stepping.messages import Outgoing
from inspector.stepping.run import Run
from inspector.stepping.words import Purpose, purpose_of, step_of
from web.clock import now

#: The address, on the page, of the message that waits.
WAITING = "#waiting"


@dataclass(frozen=True)
class StepPage:
    """One step, for the template.

    `outer` is the browser's request while it has no answer, and `waiting` the message that waits.
    Neither is recorded yet. `recorded` has everything else.
    """

    run: Run
    waiting: Exchange
    outer: Exchange | None
    recorded: Sequence[Exchange]
    server_name: str

    @property
    def number(self) -> int:
        """The number of the message within the request."""
        return self.run.number

    @property
    def seconds_left(self) -> int:
        """The seconds until Print Shop gives the message up."""
        return round(self.run.seconds_left)

    @property
    def purpose(self) -> Purpose:
        """What the message is for."""
        return purpose_of(self.waiting, self.server_name)

    @property
    def step(self) -> str:
        """Its step in the flow, or ""."""
        return step_of(self.waiting)

    @property
    def sender(self) -> str:
        """The name of Print Shop, which sends it, as the diagram does."""
        return self.names[Lane.CLIENT]

    @property
    def is_carried(self) -> bool:
        """Whether the browser carries it."""
        return steps.source(self.waiting) == Lane.BROWSER

    @property
    def receiver(self) -> str:
        """The name of its receiver."""
        return self.names[steps.target(self.waiting)]

    @property
    def receiver_class(self) -> str:
        """The CSS class of its receiver."""
        return LEG_CLASSES[steps.target(self.waiting)]

    @property
    def request(self) -> str:
        """The raw request."""
        return raw_http.request(self.waiting)

    @property
    def explained(self) -> Sequence[explanations.Explanation]:
        """The explanation of each parameter."""
        return explanations.explained(self.waiting)

    @cached_property
    def names(self) -> tuple[str, str, str, str]:
        """The names of the lifelines, from left to right."""
        return Names(self._flow.clients.together, self.server_name).in_order()

    @property
    def drawing(self) -> Markup:
        """The sequence diagram, which ends with the message that waits."""
        rows = diagram.rows(
            folding.parts(self._trees, self._number_of_waiting),
            EVERYONE,
            self._names_of,
            self._link_to,
            is_flow=any(message.step for message in self._messages),
        )
        unanswered = {m.n for m in self._messages if m.exchange in (self.waiting, self.outer)}
        sent = [row for row in rows if not _is_answer_of(row, unanswered)]
        return draw.sequence(sent, self.names, self._number_of_waiting, self._link_to)

    @property
    def lines(self) -> list[str]:
        """The diagram in words: a line for each message, the one that waits last."""
        return [
            f"{self.names[message.source]} to {self.names[message.target]}: "
            f"{words.request_line(message.exchange)}"
            for message in self._messages
        ]

    @cached_property
    def _flow(self) -> flows.Flow:
        new = [one for one in (self.outer, self.waiting) if one is not None]
        everything = [*self.recorded, *new]
        flow = flows.find(flows.flows(everything), self.waiting.id)
        if flow is None or flow.is_outside:
            of_request = [one for one in everything if one.request_id == self.waiting.request_id]
            flow = flows.Flow(of_request, is_outside=True)
        return flow

    @cached_property
    def _trees(self) -> list[Message]:
        return read_trees(self._flow.exchanges)

    @cached_property
    def _messages(self) -> list[Message]:
        return every(self._trees)

    def _names_of(self, message: Message) -> Names:
        return Names(self._flow.clients.of(message.exchange), self.server_name)

    @property
    def _number_of_waiting(self) -> int:
        return next(m.n for m in self._messages if m.exchange is self.waiting)

    def _link_to(self, n: int) -> str:
        exchange = next(m.exchange for m in self._messages if m.n == n)
        if exchange in (self.waiting, self.outer):
            return WAITING
        return links.link_to(exchange.id)


def step_page(
    run: Run,
    message: Outgoing,
    legs: Mapping[str, str],
    recorded: Sequence[Exchange],
    key: str,
    server_name: str,
) -> StepPage:
    """Return the page. `legs` are the legs by origin, and `key` is the fingerprint key."""
    moment = now().timestamp()
    next_id = max((one.id for one in recorded), default=0) + 1
    wire = message.wire(legs.get(message.origin, "auth_server"))
    waiting = transcribe_or_bare(wire, key, moment)
    waiting = replace(waiting, id=next_id + 1, request_id=message.request_id, events=[])
    outer = None
    if run.is_running:
        outer = transcribe_or_bare(run.wire, key, moment)
        outer = replace(outer, id=next_id, request_id=message.request_id, status=200)
    return StepPage(run, waiting, outer, recorded, server_name)


def _is_answer_of(row: Row, unanswered: Iterable[int]) -> bool:
    """Return whether the row shows an answer of these messages, which have none yet."""
    match row:
        case Response():
            return row.n in unanswered
        case Redirect():
            return row.n == row.ends and row.n in unanswered
    return False
