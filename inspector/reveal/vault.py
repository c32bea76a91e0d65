"""The encrypted values of the recording, and the decision whether one of them may be revealed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from inspector.read.flows import Flow
from inspector.record import sealing
from inspector.record.exchange import Exchange
from inspector.record.store import Store
from inspector.reveal.evidence import CODE, REFRESH_TOKEN, VERIFIER, Evidence, Issued
from inspector.reveal.introspection import CannotAskError, Introspection


class AliveError(Exception):
    """The value still works, or may still work. The text says until when, as a sentence."""


@dataclass(frozen=True)
class SealedValue:
    """An encrypted value of a message, which was issued to the demo's own client and user."""

    tie: str
    issued: Issued

    @property
    def kind(self) -> str:
        """What it is, such as `access token`."""
        return self.issued.kind

    @property
    def masked(self) -> str:
        """The value as it is in the message."""
        return self.issued.masked


@dataclass
class Vault:
    """The values of the recording. `key(run_id)` returns that run's key, `clock` the time."""

    store: Store
    flows: Callable[[], list[Flow]]
    key: Callable[[str], str]
    introspection: Introspection
    server_name: str
    clock: Callable[[], float]
    _cached: tuple[list[Flow], Evidence] = field(
        default_factory=lambda: ([], Evidence([])), init=False
    )

    @property
    def evidence(self) -> Evidence:
        """What the recording proves at this moment."""
        flows = self.flows()
        if self._cached[0] is not flows:
            exchanges = (exchange for flow in flows for exchange in flow.exchanges)
            self._cached = (flows, Evidence({one.id: one for one in exchanges}.values()))
        return self._cached[1]

    def exchange(self, exchange_id: int) -> Exchange | None:
        """Return the exchange with this id, or None."""
        every = (exchange for flow in self.flows() for exchange in flow.exchanges)
        return next((exchange for exchange in every if exchange.id == exchange_id), None)

    def unseal(self, value: SealedValue) -> str:
        """Return the value itself, for a request to the demo's own legs.

        :raises AliveError: when it cannot be decrypted.
        """
        plain = sealing.unseal(self.key(self.store.run_id), value.tie, value.issued.sealed)
        if plain is None:
            raise AliveError("This value was encrypted under another key.")
        return plain

    def reveal(self, value: SealedValue) -> tuple[str, str]:
        """Return the value, and a sentence that says why it no longer works.

        :raises AliveError: when it still works, or when that is not certain.
        """
        if value.kind in (CODE, VERIFIER):
            reason = self._judge_code(value.issued)
        else:
            reason = self._judge_token(value)
        return self.unseal(value), reason

    def _judge_code(self, issued: Issued) -> str:
        now = self.clock()
        expirations = [one.code_expires for one in issued.grants if one.has_live_code(now)]
        if expirations:
            subject = {CODE: "This code", VERIFIER: "The code of this verifier"}[issued.kind]
            raise AliveError(f"{subject} can still be redeemed {_until(max(expirations))}.")
        if all(grant.is_redeemed for grant in issued.grants):
            return "The code was redeemed, and it works only once."
        if all(grant.has_ended for grant in issued.grants):
            return "The grant has ended, so its code no longer works."
        return "The code has expired."

    def _judge_token(self, value: SealedValue) -> str:
        try:
            expires = self.introspection.active_until(self.unseal(value))
        except CannotAskError:
            message = f"{self.server_name} could not be asked whether this {value.kind} is active."
            raise AliveError(message) from None
        if expires is not None:
            raise AliveError(f"This {value.kind} is still active {_until(expires)}.")
        if value.kind == REFRESH_TOKEN:
            self._check_retry(value.issued)
        return f"{self.server_name} says that this {value.kind} is not active."

    def _check_retry(self, issued: Issued) -> None:
        """Check that the server does not accept a spent refresh token once more.

        Introspection does not tell: a spent token is not active, even within its grace.
        """
        now, until = self.clock(), issued.accepted_until
        if all(grant.is_over(now) for grant in issued.grants):
            return
        if until is None and not issued.is_lost:
            raise AliveError("The recording does not show when this refresh token was used.")
        # A token that was accepted is not lost, whatever the times of the recording say.
        if until is not None and now < until:
            raise AliveError(
                f"This refresh token was used. {self.server_name} still accepts it once more "
                f"{_until(until)}, because the response can get lost."
            )


def values_of(exchange: Exchange, evidence: Evidence) -> list[SealedValue]:
    """Return the values of a message that are the demo's own."""
    found = []
    for tie in exchange.ties:
        issued = evidence.find(tie)
        # A message with a challenge has the tie of its verifier, but not the verifier.
        if issued and issued.sealed and _contains(exchange, issued.masked):
            found.append(SealedValue(tie, issued))
    return found


def _contains(exchange: Exchange, masked: str) -> bool:
    """Return whether a message has this masked value anywhere."""
    pairs = (
        exchange.query,
        exchange.request_headers,
        exchange.request_body.form,
        exchange.response_headers,
    )
    texts = [text for some in pairs for _, text in some]
    return any(masked in text for text in [*texts, exchange.response_body.text])


def _until(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("until %Y-%m-%d %H:%M:%S UTC")
