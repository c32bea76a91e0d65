"""The consents of resource owners, remembered so that they are not asked again. Nothing commits."""

from collections.abc import Iterable

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from auth_server.models import Client, Consent, User
from auth_server.scopes import scope_list
from web.clock import now


def remembered_scopes(db: Session, user_id: str, client_id: str) -> set[str]:
    """Return the scopes that the user has allowed the client."""
    statement = select(Consent.scope).where(
        Consent.user_id == user_id, Consent.client_id == client_id
    )
    return set(db.scalars(statement))


def remember_consent(db: Session, user_id: str, client_id: str, scopes: Iterable[str]) -> None:
    """Store a consent for each scope that has none. Lock the user: one request at a time."""
    db.execute(select(User.id).where(User.id == user_id).with_for_update())
    known = remembered_scopes(db, user_id, client_id)
    db.add_all(
        Consent(user_id=user_id, client_id=client_id, scope=scope, granted_at=now())
        for scope in scopes
        if scope not in known
    )
    db.flush()


def forget_consent(db: Session, user_id: str, client_id: str) -> None:
    """Delete the user's consents for the client, so that it has to ask again."""
    db.execute(delete(Consent).where(Consent.user_id == user_id, Consent.client_id == client_id))


def forget_withdrawn_scopes(db: Session, client: Client) -> None:
    """Delete every consent for a scope that the registration of the client no longer has."""
    is_withdrawn = Consent.scope.not_in(scope_list(client.scope))
    db.execute(delete(Consent).where(Consent.client_id == client.client_id, is_withdrawn))
