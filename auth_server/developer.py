"""A developer's own clients, and what the developer may do with them. Nothing here commits.

A client of another owner is treated as if it did not exist. A form that is sent twice, by a reload
or a double click, acts once: the form for a new client determines its identifier, so that the
second request finds the client; the form for a new secret names the secret that it replaces.
"""

from collections.abc import Sequence

from flask import current_app
from sqlalchemy import func, select

from auth_server import clients
from auth_server.digests import digest, keyed_digest
from auth_server.errors import RegistrationError
from auth_server.models import Client, User
from auth_server.registration_form import RegistrationForm
from auth_server.signed_in_user import SignedInUser
from web.database import Session

MAX_CLIENTS = 50


class AlreadySubmitted(Exception):
    """A form that has been submitted before, and has taken effect."""


def own_clients(db: Session, owner: SignedInUser) -> Sequence[Client]:
    """Return the clients that `owner` registered, newest first."""
    return db.scalars(
        select(Client)
        .where(Client.owner_id == owner.id)
        .order_by(Client.created_at.desc(), Client.client_id)
    ).all()


def own_client(
    db: Session, owner: SignedInUser, client_id: str, *, lock: bool = False
) -> Client | None:
    """Return the client if `owner` owns it, or None. With `lock`, lock its row for a change."""
    if not (client_id.isascii() and client_id.isalnum()):
        return None
    statement = select(Client).where(Client.client_id == client_id, Client.owner_id == owner.id)
    if lock:
        statement = statement.with_for_update()
    client: Client | None = db.scalar(statement)
    return client


def register(
    db: Session, owner: SignedInUser, form: RegistrationForm, form_id: str
) -> tuple[Client, str | None]:
    """Register a client of `owner`, and return it with its secret in clear, if it has one.

    :raises AlreadySubmitted: when the form with that id has been submitted before.
    :raises RegistrationError: when the form is not valid, or `owner` has too many clients.
    """
    # Lock the owner: of two requests with one form, the second must find the client of the first.
    db.execute(select(User.id).where(User.id == owner.id).with_for_update())
    client_id = _client_id(owner, form_id)
    if db.get(Client, client_id) is not None:
        raise AlreadySubmitted
    if form.objections:
        raise RegistrationError("The form is not complete.", form.objections)
    if not can_register(db, owner):
        raise RegistrationError(
            f"You have {MAX_CLIENTS} apps, which is the most. Delete one that you no longer need."
        )
    return clients.register_client(db, form.metadata, owner=owner, client_id=client_id)


def can_register(db: Session, owner: SignedInUser) -> bool:
    """Return whether `owner` has fewer clients than the limit."""
    count = select(func.count()).select_from(Client).where(Client.owner_id == owner.id)
    return (db.scalar(count) or 0) < MAX_CLIENTS


def changes_redirect_uris(client: Client, form: RegistrationForm) -> bool:
    """Return whether the form is valid and would change the redirect URIs of the client."""
    metadata = form.metadata
    is_valid = not metadata.objections(is_public=client.is_public)
    return is_valid and set(metadata.redirect_uris) != set(client.redirect_uris)


def renew_secret(db: Session, client: Client, replaced: str) -> str:
    """Replace the secret of a client, and return the new one in clear.

    :raises AlreadySubmitted: when `replaced` does not name the current secret.
    :raises RegistrationError: when the client is public.
    """
    if replaced != secret_name(client):
        raise AlreadySubmitted
    return clients.rotate_secret(db, client.client_id)[1]


def secret_name(client: Client) -> str:
    """Return a name that tells the current secret from the next one and reveals nothing."""
    return digest(f"name of a secret: {client.client_secret_digest}")[:16]


def _client_id(owner: SignedInUser, form_id: str) -> str:
    """Return the identifier for the client of a form: only this server can compute it."""
    return keyed_digest(str(current_app.secret_key), f"client of a form: {owner.id} {form_id}")[:24]
