"""Checks of what is registered at the authorization server."""

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from urllib.parse import urlsplit

from sqlalchemy import select

from auth_server.clients import all_clients
from auth_server.digests import digest_matches
from auth_server.models import Client, User
from web.addresses import is_loopback
from web.database import Session
from web.safety.installation import Installation

Check = Callable[[Installation], Iterator[str]]


def _reading(check: Callable[[Installation, Session], Iterator[str]]) -> Check:
    """Give the check a session.

    :raises StoreError: when the database cannot be read.
    """

    @wraps(check)
    def reading(installation: Installation) -> Iterator[str]:
        with installation.registrations() as db:
            yield from list(check(installation, db))

    return reading


@_reading
def check_demo_data(installation: Installation, db: Session) -> Iterator[str]:
    """Check that a real installation does not have the demo's users and clients.

    They are refused outside the demo. Their presence shows that the database was the demo's.
    """
    if installation.is_demo:
        return
    users = db.scalars(select(User.username).where(User.is_demo).order_by(User.username)).all()
    clients = [client.client_id for client in all_clients(db) if client.is_demo]
    if users or clients:
        names = ", ".join([*users, *clients])
        yield f"the database has users or clients of the demo ({names}): delete them."


@_reading
def check_redirect_uris(installation: Installation, db: Session) -> Iterator[str]:
    """Check that no code of a confidential client is sent over plain http, or to a user's machine.

    A public client may be an app on the user's machine (RFC 8252).
    """
    if installation.is_on_loopback:
        return
    for client in _confidential_clients(db):
        for uri in client.redirect_uris:
            if urlsplit(uri).scheme != "https" or is_loopback(urlsplit(uri).hostname or ""):
                yield f"the client {client.client_id} has the redirect URI {uri}: use https."


@_reading
def check_own_client(installation: Installation, db: Session) -> Iterator[str]:
    """Check that Print Shop is registered as its settings say."""
    own = installation.client_app
    if own is None or own.issuer != own.auth_server_url:
        return
    client = db.get(Client, own.client_id)
    if client is None or client.is_resource_server:
        yield "TRIPOD_CLIENT_ID is not the id of a registered client."
    elif client.is_public or not digest_matches(own.client_secret, client.client_secret_digest):
        yield "TRIPOD_CLIENT_SECRET is not the secret of TRIPOD_CLIENT_ID."
    elif f"{own.client_app_url}/callback" not in client.redirect_uris:
        yield f"TRIPOD_CLIENT_ID has not registered {own.client_app_url}/callback."
    elif unregistered := set(own.scope.split()) - set(client.scope.split()):
        names = " ".join(sorted(unregistered))
        yield f"TRIPOD_CLIENT_SCOPE has scopes that TRIPOD_CLIENT_ID has not registered: {names}."


@_reading
def check_resource_server(installation: Installation, db: Session) -> Iterator[str]:
    """Check that Photo API introspects with an account of its own, which can do nothing else."""
    own = installation.resource_api
    if own is None:
        return
    account = db.get(Client, own.introspection_client_id)
    if account is None or not account.is_resource_server:
        yield "TRIPOD_INTROSPECTION_CLIENT_ID is not the id of a registered resource server."
    elif not digest_matches(own.introspection_client_secret, account.client_secret_digest):
        yield "TRIPOD_INTROSPECTION_CLIENT_SECRET is not the secret of that resource server."


def _confidential_clients(db: Session) -> Sequence[Client]:
    return [client for client in all_clients(db) if not client.is_public]
