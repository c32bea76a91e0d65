"""Throttling of failed sign-ins, per address, and per account and address.

There is no limit per account alone, because anybody could then lock a user out. Successful sign-ins
do not count, so that many people can share an address. An attempt is counted before its password is
checked and removed if the password is right, so that a hundred concurrent guesses count as a
hundred.
"""

from datetime import timedelta

from flask import current_app
from sqlalchemy import ColumnElement, delete, func, select

from auth_server.digests import keyed_digest
from auth_server.models import SignInFailure
from web.client_addresses import find_network
from web.clock import now
from web.database import Session, lock

WINDOW = timedelta(seconds=60)
FAILURES_PER_ACCOUNT_AND_ADDRESS = 5
FAILURES_PER_ADDRESS = 50


class TooManyFailures(Exception):
    """Too many failed sign-ins. `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"try again in {retry_after} s")
        self.retry_after = retry_after


def count_attempt(db: Session, address: str, username: str) -> SignInFailure:
    """Count an attempt as a failure, until `remove_attempt` removes it.

    :raises TooManyFailures: when there are too many failures already. This one is not counted.
    """
    network = find_network(address)
    attempt = SignInFailure(
        address=network,
        account_digest=keyed_digest(str(current_app.secret_key), username),
        at=now(),
    )
    # Of two concurrent attempts, the second must find the first.
    lock(db, f"attempts from {network}")
    same_address = SignInFailure.address == attempt.address
    db.execute(delete(SignInFailure).where(same_address, is_over()))
    same_account = same_address & (SignInFailure.account_digest == attempt.account_digest)
    _check_limit(db, FAILURES_PER_ADDRESS, same_address)
    _check_limit(db, FAILURES_PER_ACCOUNT_AND_ADDRESS, same_account)
    db.add(attempt)
    db.flush()
    return attempt


def remove_attempt(db: Session, attempt: SignInFailure) -> None:
    """Remove an attempt whose password was right."""
    db.execute(delete(SignInFailure).where(SignInFailure.id == attempt.id))


def is_over() -> ColumnElement[bool]:
    """Return the condition for failures that no longer count.

    So are failures in the future. They were stored before the clock was set back.
    """
    moment = now()
    return (SignInFailure.at <= moment - WINDOW) | (SignInFailure.at > moment + WINDOW)


def _check_limit(db: Session, limit: int, condition: object) -> None:
    """Raise if there are `limit` recent failures or more.

    The next attempt is allowed when the oldest of the last `limit` failures no longer counts.
    """
    recent = select(SignInFailure.at).where(condition, SignInFailure.at > now() - WINDOW)  # type: ignore[arg-type]
    if (db.scalar(select(func.count()).select_from(recent.subquery())) or 0) < limit:
        return
    oldest = db.scalars(recent.order_by(SignInFailure.at.desc()).offset(limit - 1).limit(1)).one()
    raise TooManyFailures(max(1, int((oldest + WINDOW - now()).total_seconds()) + 1))
