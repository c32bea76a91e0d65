"""What outlives a request: consents that are remembered, grants that begin and end."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from auth_server.digests import new_identifier
from auth_server.models import Consent, Grant, User
from web.clock import now
from web.event_log import record_on_commit


def remembered_scopes(db: Session, user_id: str, client_id: str) -> set[str]:
    """What this person has allowed this client before."""
    statement = select(Consent.scope).where(Consent.user_id == user_id, Consent.client_id == client_id)
    return set(db.scalars(statement))


def remember_consent(db: Session, user_id: str, client_id: str, scopes: Iterable[str]) -> None:
    """Remember each scope, so that it is not asked for again; one request at a time per person."""
    db.execute(select(User.id).where(User.id == user_id).with_for_update())
    known = remembered_scopes(db, user_id, client_id)
    db.add_all(
        Consent(user_id=user_id, client_id=client_id, scope=scope, granted_at=now())
        for scope in scopes
        if scope not in known
    )
    db.flush()


def forget_consent(db: Session, user_id: str, client_id: str) -> None:
    """Ask again from now on."""
    db.execute(delete(Consent).where(Consent.user_id == user_id, Consent.client_id == client_id))


def begin_grant(db: Session, *, user_id: str, client_id: str, scope: str, lifetime: int) -> Grant:
    """A new grant, whose refresh tokens all end `lifetime` seconds from now."""
    moment = now()
    grant = Grant(
        id=new_identifier(),
        user_id=user_id,
        client_id=client_id,
        scope=scope,
        created_at=moment,
        expires_at=moment + timedelta(seconds=lifetime),
    )
    db.add(grant)
    db.flush()
    return grant


def end_grant(db: Session, grant_id: str, reason: str) -> None:
    """End the grant: every code and token of it is dead. A grant ends once, with the first reason."""
    statement = update(Grant).where(Grant.id == grant_id, Grant.ended_at.is_(None))
    if db.execute(statement.values(ended_at=now(), end_reason=reason)).rowcount:  # type: ignore[attr-defined]
        record_on_commit(db, "grant_ended", grant_id=grant_id, reason=reason)


def end_replayed_grant(db: Session, grant_id: str) -> None:
    """End a grant whose code or refresh token came twice, and forget the consent: the person is asked again."""
    grant = db.get(Grant, grant_id)
    if grant is not None:
        end_grant(db, grant_id, "replay")
        forget_consent(db, grant.user_id, grant.client_id)
