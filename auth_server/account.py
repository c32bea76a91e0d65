"""What a person can ask about her account, and what she can do to it. Nothing here commits.

An app is connected when it has a living grant, or a consent that is remembered: with either it gets in without asking.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from auth_server import account_events, consents, digests, grants
from auth_server.models import Client, Consent, Grant, User, refresh_tokens
from auth_server.reasons import Reason
from auth_server.scopes import SCOPES, Scope, scope_list, scope_text
from web.clock import now
from web.event_log import record_on_commit


@dataclass(frozen=True)
class ConnectedApp:
    """A client that she has let in, and what she needs to know to decide whether it stays."""

    client: Client
    scopes: Sequence[tuple[str, Scope]]
    since: datetime
    # The newest token issued to it; None when nothing is known of any.
    last_used: datetime | None
    # Without a living grant it holds nothing now, but would get in again without asking.
    has_access: bool


@dataclass(frozen=True)
class _Permission:
    """A remembered consent or a living grant, as far as both are the same."""

    client_id: str
    scope: str
    since: datetime
    is_grant: bool


def connected_apps(db: Session, user: User) -> list[ConnectedApp]:
    """The apps that she has let in, by name."""
    permissions = [*_consents(db, user), *_living_grants(db, user)]
    last_used = _last_used(db, user)
    known = Client.client_id.in_({permission.client_id for permission in permissions})
    clients = db.scalars(
        select(Client).where(known).order_by(func.lower(Client.name), Client.client_id)
    )
    return [
        _connected_app(
            client,
            [permission for permission in permissions if permission.client_id == client.client_id],
            last_used.get(client.client_id),
        )
        for client in clients
    ]


def take_out(
    db: Session, user: User, unverified_client_id: str, address: str | None
) -> Client | None:
    """E1 – The resource owner ends what she granted to one app; None when it is no app that she has let in."""
    clients = [
        app.client
        for app in connected_apps(db, user)
        if app.client.client_id == unverified_client_id
    ]
    _end_access(db, user, clients, address)
    return clients[0] if clients else None


def take_all_out(db: Session, user: User, address: str | None) -> None:
    """End what she granted to every app."""
    _end_access(db, user, [app.client for app in connected_apps(db, user)], address)


def sign_out_everywhere(db: Session, user: User, address: str | None) -> bool:
    """End every sign-in of hers, this browser's too; false when it had ended before."""
    if not _end_sign_ins(db, user):
        return False
    account_events.note(db, user.id, "signed_out_everywhere", address=address)
    record_on_commit(db, "sign_ins_ended", sub=user.id)
    return True


def change_password(db: Session, user: User, new_password: str, address: str | None) -> bool:
    """End every sign-in of hers, this browser's too, and no grant; false when it had ended before.

    Hashing comes first: the transaction begins after it, and is short.
    """
    if not _end_sign_ins(db, user, password_hash=digests.hash_password(new_password)):
        return False
    account_events.note(db, user.id, "password_changed", address=address)
    record_on_commit(db, "password_changed", sub=user.id)
    return True


def _consents(db: Session, user: User) -> Iterable[_Permission]:
    statement = select(Consent.client_id, Consent.scope, Consent.granted_at).where(
        Consent.user_id == user.id
    )
    return (_Permission(*row, is_grant=False) for row in db.execute(statement))


def _living_grants(db: Session, user: User) -> Iterable[_Permission]:
    statement = select(Grant.client_id, Grant.scope, Grant.created_at)
    living = statement.where(Grant.user_id == user.id, grants.is_living(now()))
    return (_Permission(*row, is_grant=True) for row in db.execute(living))


def _last_used(db: Session, user: User) -> dict[str, datetime]:
    newest = func.max(refresh_tokens.c.issued_at).label("newest")
    statement = (
        select(Grant.client_id, newest)
        .join_from(Grant, refresh_tokens)
        .where(Grant.user_id == user.id)
    )
    return {row.client_id: row.newest for row in db.execute(statement.group_by(Grant.client_id))}


def _connected_app(
    client: Client, permissions: list[_Permission], last_used: datetime | None
) -> ConnectedApp:
    scope = scope_text(name for permission in permissions for name in scope_list(permission.scope))
    return ConnectedApp(
        client,
        [(name, SCOPES[name]) for name in scope_list(scope)],
        since=min(permission.since for permission in permissions),
        last_used=last_used,
        has_access=any(permission.is_grant for permission in permissions),
    )


def _end_access(db: Session, user: User, clients: Iterable[Client], address: str | None) -> None:
    """Every grant that has not ended goes, the expired ones too: an access token can outlive its grant by minutes."""
    for client in clients:
        of_client = select(Grant.id).where(
            Grant.user_id == user.id, Grant.client_id == client.client_id
        )
        for grant_id in db.scalars(of_client.where(Grant.ended_at.is_(None))).all():
            grants.end_grant(db, grant_id, Reason.REMOVED_BY_RESOURCE_OWNER)
        consents.forget_consent(db, user.id, client.client_id)
        account_events.note(db, user.id, "app_taken_out", client_name=client.name, address=address)
        record_on_commit(db, "app_taken_out", client_id=client.client_id, sub=user.id)


def _end_sign_ins(db: Session, user: User, **changes: str) -> bool:
    """One conditional UPDATE: who was signed out a moment ago, elsewhere, does not come back by it."""
    statement = update(User).where(User.id == user.id, User.epoch == user.epoch)
    changed = statement.values(epoch=user.epoch + 1, **changes).execution_options(
        synchronize_session=False
    )
    if db.execute(changed).rowcount != 1:  # type: ignore[attr-defined]  # a CursorResult, for an UPDATE
        return False
    db.refresh(user)
    return True
