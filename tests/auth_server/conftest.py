"""Fixtures for the authorization server, on a copy of a database that is prepared once.

Passwords are hashed with less work than outside the tests.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jinja2 import FileSystemBytecodeCache
from world.cast import Attacker, Person
from world.clock import Clock, stopped_clock
from world.events import Events
from world.hashing import cheap_hashing
from world.id_tokens import read_id_token
from world.registered_client import RegisteredClient

from auth_server import clients, create_app, users
from auth_server.client_metadata import ClientMetadata
from config import AuthServerSettings
from tests.auth_server.self_registered import Program
from tests.auth_server.server import NOON, Server
from web.database import Database

MALLORYS_PASSWORD = "no good at all"
REGISTRATIONS: dict[str, dict[str, Any]] = {
    "posters": {"name": "Mallory's Posters", "redirect_uris": ["https://mallory.example/callback"]},
    "calendars": {
        "name": "Calendars",
        "redirect_uris": [
            "https://calendars.example/callback?shop=7&lang=de",
            "http://127.0.0.1:7001/callback",
        ],
    },
    "phone_app": {
        "name": "Phone App",
        "redirect_uris": ["http://127.0.0.1/callback", "http://[::1]:8080/callback?from=phone"],
        "auth_method": "none",
    },
}


@dataclass(frozen=True)
class Instance:
    """A prepared instance folder, the output of its registrations, and the servers that use it."""

    path: Path
    client_ids: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str | None] = field(default_factory=dict)
    servers: dict[frozenset[tuple[str, str]], Server] = field(default_factory=dict)
    _unchanged: list[int] = field(default_factory=list)

    @property
    def database(self) -> Path:
        return self.path / "auth_server.db"

    def settings(self, **environ: str) -> AuthServerSettings:
        """Return the environment for a start; the names in `environ` are without `TRIPOD_`."""
        return AuthServerSettings.load(
            {"TRIPOD_DEMO": "1", "TRIPOD_INSTANCE_PATH": str(self.path)}
            | {f"TRIPOD_{name}": value for name, value in environ.items()}
        )

    def forget_everything(self) -> None:
        """Restore the prepared database if a test wrote to it; servers keep no other state."""
        if self._unchanged == self._look():
            return
        for server in self.servers.values():
            server.database.close()
        for file in self.path.glob("auth_server.db*"):
            file.unlink()
        shutil.copy(self.path / "prepared.db", self.database)
        self._unchanged[:] = self._look()

    def _look(self) -> list[int]:
        """Return values that change with the first write to the database or its log."""
        written_ahead = self.database.with_name("auth_server.db-wal")
        return [
            self.database.stat().st_mtime_ns,
            written_ahead.stat().st_size if written_ahead.exists() else 0,
        ]


@pytest.fixture(scope="session")
def prepared_instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """Prepare the demo's data, Mallory's account, and three clients."""
    instance = Instance(tmp_path_factory.mktemp("instance"))
    with cheap_hashing():
        app = create_app(instance.settings())
        database: Database = app.extensions["tripod.database"]
        with app.app_context(), database.writing() as db:
            users.create_user(
                db, username="mallory", name="Mallory Moore", password=MALLORYS_PASSWORD
            )
            for name, registration in REGISTRATIONS.items():
                metadata = ClientMetadata(
                    name=registration["name"],
                    redirect_uris=registration["redirect_uris"],
                    scope="profile photos:read",
                    auth_method=registration.get("auth_method"),
                )
                client, secret = clients.register_client(db, metadata)
                instance.client_ids[name], instance.secrets[name] = client.client_id, secret
    database.close()
    shutil.copy(instance.database, instance.path / "prepared.db")
    yield instance
    instance.forget_everything()


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def instance(prepared_instance: Instance) -> Instance:
    """Return the prepared instance, without the data of the previous test."""
    prepared_instance.forget_everything()
    return prepared_instance


@pytest.fixture
def instance_database(instance: Instance) -> Path:
    """Return the database file of the server under test."""
    return instance.database


@pytest.fixture
def start(
    instance: Instance, compiled_templates: FileSystemBytecodeCache
) -> Iterator[Callable[..., Server]]:
    """Return a function that starts a server on the shared database; settings lack `TRIPOD_`."""

    def start(**environ: str) -> Server:
        key = frozenset(environ.items())
        if key not in instance.servers:
            instance.servers[key] = Server(instance.settings(**environ), compiled_templates)
        instance.servers[key].reset_network()
        for counts in ("failure", "registration", "document"):
            instance.servers[key].app.extensions[f"tripod.{counts}_counts"].clear()
        return instance.servers[key]

    with cheap_hashing():
        yield start


@pytest.fixture
def server(start: Callable[..., Server], request: pytest.FixtureRequest) -> Server:
    """Start the server in the demo, with the settings of the test's mark."""
    mark = request.node.get_closest_marker("settings")
    return start(**mark.kwargs if mark else {})


@pytest.fixture
def alice(server: Server) -> Person:
    return server.person("alice", "wonderland")


@pytest.fixture
def bob(server: Server) -> Person:
    return server.person("bob", "builder")


@pytest.fixture
def mallory(server: Server, posters: RegisteredClient) -> Attacker:
    return Attacker("mallory", MALLORYS_PASSWORD, server.browser(), posters)


@pytest.fixture
def print_shop(server: Server) -> RegisteredClient:
    """Return the demo's confidential client."""
    secret, callback = (
        server.settings.demo_client_secret,
        f"{server.settings.client_app_url}/callback",
    )
    return server.client("print-shop", secret, callback)


@pytest.fixture
def hint(alice: Person, print_shop: RegisteredClient) -> str:
    """Return an ID token of alice, who stays signed in and has allowed `openid`."""
    return alice.connect(print_shop, scope="openid").id_token


@pytest.fixture
def claims(server: Server, hint: str) -> dict[str, Any]:
    """Return the claims of that ID token."""
    return read_id_token(hint, server.browser().get("/oauth/jwks"))


@pytest.fixture
def photo_api(server: Server) -> RegisteredClient:
    """Return the demo's resource server, which may only introspect."""
    return server.client("photo-api", server.settings.demo_introspection_client_secret)


@pytest.fixture
def registered(server: Server, instance: Instance) -> Callable[[str], RegisteredClient]:
    def registered(name: str) -> RegisteredClient:
        redirect_uri = REGISTRATIONS[name]["redirect_uris"][0]
        return server.client(instance.client_ids[name], instance.secrets[name], redirect_uri)

    return registered


@pytest.fixture
def posters(registered: Callable[[str], RegisteredClient]) -> RegisteredClient:
    """Return Mallory's confidential client, with one redirect URI and only the scopes to read."""
    return registered("posters")


@pytest.fixture
def calendars(registered: Callable[[str], RegisteredClient]) -> RegisteredClient:
    """Return a confidential client with two redirect URIs, of which the first has a query."""
    return registered("calendars")


@pytest.fixture
def phone_app(registered: Callable[[str], RegisteredClient]) -> RegisteredClient:
    """Return a public client on loopback."""
    return registered("phone_app")


@pytest.fixture
def program(server: Server) -> Program:
    """Return a program that can register itself."""
    return Program(server)


@pytest.fixture
def registers(server: Server) -> Callable[..., RegisteredClient]:
    """Return a function that registers a client with `flask clients create`."""

    def registers(*arguments: str) -> RegisteredClient:
        registration = json.loads(server.run("clients", "create", "--json", *arguments).output)
        redirect_uri = (registration["redirect_uris"] or [""])[0]
        secret = registration.get("client_secret")
        return server.client(registration["client_id"], secret, redirect_uri, registration["scope"])

    return registers


@pytest.fixture
def events() -> Iterator[Events]:
    """Return the events of the test until now."""
    events = Events()
    events.attach()
    yield events
    events.detach()


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Return a clock that stands still at noon until the test moves it."""
    with stopped_clock(NOON) as clock:
        yield clock
