"""The parts of the inspector's page: the messages and the grants of a flow."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from inspector import draw
from inspector.draw import curl, raw_http, words
from inspector.draw.geometry import INSPECTOR
from inspector.read import (
    explanations,
    glossary,
    headlines,
    refusals,
    signed_tokens,
    story,
    tokens,
)
from inspector.read.comparison import Check
from inspector.read.glossary_entry import Entry
from inspector.read.messages import Message
from inspector.read.names import Names
from inspector.read.phases import Phase
from inspector.read.steps import Lane

LEG_CLASSES = {
    Lane.BROWSER: "browser",
    Lane.CLIENT: "client",
    Lane.AUTHORIZATION_SERVER: "auth",
    Lane.RESOURCE_API: "api",
}


@dataclass(frozen=True)
class MessageOnPage:
    """One message in the list. `address` is that of the page with this message open.

    `begins` is the phase of which it is the first shown message, or None.
    """

    message: Message
    names: Names
    address: str
    is_open: bool
    checks: Sequence[Check]
    begins: Phase | None

    @property
    def n(self) -> int:
        """Its number in the flow."""
        return self.message.n

    @property
    def leg(self) -> str:
        """The CSS class of its sender."""
        if self.message.attacker:
            return "danger"
        return self.sender

    @property
    def sender(self) -> str:
        """The party that sends the request, or the inspector, as a CSS class."""
        if self.message.is_sent_again:
            return INSPECTOR
        return LEG_CLASSES[self.message.source]

    @property
    def receiver(self) -> str:
        """The party that receives the request, as a CSS class."""
        return LEG_CLASSES[self.message.target]

    @property
    def headline(self) -> str:
        """What the request asks, or what the response says if only that is a step."""
        if self.message.answer_step and not self.message.step:
            return headlines.response(self.message, self.names)
        return headlines.request(self.message, self.names)

    @property
    def answer(self) -> str:
        """What the response says, in one short sentence."""
        return headlines.response(self.message, self.names)

    @property
    def terms(self) -> list[Entry]:
        """Its steps and its channel in the glossary."""
        channel = glossary.BACK_CHANNEL
        if self.message.front:
            channel = glossary.FRONT_CHANNEL
        return [
            glossary.STEPS[step] for step in (self.message.step, self.message.answer_step) if step
        ] + [channel]

    @property
    def lanes(self) -> Markup:
        """The small drawing of its arrow."""
        message = self.message
        source, kind = message.source, "exchange"
        if message.redirected_by:
            source, kind = message.redirected_by.target, "redirect"
        elif message.front:
            kind = "request"
        return draw.lanes(
            source,
            message.target,
            kind,
            attacker=message.attacker,
            is_sent_again=message.is_sent_again,
        )

    @property
    def line(self) -> str:
        """Method and path."""
        return words.request_line(self.message.exchange)

    @property
    def steps(self) -> str:
        """Its steps, such as `T1, T2`, or "" if it has none."""
        return ", ".join(filter(None, (self.message.step, self.message.answer_step)))

    @property
    def description(self) -> str:
        """One or two sentences about the message."""
        return story.sentence(self.message, self.names)

    @property
    def took(self) -> str:
        """The time until the response ended."""
        milliseconds = (self.message.exchange.ended_at - self.message.exchange.started_at) * 1000
        if milliseconds < 1:
            return "under 1 ms"
        return f"{milliseconds:.0f} ms"

    @property
    def parameters(self) -> Sequence[explanations.Explanation]:
        """The explanation of each parameter of the request."""
        return explanations.explained(self.message.exchange)

    @property
    def response_parameters(self) -> Sequence[explanations.Explanation]:
        """The explanation of each known parameter of the response."""
        return explanations.explained_response(self.message.exchange)

    @property
    def signed_tokens(self) -> Sequence[signed_tokens.SignedToken]:
        """The ID tokens and logout tokens in it, decoded."""
        return signed_tokens.signed_tokens(self.message, self.names)

    @property
    def request(self) -> str:
        """The raw request."""
        return raw_http.request(self.message.exchange)

    @property
    def response(self) -> str:
        """The raw response."""
        return raw_http.response(self.message.exchange)

    @property
    def curl(self) -> str:
        """The curl command, or "" if there is none."""
        return curl.command(self.message.exchange)

    @property
    def refusals(self) -> list[refusals.Refusal]:
        """The checks that failed."""
        return refusals.refusals(self.message.exchange)

    @property
    def grant_endings(self) -> list[str]:
        """Why grants ended with this message."""
        return refusals.grant_endings(self.message.exchange)


@dataclass(frozen=True)
class GrantOnPage:
    """One grant with its timeline and its family. `now` is in epoch seconds."""

    grant: tokens.Grant
    now: float

    @property
    def timeline(self) -> Markup:
        """The token timeline."""
        access, refresh = tokens.access_tokens(self.grant), tokens.refresh_tokens(self.grant)
        return draw.timeline(access, refresh, self.now)

    @property
    def words(self) -> str:
        """The token timeline in sentences."""
        access, refresh = tokens.access_tokens(self.grant), tokens.refresh_tokens(self.grant)
        return draw.timeline_words(access, refresh, self.now)

    @property
    def family(self) -> Markup:
        """The family of the grant."""
        return draw.family(tokens.family(self.grant, self.now))

    @property
    def has_active_access_token(self) -> bool:
        """Whether one of its access tokens works."""
        if self.grant.is_over(self.now):
            return False
        return any(self.now < pair.expires for pair in self.grant.pairs)
