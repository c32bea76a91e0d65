"""The life of a grant's tokens, as the messages and the event log tell it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from inspector.read.reasons import phrase
from inspector.read.response_json import members
from inspector.read.token_lives import AccessToken, Member, RefreshLife
from inspector.record.exchange import Exchange

_LOST = "taken for lost: the token before it came again, so both its tokens are dead"
_FINGERPRINT = re.compile(r"~([0-9a-f]{6})$")


@dataclass(eq=False)
class Pair:
    """An access token and a refresh token that came in one answer. Moments are in epoch seconds.

    `lost` is when the token before it came again: the server took its answer for lost then, and both its tokens are dead.
    """

    number: int
    refresh: str
    issued: float
    expires: float
    children: "list[Pair]" = field(default_factory=list)
    lost: float | None = None


@dataclass
class Grant:
    """A grant as far as it was recorded; `lifetime` in seconds, None when its beginning was not."""

    id: str
    began: float
    lifetime: int | None = None
    pairs: list[Pair] = field(default_factory=list)
    roots: list[Pair] = field(default_factory=list)
    ended: float | None = None
    why: str = ""

    @property
    def expires(self) -> float | None:
        """When the last refresh token stops working."""
        return self.began + self.lifetime if self.lifetime is not None else None

    def is_over(self, now: float) -> bool:
        """Whether nothing of it can be used any more."""
        return self.ended is not None or (self.expires is not None and now >= self.expires)


def grants(exchanges: Iterable[Exchange]) -> list[Grant]:
    """The grants that these exchanges tell of, in the order of their beginnings."""
    found: dict[str, Grant] = {}
    for exchange in sorted(exchanges, key=lambda one: one.ended_at):
        for event in exchange.events:
            if name := str(event.get("grant_id") or ""):
                _tell(found.setdefault(name, Grant(name, exchange.ended_at)), exchange, event)
    return [grant for grant in found.values() if grant.pairs or grant.lifetime is not None]


def _tell(grant: Grant, exchange: Exchange, event: dict[str, object]) -> None:
    match event["event"]:
        case "authorization_code_issued":
            lifetime = event.get("grant_lifetime")
            grant.lifetime = lifetime if isinstance(lifetime, int) else None
        case "code_redeemed" | "tokens_refreshed":
            _add_pair(grant, exchange, has_predecessor=event["event"] == "tokens_refreshed")
        case "grant_ended":
            grant.ended, grant.why = exchange.ended_at, phrase(event)


def _add_pair(grant: Grant, exchange: Exchange, *, has_predecessor: bool) -> None:
    pair = _pair(len(grant.pairs) + 1, exchange)
    presented = _fingerprint(dict(exchange.request_body.form).get("refresh_token", ""))
    before = next(
        (
            old
            for old in grant.pairs
            if has_predecessor and old.refresh and old.refresh == presented
        ),
        None,
    )
    for sibling in before.children[-1:] if before else []:
        sibling.lost = pair.issued
    (before.children if before else grant.roots).append(pair)
    grant.pairs.append(pair)


def _pair(number: int, exchange: Exchange) -> Pair:
    answer = members(exchange)
    lifetime = answer.get("expires_in", "0")
    expires = exchange.ended_at + (
        int(lifetime) if lifetime.isascii() and lifetime.isdigit() and len(lifetime) < 10 else 0
    )
    return Pair(number, _fingerprint(answer.get("refresh_token", "")), exchange.ended_at, expires)


def _fingerprint(masked: str) -> str:
    match = _FINGERPRINT.search(masked)
    return match[1] if match else ""


def access_tokens(grant: Grant) -> list[AccessToken]:
    """For the timeline: each works until it expires, is taken for lost or ends with the grant, replaced or not."""
    return [_access_token(grant, pair) for pair in grant.pairs]


def _access_token(grant: Grant, pair: Pair) -> AccessToken:
    ends = [(grant.ended, f"the grant ended: {grant.why}"), (pair.lost, _LOST)]
    early = min(
        ((at, why) for at, why in ends if at is not None and at < pair.expires), default=(None, "")
    )
    replaced = pair.children[0].issued if pair.children else None
    return AccessToken(
        issued=pair.issued, expires=pair.expires, replaced=replaced, ended=early[0], why=early[1]
    )


def refresh_life(grant: Grant) -> RefreshLife:
    """For the timeline: the refresh tokens, one after the other, as one long life."""
    return RefreshLife(issued=grant.began, expires=grant.expires, ended=grant.ended, why=grant.why)


def family(grant: Grant, now: float) -> Member:
    """The code and its descendants."""
    state = "spent" if grant.roots else "ended" if grant.is_over(now) else "alive"
    note = "exchanged for the first tokens" if grant.roots else "not redeemed"
    children = tuple(_member(grant, pair, now) for pair in grant.roots)
    return Member(kind="code", label="Code", state=state, note=note, children=children)


def _member(grant: Grant, pair: Pair, now: float) -> Member:
    state, note = _state(grant, pair, now)
    children = tuple(_member(grant, child, now) for child in pair.children)
    return Member(
        kind="tokens", label=f"Tokens {pair.number}", state=state, note=note, children=children
    )


def _state(grant: Grant, pair: Pair, now: float) -> tuple[str, str]:
    if pair.lost is not None:
        return "lost", _LOST
    if pair.children:
        return "spent", "the refresh token was used"
    if grant.ended is not None:
        return "ended", f"the grant ended: {grant.why}"
    if grant.is_over(now):
        return "expired", "the grant has run out"
    return (
        "alive",
        "works" if now < pair.expires else "the access token ran out; the refresh token works",
    )
