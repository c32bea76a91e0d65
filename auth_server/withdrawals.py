"""How grants and consents lose scopes: by the client's registration, or by the user's decision.

A grant keeps its remaining scope, and so do its tokens; without a remaining scope it ends. A scope
that comes back has to be allowed again. Nothing here commits.
"""

from collections.abc import Collection, Iterable, Iterator

from sqlalchemy import ColumnElement, bindparam, delete, select, update

from auth_server.grants import end_grant
from auth_server.models import Client, Consent, Grant, access_tokens
from auth_server.reasons import Reason
from auth_server.scopes import SCOPES, scope_list, scope_text
from web.clock import now
from web.statements import Change, Executor, Query


class _Statements:
    """The statements about the grants with a condition, and about the consents with another one."""

    def __init__(self, of_grant: ColumnElement[bool], of_consent: ColumnElement[bool]) -> None:
        token = access_tokens.c
        is_unexpired = token.grant_id.in_(select(Grant.id).where(of_grant)) & (
            token.expires_at > bindparam("now")
        )
        has_scope = is_unexpired & (token.scope == bindparam("old"))
        self.token_scopes = Query(select(token.scope).where(is_unexpired).distinct(), str)
        self.narrow_tokens = Change(
            update(access_tokens).where(has_scope).values(scope=bindparam("new"))
        )
        self.expire_tokens = Change(
            update(access_tokens).where(has_scope).values(expires_at=bindparam("now"))
        )
        unended = of_grant & Grant.ended_at.is_(None)
        has_scope = unended & (Grant.scope == bindparam("old"))
        self.grant_scopes = Query(select(Grant.scope).where(unended).distinct(), str)
        self.narrow_grants = Change(update(Grant).where(has_scope).values(scope=bindparam("new")))
        self.grants_with = Query(select(Grant.id).where(has_scope), str)
        self.consent_scopes = Query(select(Consent.scope).where(of_consent).distinct(), str)
        self.forget = Change(delete(Consent).where(of_consent, Consent.scope == bindparam("old")))


_OF_CLIENT = _Statements(
    Grant.client_id == bindparam("client_id"), Consent.client_id == bindparam("client_id")
)
_OF_USER_AND_CLIENT = _Statements(
    (Grant.client_id == bindparam("client_id")) & (Grant.user_id == bindparam("user_id")),
    (Consent.client_id == bindparam("client_id")) & (Consent.user_id == bindparam("user_id")),
)


def withdraw_from_client(db: Executor, client: Client) -> None:
    """Remove from everything granted to the client what its registration no longer has.

    Otherwise the next refresh would request more than the registration allows and be rejected as a
    whole. The caller has locked the grants.
    """
    allowed = scope_list(client.scope)
    _keep_only(db, _OF_CLIENT, allowed, Reason.SCOPE_WITHDRAWN, client_id=client.client_id)


def withdraw_from_user(
    db: Executor, user_id: str, client_id: str, scopes: Collection[str]
) -> set[str]:
    """Remove the scopes that the user no longer allows the client, and return those it had.

    The caller has locked the grants.
    """
    allowed = set(SCOPES) - set(scopes)
    return _keep_only(
        db,
        _OF_USER_AND_CLIENT,
        allowed,
        Reason.CONSENT_WITHDRAWN,
        client_id=client_id,
        user_id=user_id,
    )


def _keep_only(
    db: Executor, statements: _Statements, allowed: Collection[str], reason: Reason, **of: str
) -> set[str]:
    removed: set[str] = set()
    for old, new in _narrowed(statements.token_scopes.all(db, now=now(), **of), allowed):
        if new:
            statements.narrow_tokens.run(db, now=now(), old=old, new=new, **of)
        else:
            statements.expire_tokens.run(db, now=now(), old=old, **of)
    for old, new in _narrowed(statements.grant_scopes.all(db, **of), allowed):
        removed.update(set(scope_list(old)) - set(scope_list(new)))
        if new:
            statements.narrow_grants.run(db, old=old, new=new, **of)
            continue
        for grant_id in statements.grants_with.all(db, old=old, **of):
            end_grant(db, grant_id, reason)
    for scope in set(statements.consent_scopes.all(db, **of)) - set(allowed):
        removed.add(scope)
        statements.forget.run(db, old=scope, **of)
    return removed


def _narrowed(scopes: Iterable[str], allowed: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield each scope that is not allowed as a whole, and what remains of it."""
    for scope in scopes:
        parts = set(scope_list(scope))
        if not parts <= set(allowed):
            yield scope, scope_text(parts & set(allowed))
