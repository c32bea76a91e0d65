"""What expires at the authorization server, and the steps that delete it.

`store_used_clients` comes before them, so that the clients that are in use are not deleted.

A kind of row that expires gets a step in one of the lists below. `tokens purge` and the thread of
`web/purging.py` run all of them, `sessions purge` those of `SESSIONS`.

A step that deletes codes or tokens locks their grants first, as everything does, and leaves out
those that another request has locked.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, case, exists, select, true, update

from auth_server import account_events, sign_in_records, signing_keys, throttling
from auth_server.grants import lock_grants
from auth_server.models import (
    AccountEvent,
    Client,
    Consent,
    Grant,
    SignIn,
    SignInFailure,
    access_tokens,
    authorization_codes,
    refresh_tokens,
)
from auth_server.models import signing_keys as signing_key_table
from web.clock import now
from web.database import Database, Session
from web.purging import ROWS, Step, delete_rows, make_step

#: A grant is deleted after its tokens, and with its code: there is no grant without a code.
_TOKENS = (access_tokens, refresh_tokens)
#: How long an expired access token is kept, so that the event log can say that it has expired.
EXPIRED_FOR = timedelta(hours=1)
#: How long a client that registered itself is kept if it never had a grant.
UNUSED_FOR = timedelta(days=1)
#: How long it is kept after its last grant.
KEPT_AFTER_USE = timedelta(days=90)
#: The shortest time between two updates of `used_at`.
USE_STORED_EVERY = timedelta(hours=1)

_has_grant = exists().where(Grant.client_id == Client.client_id)


def purge_access_tokens(database: Database) -> int:
    """Delete access tokens that have expired, after `EXPIRED_FOR`."""
    tokens = access_tokens.c
    expired = select(tokens.digest, tokens.grant_id).where(tokens.expires_at <= now() - EXPIRED_FOR)
    with database.session(writing=False) as db:
        found = db.execute(expired.order_by(tokens.expires_at).limit(ROWS)).all()
    if not found:
        return 0
    with database.writing() as db:
        of_these = Grant.id.in_({row.grant_id for row in found})
        locked = set(lock_grants(db, of_these, skip_locked=True))
        digests = [row.digest for row in found if row.grant_id in locked]
        return delete_rows(db, tokens.digest, digests)


def purge_expired_grants(database: Database) -> int:
    """Delete grants that have expired. An access token may outlive its grant by minutes."""
    has_access = exists().where(access_tokens.c.grant_id == Grant.id)
    is_over = (Grant.expires_at <= now()) & ~has_access
    with database.session(writing=False) as db:
        over = select(Grant.id).where(is_over).order_by(Grant.expires_at)
        ids = db.scalars(over.limit(ROWS)).all()
    return delete_grants(database, ids, is_over, skip_locked=True)


def purge_unused_grants(database: Database) -> int:
    """Delete grants whose code has expired before it was redeemed.

    Redeemed codes and spent tokens stay as long as their grant, so that a replay can be detected.
    """
    codes = authorization_codes.c
    is_unused = codes.redeemed_at.is_(None) & (codes.expires_at <= now())
    with database.session(writing=False) as db:
        ids = db.scalars(select(codes.grant_id).where(is_unused).limit(ROWS)).all()
    is_over = exists().where(codes.grant_id == Grant.id, is_unused)
    return delete_grants(database, ids, is_over, skip_locked=True)


def store_used_clients(database: Database) -> int:
    """Store which clients that registered themselves are in use. Return their number.

    So they are kept when all their grants have expired. An authorization request cannot store this:
    it holds a shared lock on the client, so on PostgreSQL two of them would wait for each other.
    """
    key = Client.__table__.c.client_id
    is_due = Client.used_at.is_(None) | (Client.used_at <= now() - USE_STORED_EVERY)
    is_used = Client.registered_by.is_not(None) & is_due & _has_grant
    with database.session(writing=False) as db:
        ids = db.scalars(select(key).where(is_used).limit(ROWS)).all()
    if not ids:
        return 0
    with database.writing() as db:
        found = select(key).where(key.in_(ids)).with_for_update(skip_locked=True)
        locked = db.scalars(found).all()
        db.execute(update(Client).where(key.in_(locked)).values(used_at=now()))
    return len(locked)


def purge_unused_clients(database: Database) -> int:
    """Delete clients that registered themselves and are not used.

    They have no consent and no grant, `UNUSED_FOR` after the registration or `KEPT_AFTER_USE` after
    the last grant. A client that is locked is in use: an authorization request locks it until its
    grant is stored.
    """
    is_old = case(
        (Client.used_at.is_(None), Client.created_at <= now() - UNUSED_FOR),
        else_=Client.used_at <= now() - KEPT_AFTER_USE,
    )
    is_free = ~_has_grant & ~exists().where(Consent.client_id == Client.client_id)
    is_unused = Client.registered_by.is_not(None) & is_old & is_free
    with database.session(writing=False) as db:
        ids = db.scalars(select(Client.client_id).where(is_unused).limit(ROWS)).all()
    if not ids:
        return 0
    with database.writing() as db:
        key = Client.__table__.c.client_id
        found = select(key).where(key.in_(ids)).with_for_update(skip_locked=True)
        locked = db.scalars(found).all()
        # Only another statement sees the grants that were stored before the rows were locked.
        unused = db.scalars(select(key).where(key.in_(locked), is_unused)).all()
        return delete_rows(db, key, unused)


def delete_grants(
    database: Database,
    ids: Sequence[str],
    condition: ColumnElement[bool] | None = None,
    *,
    skip_locked: bool = False,
) -> int:
    """Delete the grants with these ids that meet the condition, after their tokens.

    Delete at most `ROWS` of both, and return their number: a grant can have any number of tokens.
    The condition is tested when the grants are locked.
    """
    if not ids:
        return 0
    if condition is None:
        condition = true()
    with database.writing() as db:
        locked = lock_grants(db, Grant.id.in_(ids), skip_locked=skip_locked)
        over = db.scalars(select(Grant.id).where(Grant.id.in_(locked), condition)).all()
        deleted = _delete_tokens_of(db, over)
        return deleted + delete_rows(db, Grant.__table__.c.id, over[: ROWS - deleted])


def _delete_tokens_of(db: Session, grant_ids: Sequence[str]) -> int:
    deleted = 0
    for table in _TOKENS:
        digests = select(table.c.digest).where(table.c.grant_id.in_(grant_ids))
        found = db.scalars(digests.limit(ROWS - deleted)).all()
        deleted += delete_rows(db, table.c.digest, found)
    return deleted


def _is_old_event() -> ColumnElement[bool]:
    """Return the condition, which looks only at the oldest events: their times have no index."""
    oldest = select(AccountEvent.id).order_by(AccountEvent.id).limit(ROWS)
    return AccountEvent.id.in_(oldest) & (AccountEvent.at <= now() - account_events.KEPT_FOR)


#: Sign-ins, and failed attempts to sign in.
SESSIONS: Sequence[Step] = (
    make_step(SignInFailure.__table__.c.id, throttling.is_over),
    make_step(SignIn.__table__.c.id, sign_in_records.is_over),
)
EVERYTHING: Sequence[Step] = (
    purge_access_tokens,
    purge_unused_grants,
    purge_expired_grants,
    purge_unused_clients,
    make_step(AccountEvent.__table__.c.id, _is_old_event),
    make_step(signing_key_table.c.kid, signing_keys.is_over),
    *SESSIONS,
)
