"""A registration that loses a scope takes it from everything that was granted under it.

Left alone, the next refresh would ask for more than the registration has and be refused as a whole. So the grant is left
with the rest, and a grant of which nothing is left ends. Should the scope come back, the person is asked for it again.
"""

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from auth_server import authorizations
from auth_server.models import Client, Consent, Grant, access_tokens
from auth_server.scopes import is_within, scope_list, scope_text
from web.clock import now

REASON = "scope withdrawn"


def narrow_grants(db: Session, client: Client) -> None:
    """Leave the client's grants, access tokens and remembered consents with what its registration has."""
    _narrow_access_tokens(db, client)
    _narrow_living_grants(db, client)
    withdrawn = Consent.scope.not_in(scope_list(client.scope))
    db.execute(delete(Consent).where(Consent.client_id == client.client_id, withdrawn))


def _narrow_access_tokens(db: Session, client: Client) -> None:
    tokens = access_tokens
    of_client = tokens.c.grant_id.in_(select(Grant.id).where(Grant.client_id == client.client_id))
    alive = of_client & (tokens.c.expires_at > now())
    for scope in db.scalars(select(tokens.c.scope).where(alive).distinct()).all():
        if not is_within(scope, client.scope):
            left = _left(scope, client)
            change = {"scope": left} if left else {"expires_at": now()}
            db.execute(update(tokens).where(alive, tokens.c.scope == scope).values(**change))


def _narrow_living_grants(db: Session, client: Client) -> None:
    living = (Grant.client_id == client.client_id) & Grant.ended_at.is_(None)
    for scope in db.scalars(select(Grant.scope).where(living).distinct()).all():
        if is_within(scope, client.scope):
            continue
        with_it = living & (Grant.scope == scope)
        if left := _left(scope, client):
            db.execute(update(Grant).where(with_it).values(scope=left))
            continue
        for grant_id in db.scalars(select(Grant.id).where(with_it)).all():
            authorizations.end_grant(db, grant_id, REASON)


def _left(scope: str, client: Client) -> str:
    return scope_text(set(scope_list(scope)) & set(scope_list(client.scope)))
