"""Codes and tokens: stored, spent once, and purged after they expired.

Every change of state is one conditional UPDATE: of two concurrent requests only one can succeed, on
any database. No function here commits, so that what is spent and what it is exchanged for belong to
one transaction.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Executable, Table, delete, exists, insert, update
from sqlalchemy.orm import Session

from auth_server import account_events, throttling
from auth_server.digests import digest
from auth_server.issued_tokens import AuthorizationCode, RefreshToken, is_unspent
from auth_server.models import Grant, access_tokens, authorization_codes, refresh_tokens
from web.clock import now


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
    statement = update(refresh_tokens).where(refresh_tokens.c.digest == token.digest, is_unspent())
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
    if not _changed_one(db, update(tokens).where(is_successor, is_unspent()).values(lost_at=now)):
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
