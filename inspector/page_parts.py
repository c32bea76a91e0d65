"""What the page of a flow is made of: its messages, and its grants."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from inspector import draw
from inspector.draw import curl, raw_http, words
from inspector.read import explanations, refusals, story, tokens
from inspector.read.clients import Clients
from inspector.read.messages import Message
from inspector.read.steps import Lane

LEG_CLASSES = {
    Lane.BROWSER: "browser",
    Lane.CLIENT: "client",
    Lane.AUTHORIZATION_SERVER: "auth",
    Lane.RESOURCE_API: "api",
}


@dataclass(frozen=True)
class MessageOnPage:
    """One message in the list; `address` is the page with this message open."""

    message: Message
    clients: Clients
    address: str
    is_open: bool

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
        kind = (
            "redirect"
            if self.message.redirected_by
            else "request"
            if self.message.front
            else "exchange"
        )
        before = self.message.redirected_by
        source = before.target if before else self.message.source
        return draw.lanes(source, self.message.target, kind, attacker=self.message.attacker)

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
        return story.sentence(self.message, self.clients.of(self.message.exchange))

    @property
    def took(self) -> str:
        """How long the answer took."""
        milliseconds = (self.message.exchange.ended_at - self.message.exchange.started_at) * 1000
        return f"{milliseconds:.0f} ms" if milliseconds >= 1 else "under 1 ms"

    @property
    def explained(self) -> Sequence[explanations.Explanation]:
        """Every parameter."""
        return explanations.explained(self.message.exchange)

    @property
    def request(self) -> str:
        """As it was on the wire."""
        return raw_http.request(self.message.exchange)

    @property
    def response(self) -> str:
        """As it was on the wire."""
        return raw_http.response(self.message.exchange)

    @property
    def curl(self) -> str:
        """For a shell; "" where nobody should send it."""
        return curl.command(self.message.exchange)

    @property
    def refusals(self) -> list[refusals.Refusal]:
        """The checks that failed."""
        return refusals.refusals(self.message.exchange)

    @property
    def grant_endings(self) -> list[str]:
        """Why grants ended with it."""
        return refusals.grant_endings(self.message.exchange)


@dataclass(frozen=True)
class GrantOnPage:
    """One grant: its timeline and its family."""

    grant: tokens.Grant
    now: float

    @property
    def timeline(self) -> Markup:
        """The picture."""
        return draw.timeline(
            tokens.access_tokens(self.grant), tokens.refresh_life(self.grant), self.now
        )

    @property
    def words(self) -> str:
        """The same in a sentence."""
        return draw.timeline_words(
            tokens.access_tokens(self.grant), tokens.refresh_life(self.grant), self.now
        )

    @property
    def family(self) -> Markup:
        """The tree."""
        return draw.family(tokens.family(self.grant, self.now))

    @property
    def is_alive(self) -> bool:
        """Whether an access token of it works."""
        return not self.grant.is_over(self.now) and any(
            self.now < pair.expires for pair in self.grant.pairs
        )
