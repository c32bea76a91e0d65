"""An attack with what became of it, as a card shows it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from http import HTTPStatus

from inspector.draw import raw_http, words
from inspector.lab.attack import Attack, Outcome
from inspector.lab.checks import CHECKS, Check
from inspector.lab.laboratory import Laboratory, Run
from inspector.lab.run import Result
from inspector.lab.source import Source, found_source
from inspector.read import refusals, response_json, steps
from inspector.read.messages import Message, every, read_trees
from inspector.record.exchange import Exchange

#: What an attack calls a leg, and what the recording calls it.
_RECORDED_AS = {"auth": "auth_server", "client": "client_app", "api": "resource_api"}
#: The headers that a decision can hang on; the inspector shows the rest.
_DECISIVE = {"Authorization", "Cookie", "Origin", "Location", "Www-Authenticate"}


class State(StrEnum):
    """What is known of an attack."""

    NOT_RUN = "not run"
    RUNNING = "running"
    FAILED = "could not be run"
    STOPPED = "stopped"
    THROUGH = "got through"


@dataclass(frozen=True, kw_only=True)
class Card:
    """One attack. `message` is its decisive one with the calls inside it, as long as the inspector has it.

    `lifetime` is how many seconds the newest access token was good for, by the answer that it came in; None when none was seen.
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
        """What is known of it now."""
        return State.RUNNING if self.is_running else state_of(self.result)

    @property
    def compared(self) -> State:
        """What is known of it on the plain server."""
        return state_of(self.comparison)

    @property
    def exchange(self) -> Exchange | None:
        """The decisive request and its answer."""
        return self.message.exchange if self.message else None

    @property
    def sent(self) -> str:
        """The decisive request, masked."""
        return raw_http.request(_short(self.exchange)) if self.exchange else ""

    @property
    def answer(self) -> str:
        """What was really answered, masked; when the inspector has forgotten it, what the attack noted of it."""
        if self.exchange:
            return raw_http.response(_short(self.exchange))
        if not isinstance(self.result, Outcome):
            return ""
        return f"HTTP/1.1 {words.status_line(self.result.status)}\n\n{self.result.error}".rstrip()

    @property
    def said(self) -> str:
        """The answer's own words, unless they are read there already."""
        said = self.result.said if isinstance(self.result, Outcome) else ""
        return "" if said in self.answer or said.rstrip(".") in self.reasons else said

    @property
    def differs(self) -> str:
        """What came of it here, where both servers stopped it and something else came of it there."""
        here, there = (
            each.consequence if isinstance(each, Outcome) else ""
            for each in (self.result, self.comparison)
        )
        both_stop_it = self.state == self.compared == State.STOPPED
        return here if both_stop_it and there and here != there else ""

    @property
    def source(self) -> Source | None:
        """The lines that stop it; None while somebody works on them and the table does not find them."""
        return found_source(self.check) if self.check else None

    @property
    def reasons(self) -> list[str]:
        """The checks that failed, as the event log of the leg tells it, and then those of the legs that it asked."""
        told = self.message.tree() if self.message else ()
        return list(
            dict.fromkeys(
                reason.text for each in told for reason in refusals.reasons(each.exchange)
            )
        )


def state_of(result: Result | None) -> State:
    """What a result says."""
    if result is None:
        return State.NOT_RUN
    if not isinstance(result, Outcome):
        return State.FAILED
    return State.THROUGH if result.got_through else State.STOPPED


def cards(laboratory: Laboratory) -> list[Card]:
    """One for each attack, in the lab's order."""
    results, comparisons = laboratory.results(), laboratory.comparisons()
    recorded = laboratory.store.exchanges()
    lifetime = next(filter(None, map(_lifetime, reversed(recorded))), None)
    checks = {check.slug: check for check in CHECKS}
    return [
        Card(
            attack=attack,
            check=checks[attack.check] if attack.check else None,
            result=result,
            comparison=comparisons.get(attack.slug),
            message=_decisive(recorded, attack, result) if isinstance(result, Outcome) else None,
            is_running=_is_running(laboratory.under_way, attack),
            lifetime=lifetime,
        )
        for attack in laboratory.attacks
        for result in [results.get(attack.slug)]
    ]


def _decisive(recorded: Iterable[Exchange], attack: Attack, outcome: Outcome) -> Message | None:
    """The message that decided the attack. Its request id alone does not tell: Photo API passes it on when it asks Tripod ID
    about a token, and anybody can send the same one.
    """
    sought = (outcome.request_id, _RECORDED_AS[attack.leg], outcome.status)
    named = every(read_trees(one for one in recorded if one.request_id == outcome.request_id))
    return next((message for message in named if _tells(message.exchange) == sought), None)


def _tells(one: Exchange) -> tuple[str, str, int] | None:
    return (one.request_id, one.leg, one.status) if steps.is_the_labs(one) else None


def _lifetime(exchange: Exchange) -> int | None:
    """RFC 6749 §5.1: `expires_in`."""
    if exchange.path != "/oauth/token" or exchange.status != HTTPStatus.OK:
        return None
    seconds = response_json.document(exchange).get("expires_in")
    return seconds if isinstance(seconds, int) else None


def _is_running(run: Run | None, attack: Attack) -> bool:
    return run is not None and not run.is_comparison and attack in run.left


def _short(exchange: Exchange) -> Exchange:
    return replace(
        exchange,
        request_headers=[
            (name, value) for name, value in exchange.request_headers if name.title() in _DECISIVE
        ],
        response_headers=[
            (name, value) for name, value in exchange.response_headers if name.title() in _DECISIVE
        ],
    )
