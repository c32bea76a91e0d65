"""Codes and tokens: issued, found again by their digest, spent once.

Every change of state is one conditional UPDATE, so that of two requests at once only one can win it, on any database. No
function here commits: what is spent and what it was exchanged for belong to one transaction.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, exists, insert, select, true, update
from sqlalchemy.orm import Session

from auth_server.digests import digest
from auth_server.models import (
    Client,
    Grant,
    User,
    access_tokens,
    authorization_codes,
    refresh_tokens,
)

ACCESS_TOKEN = "access_token"
REFRESH_TOKEN = "refresh_token"

_GRANT_COLUMNS = (
    Grant.id.label("grant_id"),
    Grant.user_id,
    Grant.client_id,
    Grant.scope.label("grant_scope"),
    Grant.ended_at,
    Grant.end_reason,
    Grant.expires_at.label("grant_expires_at"),
)


@dataclass(frozen=True)
class Credential:
    """A code or token that was found, with the grant it belongs to, in the shape in which Authlib asks about it."""

    row: Row[Any]

    @property
    def grant_id(self) -> str:
        return str(self.row.grant_id)

    @property
    def user_id(self) -> str:
        return str(self.row.user_id)

    @property
    def client_id(self) -> str:
        return str(self.row.client_id)

    @property
    def digest(self) -> str:
        return str(self.row.digest)

    def get_scope(self) -> str:
        """The scope that the resource owner granted."""
        return str(self.row.grant_scope)

    def check_client(self, client: Client) -> bool:
        """Whether it was issued to `client`."""
        return client.client_id == self.client_id


class AuthorizationCode(Credential):
    """A code that was presented (RFC 6749 §4.1.3)."""

    @property
    def code_challenge(self) -> str:
        return str(self.row.code_challenge)

    @property
    def code_challenge_method(self) -> str:
        return "S256"

    def get_redirect_uri(self) -> str | None:
        """As it stood in the authorization request; None when it was left out there."""
        return self.row.redirect_uri  # type: ignore[no-any-return]

    def objection(self, now: datetime) -> str | None:
        """Why it is not good, but for having been redeemed, which is judged last and has consequences."""
        if self.row.ended_at is not None:
            return f"grant ended: {self.row.end_reason}"
        if self.row.redeemed_at is None and now >= self.row.expires_at:
            return "code expired"
        return None


class RefreshToken(Credential):
    """A refresh token that was presented (RFC 6749 §6)."""

    def objection(self, now: datetime) -> str | None:
        """Why it is not good, but for having been spent, which is judged last and has consequences."""
        if self.row.ended_at is not None:
            return f"grant ended: {self.row.end_reason}"
        return "grant expired" if now >= self.row.grant_expires_at else None


def _one(db: Session, statement: Select[Any]) -> Row[Any] | None:
    return db.execute(statement).one_or_none()


def find_code(db: Session, presented_code: str, *, demo: bool) -> AuthorizationCode | None:
    """The code that `presented_code` is, whatever its state. Outside the demo, the demo's people have none."""
    row = _one(db, _presented(authorization_codes, presented_code, demo=demo))
    return row and AuthorizationCode(row)


def find_refresh_token(db: Session, presented_token: str, *, demo: bool) -> RefreshToken | None:
    """The refresh token that `presented_token` is, whatever its state. Outside the demo, the demo's people have none."""
    row = _one(db, _presented(refresh_tokens, presented_token, demo=demo))
    return row and RefreshToken(row)


def find_token(db: Session, presented_token: str) -> Credential | None:
    """The token of either kind that `presented_token` is, whatever its state, and whoever's."""
    row = _one(db, _presented(access_tokens, presented_token, demo=True))
    return Credential(row) if row else find_refresh_token(db, presented_token, demo=True)


def _presented(table: Any, presented: str, *, demo: bool) -> Select[Any]:
    admitted: ColumnElement[bool] = true() if demo else ~User.is_demo
    statement = select(table, *_GRANT_COLUMNS).select_from(table).join(Grant).join(User)
    return statement.where(table.c.digest == digest(presented), admitted)


def find_active_token(
    db: Session, presented_token: str, now: datetime, *, demo: bool
) -> tuple[str, Row[Any]] | None:
    """The kind of `presented_token` and all that introspection tells of it; None when it is not active.

    Active: not expired, not spent, and its grant has not ended. Outside the demo the demo's accounts have no active token.
    """
    token_digest = digest(presented_token)
    row = _one(db, _active(access_tokens, token_digest, now, demo=demo))
    if row:
        return ACCESS_TOKEN, row
    row = _one(db, _active(refresh_tokens, token_digest, now, demo=demo))
    return (REFRESH_TOKEN, row) if row else None


def _active(table: Any, token_digest: str, now: datetime, *, demo: bool) -> Select[Any]:
    admitted: ColumnElement[bool] = true() if demo else ~(User.is_demo | Client.is_demo)
    alive = (
        table.c.expires_at > now
        if table is access_tokens
        else _is_unspent() & (Grant.expires_at > now)
    )
    return (
        select(table, *_GRANT_COLUMNS, User.username, User.name)
        .select_from(table)
        .join(Grant)
        .join(User)
        .join(Client, Client.client_id == Grant.client_id)
        .where(table.c.digest == token_digest, alive, _grant_lives(), admitted)
    )


def _grant_lives() -> ColumnElement[bool]:
    return Grant.ended_at.is_(None)


def why_not_active(db: Session, presented_token: str) -> tuple[str, str | None]:
    """For the event log, why a token was not found among the active ones, and the grant that it was of."""
    token = find_token(db, presented_token)
    if token is None:
        return "unknown token", None
    if token.row.ended_at is not None:
        return f"grant ended: {token.row.end_reason}", token.grant_id
    is_access_token = "refresh_token_digest" in token.row._fields
    return (
        "access token expired" if is_access_token else "refresh token spent or expired",
        token.grant_id,
    )


def _is_unspent() -> ColumnElement[bool]:
    return refresh_tokens.c.spent_at.is_(None) & refresh_tokens.c.lost_at.is_(None)


def store_code(
    db: Session,
    code: str,
    *,
    grant_id: str,
    redirect_uri: str | None,
    code_challenge: str,
    now: datetime,
    lifetime: int,
) -> None:
    """Store a fresh code, good for `lifetime` seconds."""
    db.execute(
        insert(authorization_codes).values(
            digest=digest(code),
            grant_id=grant_id,
            redirect_uri=redirect_uri,
            code_challenge=code_challenge,
            issued_at=now,
            expires_at=now + timedelta(seconds=lifetime),
        )
    )


def store_tokens(
    db: Session,
    token: dict[str, Any],
    *,
    grant_id: str,
    predecessor_digest: str | None,
    now: datetime,
) -> None:
    """Store the access token and the refresh token of one answer (RFC 6749 §5.1)."""
    refresh_token_digest = digest(token["refresh_token"])
    db.execute(
        insert(refresh_tokens).values(
            digest=refresh_token_digest,
            grant_id=grant_id,
            predecessor_digest=predecessor_digest,
            issued_at=now,
        )
    )
    db.execute(
        insert(access_tokens).values(
            digest=digest(token["access_token"]),
            grant_id=grant_id,
            refresh_token_digest=refresh_token_digest,
            scope=token["scope"],
            issued_at=now,
            expires_at=now + timedelta(seconds=token["expires_in"]),
        )
    )


def redeem_code(db: Session, code: AuthorizationCode, now: datetime) -> bool:
    """Spend the code; false when it was spent already. A client MUST NOT use a code more than once (RFC 6749 §4.1.2)."""
    codes = authorization_codes
    return _changed_one(
        db,
        update(codes)
        .where(codes.c.digest == code.digest, codes.c.redeemed_at.is_(None))
        .values(redeemed_at=now),
    )


def spend_refresh_token(db: Session, token: RefreshToken, now: datetime) -> bool:
    """Spend the refresh token; false when it was spent or lost already."""
    statement = update(refresh_tokens).where(refresh_tokens.c.digest == token.digest, _is_unspent())
    return _changed_one(db, statement.values(spent_at=now))


def retry_refresh_token(db: Session, token: RefreshToken, now: datetime, grace: int) -> bool:
    """Let the spent token be presented once more, `grace` seconds after it was spent at the most.

    Only while its successor has not been presented: the successor was in an answer that never arrived, and dies with the
    access token beside it. False when any of that does not hold.
    """
    tokens = refresh_tokens
    once_more = update(tokens).where(
        tokens.c.digest == token.digest,
        tokens.c.spent_at > now - timedelta(seconds=grace),
        tokens.c.retried_at.is_(None),
        tokens.c.lost_at.is_(None),
    )
    return _lose_successor(db, token, now) and _changed_one(db, once_more.values(retried_at=now))


def _lose_successor(db: Session, token: RefreshToken, now: datetime) -> bool:
    tokens = refresh_tokens
    is_successor = tokens.c.predecessor_digest == token.digest
    if not _changed_one(db, update(tokens).where(is_successor, _is_unspent()).values(lost_at=now)):
        return False
    beside_it = exists().where(
        is_successor, tokens.c.digest == access_tokens.c.refresh_token_digest
    )
    db.execute(
        update(access_tokens)
        .where(beside_it, access_tokens.c.expires_at > now)
        .values(expires_at=now)
    )
    return True


def _changed_one(db: Session, statement: Any) -> bool:
    return bool(db.execute(statement).rowcount == 1)  # type: ignore[attr-defined]  # a CursorResult, for an UPDATE
