"""Derive the tokens of a grant from the messages and the event log. All times are epoch seconds."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from inspector.read.reasons import phrase
from inspector.read.response_json import members
from inspector.read.steps import sent_again_from
from inspector.read.token_lives import AccessToken, Member, RefreshTokens
from inspector.record.exchange import Exchange

_LOST = "lost: the token before it was presented again, so both tokens stopped working"
_FINGERPRINT = re.compile(r"~([0-9a-f]{6})$")
_LIFETIME = re.compile(r"[0-9]{1,9}")


@dataclass(eq=False)
class TokenPair:
    """An access token and a refresh token of one response.

    `lost` is the time at which the token before it was presented again. The server then treated
    this response as lost, and both of its tokens stopped working. Discarded tokens were issued to
    the inspector, which keeps none.
    """

    number: int
    refresh: str
    issued: float
    expires: float
    children: "list[TokenPair]" = field(default_factory=list)
    lost: float | None = None
    is_discarded: bool = False


@dataclass
class Grant:
    """A grant as far as it was recorded.

    `lifetime` is in seconds, or None if the beginning was not recorded.
    """

    id: str
    began: float
    lifetime: int | None = None
    pairs: list[TokenPair] = field(default_factory=list)
    roots: list[TokenPair] = field(default_factory=list)
    ended: float | None = None
    why: str = ""

    @property
    def expires(self) -> float | None:
        """When the last refresh token stops working, or None if that is not known."""
        if self.lifetime is None:
            return None
        return self.began + self.lifetime

    @property
    def has_begun(self) -> bool:
        """Whether its beginning or one of its tokens was recorded."""
        return bool(self.pairs) or self.lifetime is not None

    def is_over(self, now: float) -> bool:
        """Return whether the grant has ended or expired."""
        return self.ended is not None or (self.expires is not None and now >= self.expires)


def grants(exchanges: Iterable[Exchange]) -> list[Grant]:
    """Return the grants in these exchanges, in the order in which they began."""
    found: dict[str, Grant] = {}
    for exchange in sorted(exchanges, key=lambda one: one.ended_at):
        for event in exchange.events:
            grant_id = str(event.get("grant_id") or "")
            if grant_id:
                grant = found.setdefault(grant_id, Grant(grant_id, exchange.ended_at))
                _apply(grant, exchange, event)
    return [grant for grant in found.values() if grant.has_begun]


def _apply(grant: Grant, exchange: Exchange, event: dict[str, object]) -> None:
    match event["event"]:
        case "authorization_code_issued":
            lifetime = event.get("grant_lifetime")
            if isinstance(lifetime, int):
                grant.lifetime = lifetime
        case "code_redeemed":
            _add_pair(grant, exchange, None)
        case "tokens_refreshed":
            _add_pair(grant, exchange, _refreshed_pair(grant, exchange))
        case "grant_ended":
            grant.ended, grant.why = exchange.ended_at, phrase(event)


def _refreshed_pair(grant: Grant, exchange: Exchange) -> TokenPair | None:
    """Return the pair whose refresh token was presented, or None if it was not recorded."""
    presented = _fingerprint(dict(exchange.request_body.form).get("refresh_token", ""))
    if not presented:
        return None
    return next((pair for pair in grant.pairs if pair.refresh == presented), None)


def _add_pair(grant: Grant, exchange: Exchange, refreshed: TokenPair | None) -> None:
    pair = _read_pair(len(grant.pairs) + 1, exchange)
    siblings = grant.roots
    if refreshed:
        siblings = refreshed.children
        for lost in siblings[-1:]:
            lost.lost = pair.issued
    siblings.append(pair)
    grant.pairs.append(pair)


def _read_pair(number: int, exchange: Exchange) -> TokenPair:
    answer, expires = members(exchange), exchange.ended_at
    lifetime = answer.get("expires_in", "")
    if _LIFETIME.fullmatch(lifetime):
        expires += int(lifetime)
    return TokenPair(
        number,
        _fingerprint(answer.get("refresh_token", "")),
        exchange.ended_at,
        expires,
        is_discarded=sent_again_from(exchange) is not None,
    )


def _fingerprint(masked: str) -> str:
    found = _FINGERPRINT.search(masked)
    if found is None:
        return ""
    return found[1]


def access_tokens(grant: Grant) -> list[AccessToken]:
    """Return the access tokens of the timeline."""
    return [_access_token(grant, pair) for pair in grant.pairs]


def _access_token(grant: Grant, pair: TokenPair) -> AccessToken:
    ends = [(grant.ended, f"the grant ended: {grant.why}"), (pair.lost, _LOST)]
    known = [(at, why) for at, why in ends if at is not None]
    early = [(at, why) for at, why in known if at < pair.expires]
    ended, why = min(early, default=(None, ""))
    replaced = None
    if pair.children:
        replaced = pair.children[0].issued
    return AccessToken(
        issued=pair.issued,
        expires=pair.expires,
        replaced=replaced,
        ended=ended,
        why=why,
        is_discarded=pair.is_discarded,
    )


def refresh_tokens(grant: Grant) -> RefreshTokens:
    """Return the refresh tokens of the timeline."""
    return RefreshTokens(
        issued=grant.began, expires=grant.expires, ended=grant.ended, why=grant.why
    )


def family(grant: Grant, now: float) -> Member:
    """Return the code with its tokens and their successors."""
    state, note = "active", "not redeemed"
    if grant.roots:
        state, note = "spent", "exchanged for the first tokens"
    elif grant.is_over(now):
        state = "ended"
    children = tuple(_member(grant, pair, now) for pair in grant.roots)
    return Member(label="Code", state=state, note=note, children=children)


def _member(grant: Grant, pair: TokenPair, now: float) -> Member:
    state, note = _state(grant, pair, now)
    children = tuple(_member(grant, child, now) for child in pair.children)
    return Member(label=f"Tokens {pair.number}", state=state, note=note, children=children)


def _state(grant: Grant, pair: TokenPair, now: float) -> tuple[str, str]:
    if pair.lost is not None:
        return "lost", _LOST
    if pair.children:
        return "spent", "the refresh token was used"
    if grant.ended is not None:
        return "ended", f"the grant ended: {grant.why}"
    if grant.is_over(now):
        return "expired", "the grant has expired"
    return "active", _describe_active(pair, now)


def _describe_active(pair: TokenPair, now: float) -> str:
    if pair.is_discarded:
        return "the inspector received them and did not keep them"
    if now < pair.expires:
        return "works"
    return "the access token has expired; the refresh token works"
