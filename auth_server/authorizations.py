"""What outlives a request: consents that are remembered, grants that begin and end."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import Session

from auth_server import account_events
from auth_server.digests import new_identifier
from auth_server.models import (
    Client,
    Consent,
    Grant,
    User,
    access_tokens,
    authorization_codes,
    refresh_tokens,
)
from web.clock import now
from web.event_log import record_on_commit


def remembered_scopes(db: Session, user_id: str, client_id: str) -> set[str]:
    """What this person has allowed this client before."""
    statement = select(Consent.scope).where(
        Consent.user_id == user_id, Consent.client_id == client_id
    )
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


def is_living(moment: datetime) -> ColumnElement[bool]:
    """The condition on a grant that something of it is good: a code to redeem, or a token."""
    codes, tokens = authorization_codes.c, access_tokens.c
    can_be_redeemed = exists().where(
        codes.grant_id == Grant.id, codes.redeemed_at.is_(None), codes.expires_at > moment
    )
    can_be_refreshed = (Grant.expires_at > moment) & exists().where(
        refresh_tokens.c.grant_id == Grant.id
    )
    has_access = exists().where(tokens.grant_id == Grant.id, tokens.expires_at > moment)
    return Grant.ended_at.is_(None) & (can_be_redeemed | can_be_refreshed | has_access)


def is_let_in(db: Session, user_id: str, client_id: str) -> bool:
    """Whether this person has let this client in, and it would not be news to her."""
    return bool(remembered_scopes(db, user_id, client_id)) or _has_living_grant(
        db, user_id, client_id
    )


def _has_living_grant(db: Session, user_id: str, client_id: str) -> bool:
    of_both = exists().where(
        Grant.user_id == user_id, Grant.client_id == client_id, is_living(now())
    )
    return bool(db.scalar(select(of_both)))


def end_grant(db: Session, grant_id: str, reason: str) -> bool:
    """End the grant: every code and token of it is dead. A grant ends once, with the first reason; false afterwards."""
    statement = update(Grant).where(Grant.id == grant_id, Grant.ended_at.is_(None))
    if not db.execute(statement.values(ended_at=now(), end_reason=reason)).rowcount:  # type: ignore[attr-defined]
        return False
    record_on_commit(db, "grant_ended", grant_id=grant_id, reason=reason)
    return True


def end_revoked_grant(db: Session, grant_id: str, client: Client) -> None:
    """End a grant that `client` has revoked. The person reads of it when it was the last one that was alive."""
    grant = db.get(Grant, grant_id)
    if grant is None or not end_grant(db, grant_id, "revoked by the client"):
        return
    if not _has_living_grant(db, grant.user_id, grant.client_id):
        account_events.note(db, grant.user_id, "app_left", client_name=client.name)


def end_replayed_grant(db: Session, grant_id: str) -> None:
    """End a grant whose code or refresh token came twice, and forget the consent: the person is asked again."""
    grant = db.get(Grant, grant_id)
    if grant is None:
        return
    forget_consent(db, grant.user_id, grant.client_id)
    client = db.get(Client, grant.client_id)
    if end_grant(db, grant_id, "replay") and client is not None:
        account_events.note(db, grant.user_id, "app_shut_out", client_name=client.name)
