"""Cards: each attack with its results, its decisive message and the check that stops it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from inspector.draw import raw_http, words
from inspector.lab.attack import Attack, Group
from inspector.lab.checks import CHECKS, Check
from inspector.lab.laboratory import Laboratory
from inspector.lab.outcome import Outcome, Result
from inspector.lab.source import Source, find_source
from inspector.read import refusals, steps
from inspector.read.messages import Message, every, read_trees
from inspector.record.exchange import Exchange
from web.safety.rule import Rule
from web.safety.rules import RULES

#: The names that attacks use for the legs, and the names in the recording.
_RECORDED_LEGS = {"auth": "auth_server", "client": "client_app", "api": "resource_api"}
#: The headers that a decision can depend on. The inspector shows the others.
_DECISIVE_HEADERS = {"Authorization", "Cookie", "Origin", "Location", "Www-Authenticate"}


class State(StrEnum):
    """The state of an attack."""

    NOT_RUN = "not run"
    RUNNING = "running"
    FAILED = "could not be run"
    STOPPED = "stopped"
    THROUGH = "succeeded"


@dataclass(frozen=True, kw_only=True)
class Card:
    """An attack with its results.

    `message` is the decisive message with the calls inside it, while the inspector has it.
    """

    attack: Attack
    check: Check | None
    result: Result | None
    comparison: Result | None
    message: Message | None
    is_running: bool

    @property
    def state(self) -> State:
        """The current state of the attack."""
        if self.is_running:
            return State.RUNNING
        return state_of(self.result)

    @property
    def compared(self) -> State | None:
        """The state of the attack at the plain server; None if no comparison is possible."""
        if self.attack.plain is None:
            return None
        if self.is_running:
            return State.RUNNING
        return state_of(self.comparison)

    @property
    def exchange(self) -> Exchange | None:
        """The decisive request and its answer."""
        if self.message is None:
            return None
        return self.message.exchange

    @property
    def sent(self) -> str:
        """The decisive request, masked."""
        if self.exchange is None:
            return ""
        return raw_http.request(_with_decisive_headers(self.exchange))

    @property
    def answer(self) -> str:
        """The answer, masked. Without a recording, it has only the status and the error code."""
        if self.exchange:
            return raw_http.response(_with_decisive_headers(self.exchange))
        if not isinstance(self.result, Outcome):
            return ""
        return f"HTTP/1.1 {words.status_line(self.result.status)}\n\n{self.result.error}".rstrip()

    @property
    def description(self) -> str:
        """The description in the answer, unless the card shows the answer with it."""
        if not isinstance(self.result, Outcome):
            return ""
        if self.result.description in self.answer:
            return ""
        return self.result.description

    @property
    def source(self) -> Source | None:
        """The source of the check; None while a change to the code hides it."""
        if self.check is None:
            return None
        return find_source(self.check)

    @property
    def rule(self) -> Rule | None:
        """The rule of `docs/security.md` about this attack."""
        return next((rule for rule in RULES if self.attack.slug in rule.attacks), None)

    @property
    def reasons(self) -> list[str]:
        """The reasons in the event log of the leg, and then of the legs that it called."""
        if self.message is None:
            return []
        texts = [
            refusal.text
            for each in self.message.tree()
            for refusal in refusals.refusals(each.exchange)
        ]
        return list(dict.fromkeys(texts))


def state_of(result: Result | None) -> State:
    """Return the state of the card for a result."""
    if result is None:
        return State.NOT_RUN
    if not isinstance(result, Outcome):
        return State.FAILED
    if result.has_succeeded:
        return State.THROUGH
    return State.STOPPED


def cards(laboratory: Laboratory, opened: str = "") -> list[Card]:
    """Return a card for each attack. The messages are read only if the card `opened` has a result.

    The page without an open card is requested once a second during a run.
    """
    results, comparisons = laboratory.results(), laboratory.comparisons()
    recorded: list[Exchange] = []
    if opened in results:
        recorded = laboratory.store.exchanges()
    running: list[Attack] = []
    if laboratory.under_way:
        running = laboratory.under_way.remaining
    checks = {check.slug: check for check in CHECKS}
    return [
        Card(
            attack=attack,
            check=checks.get(attack.check or ""),
            result=results.get(attack.slug),
            comparison=comparisons.get(attack.slug),
            message=_find_decisive_message(recorded, attack, results.get(attack.slug)),
            is_running=attack in running,
        )
        for attack in laboratory.attacks
    ]


def by_group(all_cards: Iterable[Card]) -> dict[Group, list[Card]]:
    """Return the cards of each group that has any, in the order of the groups."""
    groups: dict[Group, list[Card]] = {}
    for card in all_cards:
        groups.setdefault(card.attack.group, []).append(card)
    return groups


def _find_decisive_message(
    recorded: Iterable[Exchange], attack: Attack, result: Result | None
) -> Message | None:
    """Return the message that decided the attack.

    Its request id is not sufficient: Photo API passes the id on to Tripod ID, and any client can
    send the same id.
    """
    if not isinstance(result, Outcome):
        return None
    same_id = [exchange for exchange in recorded if exchange.request_id == result.request_id]
    decisive = (_RECORDED_LEGS[attack.leg], result.status)
    for message in every(read_trees(same_id)):
        exchange = message.exchange
        if steps.is_the_labs(exchange) and (exchange.leg, exchange.status) == decisive:
            return message
    return None


def _with_decisive_headers(exchange: Exchange) -> Exchange:
    return replace(
        exchange,
        request_headers=_decisive_headers(exchange.request_headers),
        response_headers=_decisive_headers(exchange.response_headers),
    )


def _decisive_headers(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.title() in _DECISIVE_HEADERS]
