"""Guessing is throttled: failed sign-ins count, per address, and per account and address.

Not per account alone, or anyone could lock anyone out; right passwords do not count, so that an office behind one address
signs in freely. An attempt is counted before its password is looked at and taken off again when it was right, so that a
hundred guesses at once are a hundred guesses.
"""

from datetime import timedelta

from flask import current_app
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from auth_server.digests import keyed_digest
from auth_server.models import SignInFailure
from web.clock import now

WINDOW = timedelta(seconds=60)
FAILURES_PER_ACCOUNT_AND_ADDRESS = 5
FAILURES_PER_ADDRESS = 50


class TooManyFailures(Exception):
    """Too many sign-ins failed; `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"try again in {retry_after} s")
        self.retry_after = retry_after


def count_attempt(db: Session, address: str, username: str) -> SignInFailure:
    """Count an attempt as a failure until it is known to be right.

    :raises TooManyFailures: when there were too many already; this one then does not count.
    """
    attempt = SignInFailure(
        address=address,
        account_digest=keyed_digest(str(current_app.secret_key), username),
        at=now(),
    )
    purge(db)
    same_address = SignInFailure.address == attempt.address
    same_account = same_address & (SignInFailure.account_digest == attempt.account_digest)
    _refuse_beyond(db, FAILURES_PER_ADDRESS, same_address)
    _refuse_beyond(db, FAILURES_PER_ACCOUNT_AND_ADDRESS, same_account)
    db.add(attempt)
    db.flush()
    return attempt


def forgive(db: Session, attempt: SignInFailure) -> None:
    """It was right after all."""
    db.execute(delete(SignInFailure).where(SignInFailure.id == attempt.id))


def purge(db: Session) -> int:
    """Delete what no longer counts; gives back how many rows."""
    return int(db.execute(delete(SignInFailure).where(SignInFailure.at <= now() - WINDOW)).rowcount)  # type: ignore[attr-defined]


def _refuse_beyond(db: Session, limit: int, condition: object) -> None:
    """The failure that is `limit` back decides when the next attempt is welcome."""
    recent = select(SignInFailure.at).where(condition, SignInFailure.at > now() - WINDOW)  # type: ignore[arg-type]
    if (db.scalar(select(func.count()).select_from(recent.subquery())) or 0) < limit:
        return
    deciding = db.scalars(recent.order_by(SignInFailure.at.desc()).offset(limit - 1).limit(1)).one()
    raise TooManyFailures(max(1, int((deciding + WINDOW - now()).total_seconds()) + 1))
