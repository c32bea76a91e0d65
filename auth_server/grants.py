"""Grants: how they begin, how they end, and how they lose a scope. Nothing here commits."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import Session

from auth_server import account_events
from auth_server.consents import forget_consent, forget_withdrawn_scopes, remembered_scopes
from auth_server.digests import new_identifier
from auth_server.models import (
    Client,
    Grant,
    access_tokens,
    authorization_codes,
    refresh_tokens,
)
from auth_server.reasons import Reason
from auth_server.scopes import is_within, scope_list, scope_text
from web.clock import now
from web.event_log import record_on_commit


def begin_grant(db: Session, *, user_id: str, client_id: str, scope: str, lifetime: int) -> Grant:
    """Store a new grant, whose refresh tokens all expire `lifetime` seconds from now."""
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


def is_usable(moment: datetime) -> ColumnElement[bool]:
    """Return the condition that a grant has a code to redeem or a token to use at `moment`."""
    codes, tokens = authorization_codes.c, access_tokens.c
    can_be_redeemed = exists().where(
        codes.grant_id == Grant.id, codes.redeemed_at.is_(None), codes.expires_at > moment
    )
    can_be_refreshed = (Grant.expires_at > moment) & exists().where(
        refresh_tokens.c.grant_id == Grant.id
    )
    has_access = exists().where(tokens.grant_id == Grant.id, tokens.expires_at > moment)
    return Grant.ended_at.is_(None) & (can_be_redeemed | can_be_refreshed | has_access)


def is_connected(db: Session, user_id: str, client_id: str) -> bool:
    """Return whether the user has already given the client access that it can still use."""
    if remembered_scopes(db, user_id, client_id):
        return True
    return _has_usable_grant(db, user_id, client_id)


def _has_usable_grant(db: Session, user_id: str, client_id: str) -> bool:
    usable_grant = exists().where(
        Grant.user_id == user_id, Grant.client_id == client_id, is_usable(now())
    )
    return bool(db.scalar(select(usable_grant)))


def end_grant(db: Session, grant_id: str, reason: Reason) -> bool:
    """End the grant, so that none of its codes and tokens works any more.

    A grant ends once and keeps its first reason: return False when it had ended before.
    """
    statement = update(Grant).where(Grant.id == grant_id, Grant.ended_at.is_(None))
    if not db.execute(statement.values(ended_at=now(), end_reason=reason.value)).rowcount:  # type: ignore[attr-defined]
        return False
    record_on_commit(db, "grant_ended", grant_id=grant_id, reason=reason)
    return True


def end_revoked_grant(db: Session, grant_id: str, client: Client) -> None:
    """End a grant that `client` revoked. Tell the user when it was the last usable one."""
    grant = db.get(Grant, grant_id)
    if grant is None or not end_grant(db, grant_id, Reason.REVOKED_BY_CLIENT):
        return
    if not _has_usable_grant(db, grant.user_id, grant.client_id):
        account_events.note(db, grant.user_id, "app_left", client_name=client.name)


def end_replayed_grant(db: Session, grant_id: str) -> None:
    """End a grant whose code or refresh token was presented again, and forget the consent.

    The client has to ask the user again.
    """
    grant = db.get(Grant, grant_id)
    if grant is None:
        return
    forget_consent(db, grant.user_id, grant.client_id)
    client = db.get(Client, grant.client_id)
    if end_grant(db, grant_id, Reason.REPLAY) and client is not None:
        account_events.note(db, grant.user_id, "app_revoked", client_name=client.name)


def narrow_grants(db: Session, client: Client) -> None:
    """Remove from everything granted to the client what its registration no longer has.

    Otherwise the next refresh would request more than the registration allows and be rejected as a
    whole. A grant keeps its remaining scope; without a remaining scope it ends. If the registration
    gets the scope back, the client has to ask the user for it again.
    """
    _narrow_access_tokens(db, client)
    _narrow_unended_grants(db, client)
    forget_withdrawn_scopes(db, client)


def _narrow_access_tokens(db: Session, client: Client) -> None:
    tokens = access_tokens
    of_client = tokens.c.grant_id.in_(select(Grant.id).where(Grant.client_id == client.client_id))
    unexpired = of_client & (tokens.c.expires_at > now())
    for scope in db.scalars(select(tokens.c.scope).where(unexpired).distinct()).all():
        if is_within(scope, client.scope):
            continue
        change: dict[str, object] = {"scope": _remaining_scope(scope, client)}
        if not change["scope"]:
            change = {"expires_at": now()}
        db.execute(update(tokens).where(unexpired, tokens.c.scope == scope).values(**change))


def _narrow_unended_grants(db: Session, client: Client) -> None:
    unended = (Grant.client_id == client.client_id) & Grant.ended_at.is_(None)
    for scope in db.scalars(select(Grant.scope).where(unended).distinct()).all():
        if is_within(scope, client.scope):
            continue
        with_scope = unended & (Grant.scope == scope)
        remaining_scope = _remaining_scope(scope, client)
        if remaining_scope:
            db.execute(update(Grant).where(with_scope).values(scope=remaining_scope))
            continue
        for grant_id in db.scalars(select(Grant.id).where(with_scope)).all():
            end_grant(db, grant_id, Reason.SCOPE_WITHDRAWN)


def _remaining_scope(scope: str, client: Client) -> str:
    return scope_text(set(scope_list(scope)) & set(scope_list(client.scope)))
