"""Clients that no person registered, while something else happens to them at the same moment."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from world.clock import Clock
from world.legs import Legs
from world.registered_client import RegisteredClient
from world.threads import repeat_at_once
from world.tls_host import TlsHost, send

from auth_server import expired_rows, metadata_documents
from auth_server.metadata_documents import MetadataDocuments
from auth_server.models import Client, Grant, User
from web.clock import now
from web.database import Database, Session

REDIRECT_URI = "http://127.0.0.1/callback"


@pytest.fixture
def database(clock: Clock, legs: Legs) -> Database:
    """Return the database of the authorization server."""
    database: Database = legs.auth_server.extensions["tripod.database"]
    return database


@pytest.fixture
def host(legs: Legs, tmp_path: Path) -> Iterator[TlsHost]:
    host = TlsHost(tmp_path)
    document = {"client_id": host.url(), "redirect_uris": [REDIRECT_URI]}
    host.answer = send(json.dumps(document).encode())
    legs.auth_server.extensions["tripod.metadata_documents"] = MetadataDocuments(host.client())
    yield host
    host.close()


def register(legs: Legs) -> RegisteredClient:
    """Let a program register itself."""
    session = legs.session()
    members = {"redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "none"}
    response = session.post(f"{legs.auth_server_url}/oauth/register", json=members)
    return RegisteredClient(
        issuer=legs.auth_server_url,
        client_id=response.json()["client_id"],
        redirect_uri=REDIRECT_URI,
        client_secret=None,
        http=session,
    )


def test_one_document_becomes_one_client(legs: Legs, database: Database, host: TlsHost) -> None:
    def refresh() -> None:
        with legs.auth_server.app_context():
            metadata_documents.refresh(host.url(), "127.0.0.1")

    repeat_at_once(6, refresh)

    with database.session(writing=False) as db:
        count = select(func.count()).where(Client.client_id == host.url())
        assert db.scalar(count) == 1


def test_programs_that_register_at_the_same_moment_all_get_a_client(
    legs: Legs, database: Database
) -> None:
    registered = repeat_at_once(8, lambda: register(legs))

    assert len({client.client_id for client in registered}) == 8


def test_a_client_that_a_user_is_allowing_is_not_purged(
    clock: Clock, legs: Legs, database: Database
) -> None:
    """An authorization request locks the client, and then stores a grant."""
    client = register(legs)
    clock.forward(days=1)
    with ThreadPoolExecutor(1) as pool:
        with database.writing() as db:
            db.scalar(select(Client).where(Client.client_id == client.client_id).with_for_update())
            purged = pool.submit(expired_rows.purge_unused_clients, database)
            time.sleep(0.3)
            db.add(make_grant(db, client.client_id))
        assert purged.result() == 0

    with database.session(writing=False) as db:
        assert db.get(Client, client.client_id) is not None


def make_grant(db: Session, client_id: str) -> Grant:
    user_id = db.scalars(select(User.id).where(User.username == "alice")).one()
    return Grant(
        id="a-new-grant",
        user_id=user_id,
        client_id=client_id,
        scope="profile",
        created_at=now(),
        expires_at=now() + timedelta(days=1),
    )


def test_a_client_is_purged_once(clock: Clock, legs: Legs, database: Database) -> None:
    for _ in range(3):
        register(legs)
    clock.forward(days=1)
    counts = repeat_at_once(3, lambda: expired_rows.purge_unused_clients(database))

    assert sum(counts) == 3


def test_the_use_of_a_client_is_stored_once_an_hour(
    clock: Clock, legs: Legs, database: Database
) -> None:
    client = register(legs)
    with database.writing() as db:
        db.add(make_grant(db, client.client_id))

    counts = [expired_rows.store_used_clients(database) for _ in range(2)]
    clock.forward(hours=1)
    counts.append(expired_rows.store_used_clients(database))

    assert counts == [1, 0, 1]
