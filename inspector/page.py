"""What the inspector's page shows: one flow, as one party sees it, with one message open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import url_for
from markupsafe import Markup

from inspector import diagram, drawing, folding, parameters, raw, story, tokens, why, words
from inspector.flows import Flow
from inspector.message import Message, every, read_trees
from inspector.parties import EVERYBODY, Party, party
from inspector.steps import Lane

LEG_CLASSES = {
    Lane.BROWSER: "browser",
    Lane.CLIENT: "client",
    Lane.AUTHORIZATION_SERVER: "auth",
    Lane.RESOURCE_API: "api",
}


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
    def messages(self) -> list["MessageOnPage"]:
        """Those that the list shows."""
        seen = [message for message in every(self._trees) if self.choice.party.sees(message)]
        hidden = set() if self._is_unfolded else {message.n for message in folding.folded(self._trees)}
        return [MessageOnPage(message, self) for message in seen if message.n not in hidden]

    @cached_property
    def _is_unfolded(self) -> bool:
        """Asked for; or else a message is asked for that would be folded away."""
        return self.choice.unfolded or self.choice.message in {message.n for message in folding.folded(self._trees)}

    @property
    def folded(self) -> int:
        """How many messages are folded away."""
        return (
            0 if self._is_unfolded else len([one for one in folding.folded(self._trees) if self.choice.party.sees(one)])
        )

    @property
    def drawing(self) -> Markup:
        """The sequence diagram."""
        unfold = None if self._is_unfolded else self.link(all=1)
        rows = diagram.rows(self._trees, self.choice.party, unfold)
        return drawing.sequence(rows, self.names, self.choice.message, self.link_to)

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
    def grants(self) -> list["GrantOnPage"]:
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


@dataclass(frozen=True)
class MessageOnPage:
    """One message in the list."""

    message: Message
    page: FlowPage

    @property
    def n(self) -> int:
        """Its ordinal in the flow."""
        return self.message.n

    @property
    def leg(self) -> str:
        """The CSS class of who sends it."""
        return "danger" if self.message.attacker else LEG_CLASSES[self.message.source]

    @property
    def lanes(self) -> Markup:
        """The arrow in small."""
        kind = "redirect" if self.message.redirected_by else "request" if self.message.front else "exchange"
        before = self.message.redirected_by
        source = before.target if before else self.message.source
        return drawing.lanes(source, self.message.target, kind, attacker=self.message.attacker)

    @property
    def line(self) -> str:
        """Method and path."""
        return words.request_line(self.message.exchange)

    @property
    def steps(self) -> str:
        """`T1, T2`; nothing where the steps leave the message out."""
        return ", ".join(filter(None, (self.message.step, self.message.answer_step)))

    @property
    def said(self) -> str:
        """The sentence."""
        return story.sentence(self.message, self.page.client)

    @property
    def took(self) -> str:
        """How long the answer took."""
        milliseconds = (self.message.exchange.ended_at - self.message.exchange.started_at) * 1000
        return f"{milliseconds:.0f} ms" if milliseconds >= 1 else "under 1 ms"

    @property
    def explained(self) -> Sequence[parameters.Explanation]:
        """Every parameter."""
        return parameters.explained(self.message.exchange, tokens.members(self.message.exchange))

    @property
    def request(self) -> str:
        """As it was on the wire."""
        return raw.request(self.message.exchange)

    @property
    def response(self) -> str:
        """As it was on the wire."""
        return raw.response(self.message.exchange)

    @property
    def curl(self) -> str:
        """For a shell."""
        return raw.curl(self.message.exchange)

    @property
    def reasons(self) -> list[str]:
        """The checks that failed."""
        return why.reasons(self.message.exchange)

    @property
    def endings(self) -> list[str]:
        """Why grants ended with it."""
        return why.endings(self.message.exchange)


@dataclass(frozen=True)
class GrantOnPage:
    """One grant: its timeline and its family."""

    grant: tokens.Grant
    now: float

    @property
    def timeline(self) -> Markup:
        """The picture."""
        return drawing.timeline(tokens.access_tokens(self.grant), tokens.refresh_life(self.grant), self.now)

    @property
    def words(self) -> str:
        """The same in a sentence."""
        return drawing.timeline_words(tokens.access_tokens(self.grant), tokens.refresh_life(self.grant), self.now)

    @property
    def family(self) -> Markup:
        """The tree."""
        return drawing.family(tokens.family(self.grant, self.now))

    @property
    def is_alive(self) -> bool:
        """Whether an access token of it works."""
        return not self.grant.is_over(self.now) and any(self.now < pair.expires for pair in self.grant.pairs)
