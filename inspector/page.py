"""What the inspector's page shows: one flow, as one party sees it, with one message open."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import url_for
from markupsafe import Markup

from inspector import diagram, drawing, folding, tokens, words
from inspector.entries import GrantOnPage, MessageOnPage
from inspector.flows import Flow
from inspector.message import Message, every, read_trees
from inspector.parties import EVERYBODY, Party, party


@dataclass(frozen=True)
class Choice:
    """What somebody chose to look at: `message` is an ordinal, `unfolded` shows repetitions too."""

    party: Party
    message: int | None
    unfolded: bool

    @classmethod
    def read(cls, arguments: Mapping[str, str]) -> "Choice":
        """Off a query; what makes no sense there counts as not chosen."""
        number = arguments.get("message", "")
        chosen = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else None
        return cls(party(arguments.get("view", "")), chosen, arguments.get("all") == "1")


class FlowPage:
    """One flow on the page; the template asks it for everything. `now` in epoch seconds."""

    def __init__(self, flow: Flow, choice: Choice, now: float) -> None:
        self.flow = flow
        self.choice = choice
        self.now = now
        self.client = words.client_name(flow.exchanges)
        self.names = words.names(self.client)
        self._trees = read_trees(flow.exchanges)

    @cached_property
    def messages(self) -> list[MessageOnPage]:
        """Those that the list shows."""
        return [MessageOnPage(message, self) for message in self._seen if message.n not in self._folded]

    @property
    def folded(self) -> int:
        """How many messages are folded away."""
        return sum(message.n in self._folded for message in self._seen)

    @property
    def drawing(self) -> Markup:
        """The sequence diagram."""
        unfold = self.link(all=1) if self._folded else None
        rows = diagram.rows(self._trees, self.choice.party, unfold)
        return drawing.sequence(rows, self.names, self.choice.message, self.link_to)

    @cached_property
    def _seen(self) -> list[Message]:
        return [message for message in every(self._trees) if self.choice.party.sees(message)]

    @cached_property
    def _folded(self) -> set[int]:
        """The numbers of those that are folded away: none when all are asked for, or one of these is."""
        numbers = {message.n for message in folding.folded(self._trees)}
        return set() if self.choice.unfolded or self.choice.message in numbers else numbers

    def link_to(self, n: int) -> str:
        """The address of the page with message `n` open."""
        return f"{self.link(message=n)}#message-{n}"

    def link(self, **changes: str | int | None) -> str:
        """The address of this page with other choices."""
        chosen: dict[str, Any] = {
            "flow": self.flow.id,
            "view": self.choice.party.view or None,
            "all": 1 if self.choice.unfolded else None,
        }
        return url_for("inspector.page", **chosen | changes)

    @cached_property
    def grants(self) -> list[GrantOnPage]:
        """The grants of the flow, with their tokens."""
        return [GrantOnPage(grant, self.now) for grant in tokens.grants(self.flow.exchanges)]

    @property
    def is_ours(self) -> bool:
        """Whether Print Shop is the client."""
        return any(exchange.leg == "client_app" for exchange in self.flow.exchanges)

    @property
    def sees_everything(self) -> bool:
        """Whether this is nobody's view in particular."""
        return self.choice.party == EVERYBODY
