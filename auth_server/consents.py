"""The consents of resource owners, remembered so that they are not asked again. Nothing commits.

A consent becomes outdated when the client changes what the user saw when they allowed it. It is
kept, so that the consent page can say why it asks again.
"""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, select, update

from auth_server.models import Consent
from web.clock import now
from web.statements import Change, Executor, Query


class _Remembered(NamedTuple):
    """A scope that the user allowed, and when."""

    scope: str
    granted_at: datetime


_of_user_and_client = (Consent.user_id == bindparam("user_id")) & (
    Consent.client_id == bindparam("client_id")
)
# With a lock: while a grant begins without asking, the user cannot remove the app.
_FIND = Query(
    select(Consent.scope, Consent.granted_at)
    .where(_of_user_and_client, Consent.outdated_by.is_(None))
    .order_by(Consent.scope)
    .with_for_update(read=True),
    _Remembered,
)
_STORE = Change.insert(Consent, "user_id", "client_id", "scope", "granted_at")
_FORGET = Change(delete(Consent).where(_of_user_and_client))
_FORGET_ONE = Change(delete(Consent).where(_of_user_and_client, Consent.scope == bindparam("one")))
_changes = func.coalesce(Consent.outdated_by, "")
_LIST_CHANGES = Query(select(_changes).where(_of_user_and_client).distinct(), str.split)
_LIST_CHANGES_OF_CLIENT = Query(
    select(_changes).where(Consent.client_id == bindparam("client_id")).distinct(), str.split
)
_OUTDATE = Change(
    update(Consent)
    .where(Consent.client_id == bindparam("of_client"), _changes == bindparam("known"))
    .values(outdated_by=bindparam("changes"))
)


def remembered_scopes(db: Executor, user_id: str, client_id: str) -> set[str]:
    """Return the scopes that the user has allowed the client as it is now."""
    return set(remembered_consents(db, user_id, client_id))


def remembered_consents(db: Executor, user_id: str, client_id: str) -> dict[str, datetime]:
    """Return when the user allowed each scope to the client as it is now."""
    return dict(_FIND.all(db, user_id=user_id, client_id=client_id))


def remember_consent(db: Executor, user_id: str, client_id: str, scopes: Collection[str]) -> None:
    """Store a consent for each scope that has none, or an outdated one.

    The caller has locked the grants, so that only one request at a time stores consents.
    """
    for scope in sorted(set(scopes) - remembered_scopes(db, user_id, client_id)):
        _FORGET_ONE.run(db, user_id=user_id, client_id=client_id, one=scope)
        _STORE.run(db, user_id=user_id, client_id=client_id, scope=scope, granted_at=now())


def forget_consent(db: Executor, user_id: str, client_id: str) -> None:
    """Delete the user's consents for the client, so that it has to ask again."""
    _FORGET.run(db, user_id=user_id, client_id=client_id)


def outdate_consents(db: Executor, client_id: str, changes: Collection[str]) -> None:
    """Note what the client has changed. It has to ask every user again."""
    for known in _LIST_CHANGES_OF_CLIENT.all(db, client_id=client_id):
        text = " ".join(sorted({*known, *changes}))
        _OUTDATE.run(db, of_client=client_id, known=" ".join(known), changes=text)


def changes_since_consent(db: Executor, user_id: str, client_id: str) -> set[str]:
    """Return what the client has changed since the user allowed it."""
    found = _LIST_CHANGES.all(db, user_id=user_id, client_id=client_id)
    return {change for changes in found for change in changes}
