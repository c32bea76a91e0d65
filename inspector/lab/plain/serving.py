"""Runs the plain server with its users and clients."""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from inspector.lab.local_server import serving
from inspector.lab.plain.app import create_app
from inspector.lab.plain.models import Client, Photo, User, create_database

SCOPE = "openid profile photos:read photos:write"


@dataclass(frozen=True, kw_only=True)
class PlainClient:
    """A client of the plain server. Each instance gets a new random secret."""

    client_id: str
    redirect_uri: str
    client_secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)


@contextmanager
def plain_server(accounts: Mapping[str, str], clients: Iterable[PlainClient]) -> Iterator[str]:
    """Run the plain server inside the block, and yield its address.

    `accounts` maps usernames to passwords. Each user has two photos.
    """
    with create_database() as db:
        _seed(db, accounts, clients)
        # The server has one thread, since the database has one connection.
        with serving(create_app(db, secrets.token_hex()), threaded=False) as url:
            yield url


def _seed(db: Session, accounts: Mapping[str, str], clients: Iterable[PlainClient]) -> None:
    for number, (username, password) in enumerate(accounts.items(), start=1):
        db.add(User(id=number, username=username, password=password))
        for title in ("The harbour at six", "Nobody on the pier"):
            db.add(Photo(id=secrets.token_hex(8), owner_id=number, title=title))
    for client in clients:
        db.add(_create_client(client))
    db.commit()


def _create_client(client: PlainClient) -> Client:
    created = Client(client_id=client.client_id, client_secret=client.client_secret)
    created.set_client_metadata(
        {
            "client_name": client.client_id,
            "redirect_uris": [client.redirect_uri],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "scope": SCOPE,
            "token_endpoint_auth_method": "client_secret_basic",
        }
    )
    return created
