"""Grants: how they begin, and how they end. Nothing here commits."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    bindparam,
    case,
    func,
    literal_column,
    select,
    update,
)

from auth_server import account_events
from auth_server.consents import forget_consent, remembered_scopes
from auth_server.digests import new_identifier
from auth_server.grant_conditions import (
    has_code,
    has_tokens,
    is_unended_of_user_and_client,
    is_usable,
)
from auth_server.models import Client, Grant
from auth_server.reasons import Reason
from auth_server.signed_in_user import SignedInUser
from web.clock import now
from web.database import Session, UtcDateTime
from web.event_log import record_on_commit
from web.statements import Change, Executor, Query

#: The most grants of one user to one client that have not ended, and how many of them may still
#: have a code that was not redeemed. Ten tabs can open at the same moment, and twenty devices can
#: have a connection each.
MAX_GRANTS = 20
MAX_UNREDEEMED = 10


class BegunGrant(NamedTuple):
    """A grant that was stored just now."""

    id: str
    created_at: datetime


class _Owner(NamedTuple):
    """Whose grant it is. The client is named as it is shown to the user."""

    user_id: str
    client_id: str
    client_name: str


class _UnendedGrant(NamedTuple):
    """A grant that has not ended, and its state."""

    id: str
    state: int


#: The code of a grant was redeemed, or it still can be, or neither.
_CONNECTED, _REDEEMABLE, _EXPIRED = 2, 1, 0


# A grant that does not exist yet cannot be locked.
_LOCK_PAIR = Query(
    select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("pair"), 0))), str
)
_LOCK_UNENDED = Query(
    select(Grant.id)
    .where(is_unended_of_user_and_client)
    .order_by(Grant.id)
    .with_for_update(key_share=True),
    str,
)
_LOCK_ONE = Query(
    select(Grant.id).where(Grant.id == bindparam("grant_id")).with_for_update(key_share=True), str
)
_LIST_UNENDED = Query(
    select(
        Grant.id,
        case(
            (has_tokens, literal_column(str(_CONNECTED))),
            (
                has_code(bindparam("now", type_=UtcDateTime)),
                literal_column(str(_REDEEMABLE)),
            ),
            else_=literal_column(str(_EXPIRED)),
        ),
    )
    .where(is_unended_of_user_and_client)
    .order_by(Grant.created_at.desc(), Grant.id.desc()),
    _UnendedGrant,
)
_STORE = Change.insert(
    Grant,
    "id",
    "user_id",
    "client_id",
    "scope",
    "sign_in_id",
    "signed_in_at",
    "resources",
    "created_at",
    "expires_at",
)
_END = Change(
    update(Grant)
    .where(Grant.id == bindparam("grant_id"), Grant.ended_at.is_(None))
    .values(ended_at=bindparam("now"), end_reason=bindparam("reason"))
)
_FIND_OWNER = Query(
    select(Grant.user_id, Grant.client_id, Client.name)
    .join(Client, Client.client_id == Grant.client_id)
    .where(Grant.id == bindparam("grant_id")),
    _Owner,
)
_FIND_USABLE = Query(
    select(Grant.id)
    .where(
        Grant.user_id == bindparam("user_id"),
        Grant.client_id == bindparam("client_id"),
        is_usable(bindparam("now", type_=UtcDateTime)),
    )
    .limit(1),
    str,
)


def begin_grant(
    db: Executor,
    user: SignedInUser,
    client_id: str,
    *,
    scope: str,
    resources: str | None,
    lifetime: int,
) -> BegunGrant:
    """Store a new grant, whose refresh tokens all expire `lifetime` seconds from now.

    If the user has given the client as many grants as the limit allows, the oldest one ends.
    """
    _end_surplus(db, user.id, client_id)
    grant = BegunGrant(new_identifier(), now())
    _STORE.run(
        db,
        id=grant.id,
        user_id=user.id,
        client_id=client_id,
        scope=scope,
        sign_in_id=user.sign_in_id,
        signed_in_at=user.signed_in_at,
        resources=resources,
        created_at=grant.created_at,
        expires_at=grant.created_at + timedelta(seconds=lifetime),
    )
    return grant


def is_connected(db: Executor, user_id: str, client_id: str) -> bool:
    """Return whether the user has already given the client access that it can still use."""
    if remembered_scopes(db, user_id, client_id):
        return True
    return _has_usable_grant(db, user_id, client_id)


def _has_usable_grant(db: Executor, user_id: str, client_id: str) -> bool:
    found = _FIND_USABLE.one(db, user_id=user_id, client_id=client_id, now=now())
    return found is not None


def lock_grants_of(db: Executor, user_id: str, client_id: str) -> None:
    """Lock the grants of the user to the client that have not ended. No new one can begin.

    A decision of the user does so before it reads the consents. On SQLite, a writing transaction
    has locked the database.
    """
    if db.dialect.name == "postgresql":
        _LOCK_PAIR.one(db, pair=f"grants of {user_id} to {client_id}")
        _LOCK_UNENDED.all(db, user_id=user_id, client_id=client_id)


def lock_oldest_grants_of(db: Executor, user_id: str, client_id: str) -> None:
    """Lock the grants that end when one more begins. No other one can begin meanwhile.

    An authorization request does so before it reads the consents.
    """
    if db.dialect.name == "postgresql":
        _LOCK_PAIR.one(db, pair=f"grants of {user_id} to {client_id}")
        for grant_id in sorted(_find_surplus(db, user_id, client_id)):
            _LOCK_ONE.one(db, grant_id=grant_id)


def lock_grants(
    db: Session, condition: ColumnElement[bool], *, skip_locked: bool = False
) -> Sequence[str]:
    """Lock the grants with `condition`, and return their ids.

    Wait for grants that another transaction has locked, or leave them out with `skip_locked`.

    Every transaction that changes a grant or its tokens locks the grant first, and several grants
    in this order. So no two of them wait for each other.
    """
    in_order = select(Grant.id).where(condition).order_by(Grant.id)
    return db.scalars(in_order.with_for_update(key_share=True, skip_locked=skip_locked)).all()


def end_grant(db: Executor, grant_id: str, reason: Reason) -> bool:
    """End the grant, so that none of its codes and tokens works any more.

    A grant ends once and keeps its first reason: return False when it had ended before.
    """
    if not _END.run(db, grant_id=grant_id, now=now(), reason=reason.value):
        return False
    record_on_commit(db, "grant_ended", grant_id=grant_id, reason=reason)
    return True


def _end_surplus(db: Executor, user_id: str, client_id: str) -> None:
    for grant_id, reason in _find_surplus(db, user_id, client_id).items():
        end_grant(db, grant_id, reason)


def _find_surplus(db: Executor, user_id: str, client_id: str) -> dict[str, Reason]:
    """Return the grants that end when one more begins, with the reason.

    A code that nobody redeemed must not end connections that work. So its grants are counted apart
    and end first, and the newest connections always stay.
    """
    unended = _LIST_UNENDED.all(db, user_id=user_id, client_id=client_id, now=now())
    connections = [grant.id for grant in unended if grant.state == _CONNECTED]
    redeemable = [grant.id for grant in unended if grant.state == _REDEEMABLE]
    expired = [grant.id for grant in unended if grant.state == _EXPIRED]
    room = MAX_GRANTS - 1 - len(redeemable[: MAX_UNREDEEMED - 1])
    too_many = redeemable[MAX_UNREDEEMED - 1 :] + connections[room:]
    return dict.fromkeys(too_many, Reason.TOO_MANY_GRANTS) | dict.fromkeys(
        expired, Reason.CODE_EXPIRED
    )


def end_revoked_grant(db: Executor, grant_id: str) -> None:
    """End a grant that its client revoked. Tell the user when it was the last usable one."""
    owner = _FIND_OWNER.one(db, grant_id=grant_id)
    if not end_grant(db, grant_id, Reason.REVOKED_BY_CLIENT) or owner is None:
        return
    if not _has_usable_grant(db, owner.user_id, owner.client_id):
        account_events.note(db, owner.user_id, "app_left", client_name=owner.client_name)


def end_replayed_grant(db: Executor, grant_id: str) -> None:
    """End a grant whose code or refresh token was presented again, and forget the consent.

    The client has to ask the user again.
    """
    owner = _FIND_OWNER.one(db, grant_id=grant_id)
    if owner is None:
        return
    has_ended_now = end_grant(db, grant_id, Reason.REPLAY)
    forget_consent(db, owner.user_id, owner.client_id)
    if has_ended_now:
        account_events.note(db, owner.user_id, "app_revoked", client_name=owner.client_name)
