"""A model of one grant: what the authorization server may answer, and what each request changes.

The model knows neither HTTP nor a database. `outcomes` returns every answer that keeps the
promises, with the grant as it is afterwards. There are several when a deadline was reached at about
the time of the request, or when expired rows may have been purged. `Possibilities` follows a grant
through a series of requests. The answer to a request can be lost; then both continue: the grant
that the request changed, and the one that it did not reach.

A token response has one number, `name`, for its access token and its refresh token. A request that
asks for tokens names them in advance, so that the model has tokens of lost answers too.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple

Scope = frozenset[str]


class Span(NamedTuple):
    """When something happened. The two moments differ if it is not known exactly."""

    earliest: datetime
    latest: datetime


class Sender(Enum):
    """Who sends a request: the client of the grant, another client, or a resource server."""

    OWNER = "its client"
    STRANGER = "another client"
    RESOURCE_SERVER = "a resource server"


class Kind(Enum):
    """The kinds of tokens."""

    ACCESS = "access_token"
    REFRESH = "refresh_token"


@dataclass(frozen=True)
class Redeem:
    """An access token request with the code of the grant (RFC 6749 §4.1.3)."""

    sender: Sender
    new: int
    has_right_verifier: bool = True
    has_right_redirect_uri: bool = True


@dataclass(frozen=True)
class Refresh:
    """A refresh request (RFC 6749 §6). Without a `scope`, it requests the granted one."""

    sender: Sender
    token: int
    new: int
    scope: Scope | None = None


@dataclass(frozen=True)
class Introspect:
    """An introspection request (RFC 7662 §2.1)."""

    sender: Sender
    token: int
    kind: Kind


@dataclass(frozen=True)
class Revoke:
    """A revocation request (RFC 7009 §2.1)."""

    sender: Sender
    token: int
    kind: Kind


@dataclass(frozen=True)
class RemoveApp:
    """The user removes the access of the client at `/account/apps`."""


@dataclass(frozen=True)
class NarrowClient:
    """The registration of the client gets this scope."""

    scope: Scope


@dataclass(frozen=True)
class DeleteClient:
    """The client is deleted."""


@dataclass(frozen=True)
class DeleteUser:
    """The user is deleted."""


#: What is done to all grants of a client or a user. It succeeds.
Change = RemoveApp | NarrowClient | DeleteClient | DeleteUser
Request = Redeem | Refresh | Introspect | Revoke | Change


@dataclass(frozen=True)
class Answer:
    """What of an answer the model predicts. `scope` is that of issued or introspected tokens."""

    status: int = 200
    error: str | None = None
    is_active: bool | None = None
    scope: Scope | None = None


DONE = Answer()
INACTIVE = Answer(is_active=False)
INVALID_GRANT = Answer(400, "invalid_grant")
INVALID_SCOPE = Answer(400, "invalid_scope")
INVALID_CLIENT = Answer(401, "invalid_client")


@dataclass(frozen=True)
class Pair:
    """An access token with `scope`, and the refresh token that was issued with it."""

    name: int
    predecessor: int | None
    issued: Span
    scope: Scope
    has_ended_access: bool = False
    spent: Span | None = None
    is_retried: bool = False
    is_lost: bool = False

    @property
    def is_unspent(self) -> bool:
        """Whether the refresh token can be spent."""
        return self.spent is None and not self.is_lost


@dataclass(frozen=True)
class Grant:
    """A grant with its code and tokens. `is_deleted` is whether its rows are gone for certain."""

    scope: Scope
    began: Span
    is_redeemed: bool = False
    is_ended: bool = False
    is_deleted: bool = False
    has_deleted_client: bool = False
    pairs: tuple[Pair, ...] = ()

    def find(self, name: int) -> Pair | None:
        """Return the tokens with this name, or None if they were not issued."""
        return next((pair for pair in self.pairs if pair.name == name), None)

    def with_pair(self, changed: Pair) -> "Grant":
        """Return the grant with these tokens in place of the ones with the same name."""
        others = (pair for pair in self.pairs if pair.name != changed.name)
        return replace(self, pairs=(*others, changed))

    def ended(self) -> "Grant":
        """Return the grant after its end."""
        return replace(self, is_ended=True)


Outcome = tuple[Answer, Grant]


@dataclass(frozen=True)
class Rules:
    """The settings of the server in seconds, and the type of the client."""

    code_lifetime: int = 60
    access_token_lifetime: int = 120
    refresh_token_lifetime: int = 86400
    grace: int = 10
    is_public: bool = False

    def outcomes(self, grant: Grant, request: Request, at: Span) -> Iterator[Outcome]:
        """Yield each possible answer to a request, with the grant after it."""
        match request:
            case Redeem():
                yield from self._redeem(grant, request, at)
            case Refresh():
                yield from self._refresh(grant, request, at)
            case Introspect():
                yield from ((answer, grant) for answer in self._introspect(grant, request, at))
            case Revoke():
                yield from self._revoke(grant, request, at)
            case _:
                yield DONE, _change(grant, request)

    def _redeem(self, grant: Grant, request: Redeem, at: Span) -> Iterator[Outcome]:
        if _is_of_deleted_client(grant, request.sender):
            yield INVALID_CLIENT, grant
            return
        is_owner = request.sender == Sender.OWNER
        if not is_owner or grant.is_ended or not request.has_right_redirect_uri:
            yield INVALID_GRANT, grant
            return
        for has_expired in _has_passed(grant.began, self.code_lifetime, at):
            if (has_expired and not grant.is_redeemed) or not request.has_right_verifier:
                yield INVALID_GRANT, grant
            elif grant.is_redeemed:
                yield INVALID_GRANT, grant.ended()
            else:
                pair = Pair(request.new, None, at, grant.scope)
                issued = replace(grant, is_redeemed=True).with_pair(pair)
                yield Answer(scope=grant.scope), issued

    def _refresh(self, grant: Grant, request: Refresh, at: Span) -> Iterator[Outcome]:
        if _is_of_deleted_client(grant, request.sender):
            yield INVALID_CLIENT, grant
            return
        presented = grant.find(request.token)
        if request.sender != Sender.OWNER or grant.is_ended or presented is None:
            yield INVALID_GRANT, grant
            return
        for has_expired in _has_passed(grant.began, self.refresh_token_lifetime, at):
            if has_expired:
                yield INVALID_GRANT, grant
                continue
            for spent in self._spend(grant, presented, at):
                yield _issue(grant, spent, request, at)

    def _spend(self, grant: Grant, presented: Pair, at: Span) -> Iterator[Grant | None]:
        """Yield the grant with the spent token, or None for a replay."""
        if presented.is_unspent:
            yield grant.with_pair(replace(presented, spent=at))
            return
        successors = [
            pair for pair in grant.pairs if pair.predecessor == presented.name and pair.is_unspent
        ]
        has_grace = not self.is_public and not presented.is_retried and not presented.is_lost
        if not has_grace or not successors or presented.spent is None:
            yield None
            return
        lost = replace(successors[0], is_lost=True, has_ended_access=True)
        retried = replace(presented, is_retried=True)
        for is_too_late in _has_passed(presented.spent, self.grace, at):
            if is_too_late:
                yield None
            else:
                yield grant.with_pair(lost).with_pair(retried)

    def _introspect(self, grant: Grant, request: Introspect, at: Span) -> Iterator[Answer]:
        pair = grant.find(request.token)
        if _is_of_deleted_client(grant, request.sender):
            yield INVALID_CLIENT
        elif request.sender == Sender.STRANGER or grant.is_ended or pair is None:
            yield INACTIVE
        elif request.kind == Kind.ACCESS:
            for has_expired in self._has_no_access(pair, at):
                yield _describe(pair.scope, has_expired)
        else:
            for has_expired in _has_passed(grant.began, self.refresh_token_lifetime, at):
                yield _describe(grant.scope, has_expired or not pair.is_unspent)

    def _revoke(self, grant: Grant, request: Revoke, at: Span) -> Iterator[Outcome]:
        if _is_of_deleted_client(grant, request.sender):
            yield INVALID_CLIENT, grant
            return
        for may_be_purged in self._may_be_purged(grant, request, at):
            if may_be_purged or grant.is_deleted:
                yield DONE, grant  # The token is unknown (RFC 7009 §2.2).
            if grant.is_deleted:
                continue
            if request.sender == Sender.OWNER:
                yield DONE, grant.ended()
            else:
                yield INVALID_GRANT, grant

    def _may_be_purged(self, grant: Grant, request: Revoke, at: Span) -> Iterator[bool]:
        pair = grant.find(request.token)
        for is_over in _has_passed(grant.began, self.refresh_token_lifetime, at):
            if is_over or grant.is_ended or pair is None:
                yield True
            elif request.kind == Kind.ACCESS:
                yield from self._has_no_access(pair, at)
            else:
                yield False

    def _has_no_access(self, pair: Pair, at: Span) -> Iterator[bool]:
        if pair.has_ended_access:
            yield True
        else:
            yield from _has_passed(pair.issued, self.access_token_lifetime, at)


class BrokenPromise(Exception):
    """An answer that the model does not allow."""


class Possibilities:
    """A grant as it can be after all answers that were received."""

    def __init__(self, rules: Rules, grant: Grant) -> None:
        self.rules = rules
        self.grants = {grant}

    def observe(self, request: Request, at: Span, answer: Answer | None) -> None:
        """Take note of the answer to a request; None for an answer that was lost.

        :raises BrokenPromise: when the answer is none of those that the model allows.
        """
        outcomes = {
            outcome for grant in self.grants for outcome in self.rules.outcomes(grant, request, at)
        }
        if answer is None:
            self.grants |= {grant for _, grant in outcomes}
            return
        remaining = {grant for allowed, grant in outcomes if allowed == answer}
        if not remaining:
            allowed = sorted({repr(allowed) for allowed, _ in outcomes})
            raise BrokenPromise(f"{request}: {answer} instead of {' or '.join(allowed)}")
        self.grants = remaining


def _is_of_deleted_client(grant: Grant, sender: Sender) -> bool:
    return sender == Sender.OWNER and grant.has_deleted_client


def _has_passed(since: Span, seconds: int, at: Span) -> Iterator[bool]:
    """Yield whether so many seconds have passed; both answers if it is not known."""
    duration = timedelta(seconds=seconds)
    if at.latest >= since.earliest + duration:
        yield True
    if at.earliest < since.latest + duration:
        yield False


def _issue(grant: Grant, spent: Grant | None, request: Refresh, at: Span) -> Outcome:
    """Return the answer to a refresh. If the scope is refused, the token is not spent."""
    if spent is None:
        return INVALID_GRANT, grant.ended()
    scope = request.scope or grant.scope
    if not scope <= grant.scope:
        return INVALID_SCOPE, grant
    return Answer(scope=scope), spent.with_pair(Pair(request.new, request.token, at, scope))


def _describe(scope: Scope, has_expired: bool) -> Answer:
    if has_expired:
        return INACTIVE
    return Answer(is_active=True, scope=scope)


def _change(grant: Grant, change: Change) -> Grant:
    match change:
        case NarrowClient():
            return _narrow(grant, change.scope)
        case RemoveApp():
            return grant.ended()
        case DeleteUser():
            return replace(grant, is_ended=True, is_deleted=True)
        case DeleteClient():
            return replace(grant, is_ended=True, is_deleted=True, has_deleted_client=True)


def _narrow(grant: Grant, scope: Scope) -> Grant:
    pairs = tuple(
        replace(
            pair,
            scope=pair.scope & scope,
            has_ended_access=pair.has_ended_access or not pair.scope & scope,
        )
        for pair in grant.pairs
    )
    narrowed = replace(grant, scope=grant.scope & scope, pairs=pairs)
    if not narrowed.scope:
        return narrowed.ended()
    return narrowed
