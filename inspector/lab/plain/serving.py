"""Serves the plain server on a loopback port of its own, for as long as somebody is using it."""

import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy.orm import Session
from werkzeug.serving import WSGIRequestHandler, make_server

from inspector.lab.plain.app import create_app
from inspector.lab.plain.models import Client, Photo, User, in_memory

SCOPE = "profile photos:read photos:write"


@dataclass(frozen=True, kw_only=True)
class PlainClient:
    """A client that is registered there; its secret is made up anew each time."""

    client_id: str
    redirect_uri: str
    client_secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)


@contextmanager
def plain_server(accounts: Mapping[str, str], clients: Iterable[PlainClient]) -> Iterator[str]:
    """Its address. `accounts` are usernames and their passwords; everybody has two photos."""
    with in_memory() as db:
        _fill(db, accounts, clients)
        # One request at a time, since the database is one connection.
        server = make_server(
            "127.0.0.1", 0, create_app(db, secrets.token_hex()), request_handler=_Silent
        )
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()  # closes the port, too
            thread.join()


class _Silent(WSGIRequestHandler):
    """Logs no request: addresses hold codes."""

    def log(self, type: str, message: str, *args: object) -> None:
        """Nothing."""


def _fill(db: Session, accounts: Mapping[str, str], clients: Iterable[PlainClient]) -> None:
    for number, (username, password) in enumerate(accounts.items(), start=1):
        db.add(User(id=number, username=username, password=password))
        for title in ("The harbour at six", "Nobody on the pier"):
            db.add(Photo(id=secrets.token_hex(8), owner_id=number, title=title))
    for client in clients:
        db.add(_registered(client))
    db.commit()


def _registered(client: PlainClient) -> Client:
    registered = Client(client_id=client.client_id, client_secret=client.client_secret)
    registered.set_client_metadata(
        {
            "client_name": client.client_id,
            "redirect_uris": [client.redirect_uri],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "scope": SCOPE,
            "token_endpoint_auth_method": "client_secret_basic",
        }
    )
    return registered
