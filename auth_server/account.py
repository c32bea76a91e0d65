"""The apps that are connected to a user's account, and what the user can do. Nothing here commits.

An app is connected when it has a usable grant or a remembered consent: with either it gets access
without asking.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple

from sqlalchemy import bindparam, func, select, update

from auth_server import account_events, consents, digests, grants, sign_in_records
from auth_server.grant_conditions import is_usable
from auth_server.models import Client, Consent, Grant, User, refresh_tokens
from auth_server.reasons import Reason
from auth_server.scopes import SCOPES, Scope, scope_list, scope_text
from auth_server.signed_in_user import SignedInUser
from web.clock import now
from web.database import Session, UtcDateTime
from web.event_log import record_on_commit
from web.statements import Change, Query

_SET_PASSWORD = Change(
    update(User)
    .where(User.id == bindparam("id_of_user"))
    .values(password_hash=bindparam("new_hash"))
)


@dataclass(frozen=True)
class ConnectedApp:
    """A client that has access to the user's data, or would get it without asking.

    `last_used` is when its newest token was issued; None when it has none. `has_access` is whether
    it has a usable grant now.
    """

    client: Client
    scopes: Sequence[tuple[str, Scope]]
    since: datetime
    last_used: datetime | None
    has_access: bool


class _LastUse(NamedTuple):
    """When an app received its newest token."""

    client_id: str
    issued_at: datetime


@dataclass(frozen=True)
class _Permission:
    """A remembered consent or a usable grant, with what both have in common."""

    client_id: str
    scope: str
    since: datetime
    is_grant: bool


_CONSENTS = Query(
    select(Consent.client_id, Consent.scope, Consent.granted_at).where(
        Consent.user_id == bindparam("user_id"), Consent.outdated_by.is_(None)
    ),
    partial(_Permission, is_grant=False),
)
_USABLE_GRANTS = Query(
    select(Grant.client_id, Grant.scope, Grant.created_at).where(
        Grant.user_id == bindparam("user_id"), is_usable(bindparam("now", type_=UtcDateTime))
    ),
    partial(_Permission, is_grant=True),
)
_LAST_USED = Query(
    select(Grant.client_id, func.max(refresh_tokens.c.issued_at))
    .join_from(Grant, refresh_tokens)
    .where(Grant.user_id == bindparam("user_id"))
    .group_by(Grant.client_id),
    _LastUse,
)


def connected_apps(db: Session, user: SignedInUser) -> list[ConnectedApp]:
    """Return the apps that are connected to the account, ordered by name."""
    permissions = [
        *_CONSENTS.all(db, user_id=user.id),
        *_USABLE_GRANTS.all(db, user_id=user.id, now=now()),
    ]
    last_used = dict(_LAST_USED.all(db, user_id=user.id))
    is_permitted = Client.client_id.in_({permission.client_id for permission in permissions})
    clients = db.scalars(
        select(Client).where(is_permitted).order_by(func.lower(Client.name), Client.client_id)
    )
    return [
        _connected_app(
            client,
            [permission for permission in permissions if permission.client_id == client.client_id],
            last_used.get(client.client_id),
        )
        for client in clients
    ]


def remove_app(
    db: Session, user: SignedInUser, unverified_client_id: str, address: str | None
) -> Client | None:
    """E1 – The resource owner ends the access of one app.

    Return the app, or None if it is not connected.
    """
    client = find_connected_app(db, user, unverified_client_id)
    if client is not None:
        _end_access(db, user, client, address)
    return client


def find_connected_app(db: Session, user: SignedInUser, unverified_client_id: str) -> Client | None:
    """Return the app with this client id, or None if it is not connected."""
    clients = (app.client for app in connected_apps(db, user))
    return next((each for each in clients if each.client_id == unverified_client_id), None)


def remove_all_apps(db: Session, user: SignedInUser, address: str | None) -> None:
    """End the access of every app."""
    for app in connected_apps(db, user):
        _end_access(db, user, app.client, address)


def end_sign_in(db: Session, user: SignedInUser, sign_in_id: str, address: str | None) -> bool:
    """End one sign-in of the user, and return False if there is none with this id."""
    if not sign_in_records.end_one(db, user.id, sign_in_id):
        return False
    account_events.note(db, user.id, "sign_in_ended", address=address)
    record_on_commit(db, "sign_in_ended", sub=user.id)
    return True


def sign_out_everywhere(db: Session, user: SignedInUser, address: str | None) -> str | None:
    """End every other sign-in of the user, and return the new identifier of this one.

    Return None if this one had ended: another browser may have ended it a moment ago.
    """
    sign_in_records.lock_user(db, user.id)
    identifier = sign_in_records.renew(db, user, signed_in_at=user.signed_in_at)
    if identifier is not None:
        account_events.note(db, user.id, "signed_out_everywhere", address=address)
        record_on_commit(db, "sign_ins_ended", sub=user.id)
    return identifier


def change_password(
    db: Session, user: SignedInUser, new_password: str, address: str | None
) -> str | None:
    """Set a new password, end every other sign-in, and return the new identifier of this one.

    The grants stay. The password is hashed before the transaction begins, so that the transaction
    is short. Return None if this sign-in had ended; the caller must then not commit.
    """
    _SET_PASSWORD.run(db, id_of_user=user.id, new_hash=digests.hash_password(new_password))
    identifier = sign_in_records.renew(db, user, signed_in_at=now())
    if identifier is not None:
        account_events.note(db, user.id, "password_changed", address=address)
        record_on_commit(db, "password_changed", sub=user.id)
    return identifier


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


def _end_access(db: Session, user: SignedInUser, client: Client, address: str | None) -> None:
    # No grant can begin meanwhile, because of the consent.
    grants.lock_grants_of(db, user.id, client.client_id)
    _end_grants(db, user, client)
    consents.forget_consent(db, user.id, client.client_id)
    account_events.note(db, user.id, "app_removed", client_name=client.name, address=address)
    record_on_commit(db, "app_removed", client_id=client.client_id, sub=user.id)


def _end_grants(db: Session, user: SignedInUser, client: Client) -> None:
    """End every grant, expired ones too: an access token can outlive its grant by minutes."""
    unended = (
        (Grant.user_id == user.id)
        & (Grant.client_id == client.client_id)
        & Grant.ended_at.is_(None)
    )
    for grant_id in grants.lock_grants(db, unended):
        grants.end_grant(db, grant_id, Reason.REMOVED_BY_RESOURCE_OWNER)
