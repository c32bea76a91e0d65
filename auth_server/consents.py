"""The consents of resource owners, remembered so that they are not asked again. Nothing commits."""

from collections.abc import Collection

from sqlalchemy import bindparam, delete, select

from auth_server.models import Client, Consent, User
from auth_server.scopes import scope_list
from web.clock import now
from web.database import Session
from web.statements import Change, Executor, Query

_of_user_and_client = (Consent.user_id == bindparam("user_id")) & (
    Consent.client_id == bindparam("client_id")
)
# With a lock: while a grant begins without asking, the user cannot remove the app.
_FIND = Query(
    select(Consent.scope)
    .where(_of_user_and_client)
    .order_by(Consent.scope)
    .with_for_update(read=True),
    str,
)
_STORE = Change.insert(Consent, "user_id", "client_id", "scope", "granted_at")
_FORGET = Change(delete(Consent).where(_of_user_and_client))
_LOCK_USER = Query(
    select(User.id).where(User.id == bindparam("user_id")).with_for_update(key_share=True), str
)


def remembered_scopes(db: Executor, user_id: str, client_id: str) -> set[str]:
    """Return the scopes that the user has allowed the client."""
    return set(_FIND.all(db, user_id=user_id, client_id=client_id))


def remember_consent(db: Executor, user_id: str, client_id: str, scopes: Collection[str]) -> None:
    """Store a consent for each scope that has none.

    Lock the user if one is stored, so that only one request at a time stores consents of a user.
    """
    if remembered_scopes(db, user_id, client_id) >= set(scopes):
        return
    _LOCK_USER.one(db, user_id=user_id)
    known = remembered_scopes(db, user_id, client_id)
    for scope in scopes:
        if scope not in known:
            _STORE.run(db, user_id=user_id, client_id=client_id, scope=scope, granted_at=now())


def forget_consent(db: Executor, user_id: str, client_id: str) -> None:
    """Delete the user's consents for the client, so that it has to ask again."""
    _FORGET.run(db, user_id=user_id, client_id=client_id)


def forget_withdrawn_scopes(db: Session, client: Client) -> None:
    """Delete every consent for a scope that the registration of the client no longer has."""
    is_withdrawn = Consent.scope.not_in(scope_list(client.scope))
    db.execute(delete(Consent).where(Consent.client_id == client.client_id, is_withdrawn))
