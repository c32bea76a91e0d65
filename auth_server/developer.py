"""A developer's own clients: which they are and what may be done to them. Anybody else's are not there. Nothing commits.

A form that is sent twice acts once, whoever resends it: a reload, a double click, the way back. The form for a new client
decides its identifier, so the second is found to be there; the form for a new secret names the secret that it replaces.
"""

from collections.abc import Sequence

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth_server import registrations
from auth_server.digests import keyed_digest
from auth_server.models import Client, User
from auth_server.registration_form import RegistrationForm
from auth_server.registrations import RegistrationError

MAX_CLIENTS = 50


class SentBefore(Exception):
    """This very form has done its work already."""


def own_clients(db: Session, owner: User) -> Sequence[Client]:
    """The clients that `owner` registered, newest first."""
    return db.scalars(
        select(Client)
        .where(Client.owner_id == owner.id)
        .order_by(Client.created_at.desc(), Client.client_id)
    ).all()


def own_client(
    db: Session, owner: User, client_id: str, *, to_change: bool = False
) -> Client | None:
    """That client, if it is one of `owner`'s."""
    if not (client_id.isascii() and client_id.isalnum()):
        return None
    statement = select(Client).where(Client.client_id == client_id, Client.owner_id == owner.id)
    client: Client | None = db.scalar(statement.with_for_update() if to_change else statement)
    return client


def register(
    db: Session, owner: User, form: RegistrationForm, form_id: str
) -> tuple[Client, str | None]:
    """A client of `owner`'s and its secret in clear; a public one has none.

    :raises SentBefore: when the form with that id has been sent before.
    :raises RegistrationError: when the registration would not be safe, or is one too many.
    """
    db.execute(select(User.id).where(User.id == owner.id).with_for_update())  # one form at a time
    client_id = _client_id(owner, form_id)
    if db.get(Client, client_id) is not None:
        raise SentBefore
    if form.objections:
        raise RegistrationError("The form is not complete.", form.objections)
    if not may_register(db, owner):
        raise RegistrationError(
            f"You have {MAX_CLIENTS} apps, which is the most. Delete one that you no longer need."
        )
    return registrations.register_client(
        db, **form.registration, is_public=form.is_public, owner=owner, client_id=client_id
    )


def may_register(db: Session, owner: User) -> bool:
    """Whether there is room for one more."""
    count = select(func.count()).select_from(Client).where(Client.owner_id == owner.id)
    return (db.scalar(count) or 0) < MAX_CLIENTS


def renew_secret(db: Session, client: Client, replaced: str) -> str:
    """A new secret in clear, for a client whose secret is still the one that `replaced` names.

    :raises SentBefore: when it is not.
    :raises RegistrationError: when the client is public.
    """
    if replaced != name_of_secret(client):
        raise SentBefore
    return registrations.rotate_secret(db, client.client_id)[1]


def name_of_secret(client: Client) -> str:
    """Tells one secret of a client from the next, and nothing about it."""
    return keyed_digest(
        str(current_app.secret_key), f"name of a secret: {client.client_secret_digest}"
    )[:16]


def _client_id(owner: User, form_id: str) -> str:
    """Nobody can choose it: whatever the form says, it is letters and digits that only this server can compute."""
    return keyed_digest(str(current_app.secret_key), f"client of a form: {owner.id} {form_id}")[:24]
