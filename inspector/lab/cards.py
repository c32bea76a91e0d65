"""Cards: each attack with its result, its decisive message and the check that stops it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from http import HTTPStatus

from inspector.draw import raw_http, words
from inspector.lab.attack import Attack
from inspector.lab.checks import CHECKS, Check
from inspector.lab.laboratory import Laboratory
from inspector.lab.outcome import Outcome, Result
from inspector.lab.source import Source, find_source
from inspector.read import refusals, response_json, steps
from inspector.read.messages import Message, every, read_trees
from inspector.record.exchange import Exchange

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
    `lifetime` is the lifetime of the newest access token in seconds, or None if none was recorded.
    """

    attack: Attack
    check: Check | None
    result: Result | None
    comparison: Result | None
    message: Message | None
    is_running: bool
    lifetime: int | None

    @property
    def state(self) -> State:
        """The current state of the attack."""
        if self.is_running:
            return State.RUNNING
        return state_of(self.result)

    @property
    def compared(self) -> State:
        """The state of the attack at the plain server."""
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
    def differs(self) -> str:
        """The consequence here, if both servers stop the attack with different consequences."""
        here, there = _consequence(self.result), _consequence(self.comparison)
        both_stop_it = self.state == self.compared == State.STOPPED
        if not both_stop_it or not there or here == there:
            return ""
        return here

    @property
    def source(self) -> Source | None:
        """The source of the check; None while a change to the code hides it."""
        if self.check is None:
            return None
        return find_source(self.check)

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


def cards(laboratory: Laboratory) -> list[Card]:
    """Return a card for each attack, in the order of the lab."""
    results, comparisons = laboratory.results(), laboratory.comparisons()
    recorded = laboratory.store.exchanges()
    lifetime = _newest_lifetime(recorded)
    checks = {check.slug: check for check in CHECKS}
    return [
        Card(
            attack=attack,
            check=checks.get(attack.check or ""),
            result=results.get(attack.slug),
            comparison=comparisons.get(attack.slug),
            message=_find_decisive_message(recorded, attack, results.get(attack.slug)),
            is_running=_is_running(laboratory, attack),
            lifetime=lifetime,
        )
        for attack in laboratory.attacks
    ]


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


def _newest_lifetime(recorded: list[Exchange]) -> int | None:
    """Return `expires_in` of the newest token response in seconds (RFC 6749 §5.1)."""
    for exchange in reversed(recorded):
        if exchange.path == "/oauth/token" and exchange.status == HTTPStatus.OK:
            seconds = response_json.document(exchange).get("expires_in")
            if isinstance(seconds, int) and seconds:
                return seconds
    return None


def _is_running(laboratory: Laboratory, attack: Attack) -> bool:
    run = laboratory.under_way
    if run is None or run.is_comparison:
        return False
    return attack in run.remaining


def _consequence(result: Result | None) -> str:
    if not isinstance(result, Outcome):
        return ""
    return result.consequence


def _with_decisive_headers(exchange: Exchange) -> Exchange:
    return replace(
        exchange,
        request_headers=_decisive_headers(exchange.request_headers),
        response_headers=_decisive_headers(exchange.response_headers),
    )


def _decisive_headers(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.title() in _DECISIVE_HEADERS]
