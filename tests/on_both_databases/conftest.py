"""The legs on SQLite and on PostgreSQL. Nothing may fail, whatever happens at the same moment."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from requests import Response
from sqlalchemy import make_url
from world.cast import Person
from world.fixtures import Stage, prepare_stage
from world.legs import Legs, copy_of
from world.postgresql import ON_BOTH_DATABASES
from world.registered_client import RegisteredClient, query_of

from auth_server import clients
from auth_server.client_metadata import ClientMetadata
from auth_server.models import Client
from web.database import Database

DATABASE_URL = "TRIPOD_AUTH_DATABASE_URL"


@pytest.fixture(scope="session", params=ON_BOTH_DATABASES)
def settings(request: pytest.FixtureRequest) -> dict[str, str]:
    """Return the settings of the stage."""
    if request.param == "sqlite":
        return {}
    server = request.getfixturevalue("postgresql")
    return {DATABASE_URL: server.create_database(f"stage-{secrets.token_hex(4)}")}


@pytest.fixture(params=ON_BOTH_DATABASES)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/leg.db"
    created: str = request.getfixturevalue("postgresql").create_database(secrets.token_hex(8))
    return created


@pytest.fixture(scope="session")
def stage(settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Prepare the databases, with Mallory's account and the clients of third parties."""
    return prepare_stage(tmp_path_factory.mktemp("stage") / "instance", settings)


@pytest.fixture
def legs(
    stage: Stage,
    settings: dict[str, str],
    tmp_path: Path,
    request: pytest.FixtureRequest,
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Legs]:
    """Run the legs on a copy of the stage. At the end, check that no request failed."""
    mark = request.node.get_closest_marker("settings")
    own = {f"TRIPOD_{name}": value for name, value in mark.kwargs.items()} if mark else {}
    server, deadlocks = None, 0
    if settings:
        server = request.getfixturevalue("postgresql")
        template = str(make_url(settings[DATABASE_URL]).database)
        own[DATABASE_URL] = server.create_database(secrets.token_hex(8), template)
        deadlocks = server.deadlocks
    legs = Legs(copy_of(stage.instance_path, tmp_path / "instance"), **own)
    yield legs
    legs.close()
    assert [exchange for exchange in legs.network.exchanges if exchange.status >= 500] == []
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
    if server is not None:
        assert server.deadlocks == deadlocks


@pytest.fixture
def set_scope(legs: Legs) -> Callable[[RegisteredClient, str], None]:
    """Return a function that changes the scope of a client's registration."""

    def set_scope(client: RegisteredClient, scope: str) -> None:
        database: Database = legs.auth_server.extensions["tripod.database"]
        with legs.auth_server.app_context(), database.writing() as db:
            registered = db.get_one(Client, client.client_id)
            metadata = ClientMetadata(
                name=registered.name, redirect_uris=registered.redirect_uris, scope=scope
            )
            clients.update_client(db, registered, metadata)

    return set_scope


@pytest.fixture
def new_client(legs: Legs) -> Callable[[], RegisteredClient]:
    """Return a function that registers another confidential client."""

    def new_client() -> RegisteredClient:
        name = secrets.token_hex(4)
        return legs.register_client(
            f"https://{name}.example/callback", "profile photos:read photos:write"
        )

    return new_client


def active(resource_server: RegisteredClient, *answers: Any) -> list[str]:
    """Return those tokens of the token responses that are active."""
    documents = [answer.json() for answer in answers if "refresh_token" in answer.text]
    tokens = [
        document[name]
        for document in documents
        for name in ("access_token", "refresh_token")
        if name in document
    ]
    return [token for token in tokens if resource_server.holds(token)]


def authorize_and_redeem(person: Person, client: RegisteredClient, scope: str) -> list[Response]:
    """Return the token response for an authorization request, unless the user is asked first."""
    request = client.authorization_request(scope=scope)
    code = query_of(person.ask(request.url).headers.get("Location", "")).get("code")
    if code is None:
        return []
    return [client.redeem(code, request.verifier)]
