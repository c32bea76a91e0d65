"""Codes and tokens: stored, and spent once.

Every change of state is one conditional UPDATE: of two concurrent requests only one can succeed, on
any database. No function here commits, so that what is spent and what it is exchanged for belong to
one transaction.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, update

from auth_server.digests import digest
from auth_server.issued_tokens import AuthorizationCode, RefreshToken
from auth_server.models import access_tokens, authorization_codes, refresh_tokens
from web.statements import Change, Executor

_codes, _refresh, _access = authorization_codes.c, refresh_tokens.c, access_tokens.c
_is_unspent = _refresh.spent_at.is_(None) & _refresh.lost_at.is_(None)
_is_successor = _refresh.predecessor_digest == bindparam("presented")

_STORE_CODE = Change.insert(
    authorization_codes,
    "digest",
    "grant_id",
    "redirect_uri",
    "code_challenge",
    "nonce",
    "issued_at",
    "expires_at",
)
_STORE_REFRESH_TOKEN = Change.insert(
    refresh_tokens, "digest", "grant_id", "predecessor_digest", "issued_at"
)
_STORE_ACCESS_TOKEN = Change.insert(
    access_tokens,
    "digest",
    "grant_id",
    "refresh_token_digest",
    "scope",
    "audience",
    "issued_at",
    "expires_at",
)
_REDEEM = Change(
    update(authorization_codes)
    .where(_codes.digest == bindparam("presented"), _codes.redeemed_at.is_(None))
    .values(redeemed_at=bindparam("now"))
)
_SPEND = Change(
    update(refresh_tokens)
    .where(_refresh.digest == bindparam("presented"), _is_unspent)
    .values(spent_at=bindparam("now"))
)
_LOSE_SUCCESSOR = Change(
    update(refresh_tokens).where(_is_successor, _is_unspent).values(lost_at=bindparam("now"))
)
_EXPIRE_TOKENS_OF_SUCCESSOR = Change(
    update(access_tokens)
    .where(
        _access.refresh_token_digest.in_(select(_refresh.digest).where(_is_successor)),
        _access.expires_at > bindparam("now"),
    )
    .values(expires_at=bindparam("now"))
)
_ACCEPT_AGAIN = Change(
    update(refresh_tokens)
    .where(
        _refresh.digest == bindparam("presented"),
        _refresh.spent_at > bindparam("grace_began_at"),
        _refresh.retried_at.is_(None),
        _refresh.lost_at.is_(None),
    )
    .values(retried_at=bindparam("now"))
)


def store_code(
    db: Executor,
    code: str,
    *,
    grant_id: str,
    redirect_uri: str | None,
    code_challenge: str,
    nonce: str | None,
    now: datetime,
    lifetime: int,
) -> None:
    """Store a new code that expires `lifetime` seconds after `now`."""
    _STORE_CODE.run(
        db,
        digest=digest(code),
        grant_id=grant_id,
        redirect_uri=redirect_uri,
        code_challenge=code_challenge,
        nonce=nonce,
        issued_at=now,
        expires_at=now + timedelta(seconds=lifetime),
    )


def store_tokens(
    db: Executor,
    token_response: Mapping[str, Any],
    *,
    grant_id: str,
    audience: str | None,
    predecessor_digest: str | None,
    now: datetime,
) -> None:
    """Store the access token and the refresh token of one token response (RFC 6749 §5.1)."""
    refresh_token_digest = digest(token_response["refresh_token"])
    _STORE_REFRESH_TOKEN.run(
        db,
        digest=refresh_token_digest,
        grant_id=grant_id,
        predecessor_digest=predecessor_digest,
        issued_at=now,
    )
    _STORE_ACCESS_TOKEN.run(
        db,
        digest=digest(token_response["access_token"]),
        grant_id=grant_id,
        refresh_token_digest=refresh_token_digest,
        scope=token_response["scope"],
        audience=audience,
        issued_at=now,
        expires_at=now + timedelta(seconds=token_response["expires_in"]),
    )


def redeem_code(db: Executor, code: AuthorizationCode, now: datetime) -> bool:
    """Redeem the code, and return False when it was redeemed before.

    A client MUST NOT use an authorization code more than once (RFC 6749 §4.1.2).
    """
    return _REDEEM.run(db, presented=code.digest, now=now) == 1


def spend_refresh_token(db: Executor, token: RefreshToken, now: datetime) -> bool:
    """Spend the refresh token, and return False when it was spent or lost before."""
    return _SPEND.run(db, presented=token.digest, now=now) == 1


def retry_refresh_token(db: Executor, token: RefreshToken, now: datetime, grace: int) -> bool:
    """Accept a spent token once more, at most `grace` seconds after it was spent.

    The client retries because it did not receive the answer. So its successor must be unspent; the
    successor and the access token that was issued with it stop working. Return False when one of
    these conditions does not hold.
    """
    if _LOSE_SUCCESSOR.run(db, presented=token.digest, now=now) != 1:
        return False
    _EXPIRE_TOKENS_OF_SUCCESSOR.run(db, presented=token.digest, now=now)
    grace_began_at = now - timedelta(seconds=grace)
    return (
        _ACCEPT_AGAIN.run(db, presented=token.digest, grace_began_at=grace_began_at, now=now) == 1
    )
