"""Codes and tokens: issued, found by their digest, spent once, purged after they expired.

Every change of state is one conditional UPDATE: of two concurrent requests only one can succeed, on
any database. No function here commits, so that what is spent and what it is exchanged for belong to
one transaction.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    Table,
    delete,
    exists,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Session

from auth_server import account_events, throttling
from auth_server.digests import digest
from auth_server.issued_tokens import (
    ACCESS_TOKEN,
    REFRESH_TOKEN,
    AccessToken,
    ActiveToken,
    AuthorizationCode,
    Inactivity,
    RefreshToken,
    TokenKind,
)
from auth_server.models import (
    Client,
    Grant,
    User,
    access_tokens,
    authorization_codes,
    refresh_tokens,
)
from auth_server.reasons import Reason
from web.clock import now

Found = TypeVar("Found", AuthorizationCode, RefreshToken, AccessToken)

_GRANT_COLUMNS = (
    Grant.id.label("grant_id"),
    Grant.user_id,
    Grant.client_id,
    Grant.scope.label("grant_scope"),
    Grant.expires_at.label("grant_expires_at"),
    Grant.ended_at.label("grant_ended_at"),
    Grant.end_reason,
)
_CODE_COLUMNS = (
    authorization_codes.c.redirect_uri,
    authorization_codes.c.code_challenge,
    authorization_codes.c.expires_at,
    authorization_codes.c.redeemed_at,
)


def find_code(db: Session, presented_code: str, *, demo: bool) -> AuthorizationCode | None:
    """Return the code, whatever its state, or None. Outside the demo, demo users have no codes."""
    statement = _select_presented(authorization_codes, presented_code, demo=demo)
    return _fetch(db, AuthorizationCode, statement.add_columns(*_CODE_COLUMNS))


def find_refresh_token(db: Session, presented_token: str, *, demo: bool) -> RefreshToken | None:
    """Return the refresh token, whatever its state, or None.

    Outside the demo, demo users have no refresh tokens.
    """
    statement = _select_presented(refresh_tokens, presented_token, demo=demo)
    return _fetch(db, RefreshToken, statement)


def find_token(db: Session, presented_token: str) -> AccessToken | RefreshToken | None:
    """Return the token of either kind, whatever its state and whoever its owner is, or None."""
    statement = _select_presented(access_tokens, presented_token, demo=True)
    access_token = _fetch(db, AccessToken, statement)
    return access_token or find_refresh_token(db, presented_token, demo=True)


def _select_presented(table: Table, presented: str, *, demo: bool) -> Select[Any]:
    statement = select(table.c.digest, *_GRANT_COLUMNS).select_from(table).join(Grant).join(User)
    statement = statement.where(table.c.digest == digest(presented))
    if demo:
        return statement
    return statement.where(~User.is_demo)


def _fetch(db: Session, kind: type[Found], statement: Select[Any]) -> Found | None:
    row = db.execute(statement).mappings().one_or_none()
    if row is None:
        return None
    return kind(**row)


def find_active_token(
    db: Session, presented_token: str, now: datetime, *, demo: bool
) -> ActiveToken | None:
    """Return the token of either kind if it is active, or None.

    Active means not expired, not spent, and of a grant that has not ended. Outside the demo, demo
    users and demo clients have no active tokens.
    """
    token_digest = digest(presented_token)
    for kind in (ACCESS_TOKEN, REFRESH_TOKEN):
        row = (
            db.execute(_select_active(kind, token_digest, now, demo=demo)).mappings().one_or_none()
        )
        if row is not None:
            return ActiveToken(kind=kind, **row)
    return None


def _select_active(kind: TokenKind, token_digest: str, now: datetime, *, demo: bool) -> Select[Any]:
    table, columns = _ACTIVE_COLUMNS[kind]
    statement = (
        select(*columns, Grant.client_id, Grant.user_id, User.username, User.name)
        .select_from(table)
        .join(Grant)
        .join(User)
        .join(Client, Client.client_id == Grant.client_id)
        .where(table.c.digest == token_digest, _is_unexpired(kind, now), _has_living_grant())
    )
    if kind == REFRESH_TOKEN:
        statement = statement.where(_is_unspent())
    if not demo:
        statement = statement.where(~(User.is_demo | Client.is_demo))
    return statement


#: For each kind: its table, and the columns that are named as the fields of `ActiveToken`.
_ACTIVE_COLUMNS = {
    ACCESS_TOKEN: (
        access_tokens,
        (access_tokens.c.scope, access_tokens.c.issued_at, access_tokens.c.expires_at),
    ),
    REFRESH_TOKEN: (
        refresh_tokens,
        (
            Grant.scope.label("scope"),
            refresh_tokens.c.issued_at,
            Grant.expires_at.label("expires_at"),
        ),
    ),
}


def _is_unexpired(kind: TokenKind, now: datetime) -> ColumnElement[bool]:
    """Return the condition that the token has not expired. Refresh tokens expire with the grant."""
    if kind == ACCESS_TOKEN:
        return access_tokens.c.expires_at > now
    return Grant.expires_at > now


def _is_unspent() -> ColumnElement[bool]:
    return refresh_tokens.c.spent_at.is_(None) & refresh_tokens.c.lost_at.is_(None)


def _has_living_grant() -> ColumnElement[bool]:
    return Grant.ended_at.is_(None)


def why_not_active(db: Session, presented_token: str) -> Inactivity:
    """Return why `find_active_token` did not find the token."""
    token = find_token(db, presented_token)
    if token is None:
        return Inactivity(Reason.UNKNOWN_TOKEN)
    if token.grant_ended_at is not None:
        return Inactivity(Reason.GRANT_ENDED, token.grant_id, token.end_reason)
    if isinstance(token, AccessToken):
        return Inactivity(Reason.ACCESS_TOKEN_EXPIRED, token.grant_id)
    return Inactivity(Reason.REFRESH_TOKEN_NOT_ACTIVE, token.grant_id)


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
    """Store a new code that expires `lifetime` seconds after `now`."""
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
    token_response: Mapping[str, Any],
    *,
    grant_id: str,
    predecessor_digest: str | None,
    now: datetime,
) -> None:
    """Store the access token and the refresh token of one token response (RFC 6749 §5.1)."""
    refresh_token_digest = digest(token_response["refresh_token"])
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
            digest=digest(token_response["access_token"]),
            grant_id=grant_id,
            refresh_token_digest=refresh_token_digest,
            scope=token_response["scope"],
            issued_at=now,
            expires_at=now + timedelta(seconds=token_response["expires_in"]),
        )
    )


def redeem_code(db: Session, code: AuthorizationCode, now: datetime) -> bool:
    """Redeem the code, and return False when it was redeemed before.

    A client MUST NOT use an authorization code more than once (RFC 6749 §4.1.2).
    """
    codes = authorization_codes
    return _changed_one(
        db,
        update(codes)
        .where(codes.c.digest == code.digest, codes.c.redeemed_at.is_(None))
        .values(redeemed_at=now),
    )


def spend_refresh_token(db: Session, token: RefreshToken, now: datetime) -> bool:
    """Spend the refresh token, and return False when it was spent or lost before."""
    statement = update(refresh_tokens).where(refresh_tokens.c.digest == token.digest, _is_unspent())
    return _changed_one(db, statement.values(spent_at=now))


def retry_refresh_token(db: Session, token: RefreshToken, now: datetime, grace: int) -> bool:
    """Accept a spent token once more, at most `grace` seconds after it was spent.

    The client retries because it did not receive the answer. So its successor must be unspent; the
    successor and the access token that was issued with it stop working. Return False when one of
    these conditions does not hold.
    """
    tokens = refresh_tokens
    accept_again = update(tokens).where(
        tokens.c.digest == token.digest,
        tokens.c.spent_at > now - timedelta(seconds=grace),
        tokens.c.retried_at.is_(None),
        tokens.c.lost_at.is_(None),
    )
    if not _lose_successor(db, token, now):
        return False
    return _changed_one(db, accept_again.values(retried_at=now))


def _lose_successor(db: Session, token: RefreshToken, now: datetime) -> bool:
    tokens = refresh_tokens
    is_successor = tokens.c.predecessor_digest == token.digest
    if not _changed_one(db, update(tokens).where(is_successor, _is_unspent()).values(lost_at=now)):
        return False
    is_issued_with_it = exists().where(
        is_successor, tokens.c.digest == access_tokens.c.refresh_token_digest
    )
    db.execute(
        update(access_tokens)
        .where(is_issued_with_it, access_tokens.c.expires_at > now)
        .values(expires_at=now)
    )
    return True


def purge_expired(db: Session) -> int:
    """Delete expired rows and return their number.

    Redeemed codes and spent tokens stay as long as their grant, so that replays can still be
    detected.
    """
    moment = now()
    has_access = exists().where(access_tokens.c.grant_id == Grant.id)
    has_redeemable_code = exists().where(
        authorization_codes.c.grant_id == Grant.id, authorization_codes.c.expires_at > moment
    )
    has_redeemed_code = exists().where(
        authorization_codes.c.grant_id == Grant.id, authorization_codes.c.redeemed_at.is_not(None)
    )
    is_over = (Grant.expires_at <= moment) & ~has_access
    has_no_tokens = ~has_redeemable_code & ~has_redeemed_code
    deleted = _delete(db, access_tokens, access_tokens.c.expires_at <= moment)
    deleted += _delete(db, Grant, is_over | has_no_tokens)
    return deleted + throttling.purge(db) + account_events.purge(db)


def _delete(db: Session, table: Table | type[Grant], condition: ColumnElement[bool]) -> int:
    statement = delete(table).where(condition)
    return int(db.execute(statement, execution_options={"synchronize_session": False}).rowcount)  # type: ignore[attr-defined]


def _changed_one(db: Session, statement: Executable) -> bool:
    return bool(db.execute(statement).rowcount == 1)  # type: ignore[attr-defined]  # a CursorResult, for an UPDATE
