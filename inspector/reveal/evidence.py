"""What the recording proves about the codes, tokens and verifiers of the demo's own users.

Only the event log and the responses of the authorization server count, since anybody can send a
request. All times are epoch seconds.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf
from typing import Any
from urllib.parse import parse_qs, urlsplit

from config import DEMO_CLIENT_ID, DEMO_SUBJECTS, LAB_SUBJECTS
from inspector.read import response_json, steps
from inspector.record.exchange import Exchange

CODE, VERIFIER = "code", "code verifier"
ACCESS_TOKEN, REFRESH_TOKEN = "access token", "refresh token"
_OWN_SUBJECTS = {*DEMO_SUBJECTS.values(), *LAB_SUBJECTS.values()}


@dataclass(eq=False)
class Grant:
    """A grant. `is_own` is whether one of the demo's users gave it to Print Shop.

    `code_expires` and `expires` are the latest moments at which its code or a refresh token can
    work.
    """

    code_expires: float
    expires: float
    is_own: bool
    is_redeemed: bool = False
    has_ended: bool = False

    def has_live_code(self, now: float) -> bool:
        """Return whether its code can be redeemed at `now`."""
        return not self.is_redeemed and not self.has_ended and now < self.code_expires

    def is_over(self, now: float) -> bool:
        """Return whether none of its refresh tokens can work any more."""
        return self.has_ended or now >= self.expires


@dataclass(eq=False)
class Issued:
    """A value that was issued, or the verifier of a request for which a code was issued.

    A verifier can belong to several grants: the same request can be answered more than once, and
    by a user who is not the demo's.
    `masked` and `sealed` are its mask and its ciphertext, or "" if they were not recorded.
    `accepted_until` is the end of the grace in which a spent refresh token is accepted once more,
    or None if the recording does not show that it was spent. `successors` were issued for it.
    """

    kind: str
    grants: list[Grant]
    masked: str = ""
    sealed: str = field(default="", repr=False)
    accepted_until: float | None = None
    is_lost: bool = False
    successors: "list[Issued]" = field(default_factory=list)


class Evidence:
    """The values whose issue `exchanges` prove, by their ties."""

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        self._issued: dict[str, Issued] = {}
        self._grants: dict[str, Grant] = {}
        for exchange in sorted(exchanges, key=lambda one: one.started_at):
            if exchange.leg == "auth_server":
                for event in exchange.events:
                    self._read(exchange, event)
                self._add_ciphertexts(exchange)

    def find(self, tie: str) -> Issued | None:
        """Return the value with this tie if the recording shows that it is the demo's own."""
        issued = self._issued.get(tie)
        if issued is None or not any(grant.is_own for grant in issued.grants):
            return None
        return issued

    def _read(self, exchange: Exchange, event: dict[str, Any]) -> None:
        if event.get("event") == "authorization_code_issued":
            self._add_code(exchange, event)
        grant = self._grants.get(str(event.get("grant_id")))
        if grant is None:
            return
        match event.get("event"):
            case "code_redeemed":
                grant.is_redeemed = True
                self._add_tokens(exchange, grant)
            case "tokens_refreshed":
                self._note_refresh(exchange, event, grant)
            case "grant_ended":
                grant.has_ended = True

    def _add_code(self, exchange: Exchange, event: dict[str, Any]) -> None:
        is_own = event.get("client_id") == DEMO_CLIENT_ID and event.get("sub") in _OWN_SUBJECTS
        grant = Grant(
            exchange.ended_at + _seconds(event, "code_lifetime"),
            exchange.ended_at + _seconds(event, "grant_lifetime"),
            is_own,
        )
        self._grants[str(event.get("grant_id"))] = grant
        location = parse_qs(urlsplit(steps.location(exchange)).query)
        self._add(_tie(exchange, location.get("code", [""])[0]), CODE, grant)
        # The challenge itself is not encrypted, so its tie is found by its fingerprint.
        fingerprint = dict(exchange.query).get("code_challenge", "").partition("~")[2]
        for tie in exchange.ties:
            if fingerprint and tie.startswith(f"challenge:{fingerprint}"):
                self._add(tie, VERIFIER, grant)

    def _add_tokens(self, exchange: Exchange, grant: Grant) -> Issued | None:
        """Add the tokens of a response, and return its refresh token."""
        members = response_json.members(exchange)
        self._add(_tie(exchange, members.get("access_token", "")), ACCESS_TOKEN, grant)
        return self._add(_tie(exchange, members.get("refresh_token", "")), REFRESH_TOKEN, grant)

    def _note_refresh(self, exchange: Exchange, event: dict[str, Any], grant: Grant) -> None:
        successor = self._add_tokens(exchange, grant)
        presented = self.find(_tie(exchange, steps.form_field(exchange, "refresh_token")))
        if presented is None:
            return
        until = exchange.ended_at + _seconds(event, "grace")
        presented.accepted_until = max(until, presented.accepted_until or 0.0)
        # Presenting it once more means that the earlier response was lost.
        for lost in presented.successors:
            lost.is_lost = True
        if successor:
            presented.successors.append(successor)

    def _add_ciphertexts(self, exchange: Exchange) -> None:
        for masked, (tie, sealed) in exchange.sealed.items():
            issued = self.find(tie)
            if issued:
                issued.masked, issued.sealed = masked, sealed

    def _add(self, tie: str, kind: str, grant: Grant) -> Issued | None:
        if not tie:
            return None
        issued = self._issued.setdefault(tie, Issued(kind, []))
        issued.grants.append(grant)
        return issued


def _tie(exchange: Exchange, masked: str) -> str:
    """Return the tie of a value of this exchange, or "" if it has no ciphertext."""
    return next(iter(exchange.sealed.get(masked, [])), "")


def _seconds(event: dict[str, Any], name: str) -> float:
    """Return a number of the event, or infinity if it has none."""
    value = event.get(name)
    if isinstance(value, int):
        return value
    return inf
