"""The inspector's page: one flow, as one party sees it, with one message open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from flask import url_for
from markupsafe import Markup

from inspector import draw
from inspector.draw import diagram
from inspector.page_parts import GrantOnPage, MessageOnPage
from inspector.read import checks, folding, tokens
from inspector.read.flows import Flow
from inspector.read.messages import Message, every, read_trees
from inspector.read.names import Names
from inspector.read.parties import EVERYONE, PARTIES, Party, party
from inspector.read.phases import DISCOVERY, PHASES, Phase, phase_inside, phase_of
from inspector.read.steps import Lane


@dataclass(frozen=True)
class Choice:
    """What the user chose to see.

    `message` is a number in the flow, `exchange` an id of the recording. `unfolded` shows repeated
    messages too.
    """

    party: Party
    message: int | None
    exchange: int | None
    unfolded: bool

    @classmethod
    def read(cls, arguments: Mapping[str, str]) -> "Choice":
        """Read the choice from a query. An invalid value counts as not chosen."""
        message, exchange = number(arguments.get("message")), number(arguments.get("exchange"))
        return cls(party(arguments.get("view", "")), message, exchange, arguments.get("all") == "1")


def number(text: str | None) -> int | None:
    """Return the number in a query, or None for anything else and for very large numbers."""
    if text and text.isascii() and text.isdigit() and len(text) < 15:
        return int(text)
    return None


class FlowPage:
    """One flow on the page, for the template.

    `now` is in epoch seconds. `is_this_browsers` says whether the user's browser is part of the
    flow.
    """

    def __init__(
        self,
        flow: Flow,
        choice: Choice,
        now: float,
        server_name: str,
        *,
        is_this_browsers: bool = False,
    ) -> None:
        self.flow = flow
        self.now = now
        self.is_this_browsers = is_this_browsers
        self.clients = flow.clients
        self.client = self.clients.together
        self.server_name = server_name
        self.names = Names(self.client, server_name)
        self._trees = read_trees(flow.exchanges)
        self.choice = replace(choice, message=choice.message or self._number_of(choice.exchange))

    def _number_of(self, exchange_id: int | None) -> int | None:
        if exchange_id is None:
            return None
        numbers = {message.exchange.id: message.n for message in every(self._trees)}
        return numbers.get(exchange_id)

    @cached_property
    def messages(self) -> list[MessageOnPage]:
        """The messages of the list."""
        folded, found = self._folded, checks.by_message(self._trees)
        phases = self._first_messages
        return [
            MessageOnPage(
                message,
                self._names_of(message),
                self.link_to(message.n),
                message.n == self.choice.message,
                found.get(message.n, []),
                phases.get(message.n),
            )
            for message in self._seen
            if message.n not in folded
        ]

    def _names_of(self, message: Message) -> Names:
        return Names(self.clients.of(message.exchange), self.server_name)

    @property
    def folded(self) -> int:
        """The number of messages that are folded."""
        return sum(message.n in self._folded for message in self._seen)

    @cached_property
    def drawing(self) -> Markup:
        """The sequence diagram."""
        rows = diagram.rows(
            self._parts,
            self.choice.party,
            self._names_of,
            self.link_to,
            is_flow=not self.flow.is_outside,
        )
        return draw.sequence(rows, self.names.in_order(), self.choice.message, self.link_to)

    @property
    def token_request(self) -> int | None:
        """The number of the first token request, which the tour opens."""
        return next((message.n for message in self._seen if message.step == "T1"), None)

    @cached_property
    def lifespan(self) -> list[draw.Line]:
        """The life of the code and of the tokens of the newest grant."""
        newest = next(reversed(tokens.grants(self.flow.exchanges)), None)
        return draw.lifespan(newest, self.now, self.names.of(Lane.RESOURCE_API))

    @cached_property
    def phases(self) -> list[tuple[Phase, bool]]:
        """The phases of the jump bar, and whether the flow has reached each."""
        reached = set(self._first_messages.values())
        always = [(phase, phase in reached) for phase in PHASES]
        if DISCOVERY in reached:
            return [(DISCOVERY, True), *always]
        return always

    @cached_property
    def _first_messages(self) -> dict[int, Phase]:
        """The phases by the number of the first shown message of each."""
        found: dict[Phase, int] = {}
        for part in self._parts:
            if isinstance(part, Message):
                for message in filter(self.choice.party.sees, part.tree()):
                    phase = phase_inside(part, message) or phase_of(part)
                    if phase:
                        found.setdefault(phase, message.n)
        return {n: phase for phase, n in found.items()}

    @cached_property
    def _seen(self) -> list[Message]:
        return [message for message in every(self._trees) if self.choice.party.sees(message)]

    @cached_property
    def _parts(self) -> Sequence[folding.Part]:
        """The trees and the omissions. The open message is never omitted."""
        if self.choice.unfolded:
            return self._trees
        return folding.parts(self._trees, self.choice.message)

    @cached_property
    def _folded(self) -> set[int]:
        """The numbers of the folded messages."""
        return {message.n for message in folding.folded(self._parts)}

    def link_to(self, n: int) -> str:
        """Return the address of the page with message `n` open."""
        return f"{self._any_message}{n}#message-{n}"

    @cached_property
    def _any_message(self) -> str:
        """The address of a message without its number, which is last."""
        return self.link(message="")

    def link(self, **changes: str | int | None) -> str:
        """Return the address of this page with other choices."""
        arguments: dict[str, Any] = {
            "flow": self.flow.id,
            "view": self.choice.party.view or None,
            "all": None,
        }
        if self.choice.unfolded:
            arguments["all"] = 1
        return url_for("inspector.page", **arguments | changes)

    @cached_property
    def grants(self) -> list[GrantOnPage]:
        """The grants of the flow, with their tokens."""
        return [GrantOnPage(grant, self.now) for grant in tokens.grants(self.flow.exchanges)]

    def round_trip(self, all_flows: Sequence[Flow]) -> int:
        """Return the number of this flow among `all_flows`, counted from the oldest."""
        oldest_first = [flow for flow in reversed(all_flows) if not flow.is_outside]
        return oldest_first.index(self.flow) + 1

    @property
    def views(self) -> list[tuple[Party, str]]:
        """The views, and the name of the party of each."""
        names = ("Everyone", *self.names.in_order())
        return list(zip(PARTIES, names, strict=True))

    @property
    def party_name(self) -> str:
        """The name of the party whose view is shown."""
        return dict(self.views)[self.choice.party]

    @property
    def sees_everything(self) -> bool:
        """Whether the view is not limited to one party."""
        return self.choice.party == EVERYONE
