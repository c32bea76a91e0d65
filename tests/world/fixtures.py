"""Pytest fixtures: the three legs on one in-memory network, people, clients, and a clock.

With `pytest_plugins = ["world.fixtures"]` in a `conftest.py`, the tests of any project can use them
(docs/fixtures.md). `@pytest.mark.settings(REFRESH_TOKEN_GRACE="0")` starts the legs of a test with
other settings than the demo's.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from world.browser import Browser
from world.cast import Attacker, Person
from world.clock import Clock, turnable_clock
from world.hashing import cheap_hashing
from world.network import Network
from world.registered_client import RegisteredClient

if TYPE_CHECKING:
    from world.legs import Legs
    from world.postgresql import PostgreSQL
    from world.processes import Running
    from world.redis_server import RedisServer

MALLORYS_PASSWORD = "through-the-keyhole"
EVERY_SCOPE = "profile photos:read photos:write"


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks of the tests."""
    config.addinivalue_line(
        "markers", "settings(**settings): starts the legs with TRIPOD_… as given"
    )


@dataclass(frozen=True)
class Stage:
    """An instance folder in which all users and clients are registered. Tests copy it."""

    instance_path: Path
    client: dict[str, Any]
    public_client: dict[str, Any]
    mallorys_client: dict[str, Any]


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Prepare the databases, with Mallory's account and the clients of third parties."""
    with cheap_hashing():
        return prepare_stage(tmp_path_factory.mktemp("stage") / "instance", {})


def prepare_stage(instance_path: Path, settings: Mapping[str, str]) -> Stage:
    """Create the databases that `settings` name, or SQLite files in the instance folder."""
    from world.legs import Legs

    legs = Legs(instance_path, **settings)
    try:
        legs.run("users", "create", "mallory", stdin=MALLORYS_PASSWORD + "\n")
        return Stage(
            instance_path,
            client=_registration(legs, "https://calendar.example/callback"),
            public_client=_registration(legs, "http://127.0.0.1:8400/callback", "--public"),
            mallorys_client=_registration(legs, "https://mallory.example/callback"),
        )
    finally:
        legs.close()


@pytest.fixture(scope="session")
def postgresql() -> "Iterator[PostgreSQL]":
    """Run a PostgreSQL server, which stops at the end."""
    from world.postgresql import running_postgresql

    with running_postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> "Iterator[RedisServer]":
    """Run a Redis server, which stops at the end."""
    from world.redis_server import running_redis

    with running_redis() as server:
        yield server


@pytest.fixture
def legs(stage: Stage, tmp_path: Path, request: pytest.FixtureRequest) -> "Iterator[Legs]":
    """Run the three legs on a copy of the stage's data."""
    from world.legs import Legs, copy_of

    mark = request.node.get_closest_marker("settings")
    settings = {f"TRIPOD_{name}": value for name, value in mark.kwargs.items()} if mark else {}
    with cheap_hashing():
        legs = Legs(copy_of(stage.instance_path, tmp_path / "instance"), **settings)
        yield legs
        legs.close()


@pytest.fixture(scope="session")
def legs_on_ports(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Running]":
    """Run the three legs as processes on free ports, for tests that need sockets."""
    from world.processes import running_legs

    with running_legs(tmp_path_factory.mktemp("legs")) as legs:
        yield legs


@pytest.fixture
def network(legs: "Legs") -> Network:
    """Return the network of the legs. It records requests, and can fail on purpose."""
    return legs.network


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Return the clock of this process. A test requests it before the other fixtures."""
    with turnable_clock() as clock:
        yield clock


@pytest.fixture
def browser(legs: "Legs", network: Network) -> Browser:
    """Return a browser in which no user is signed in."""
    return Browser(network, home=legs.auth_server_url)


@pytest.fixture
def alice(legs: "Legs", network: Network) -> Person:
    """Return Alice, who owns photos."""
    return Person("alice", "wonderland", Browser(network, home=legs.auth_server_url))


@pytest.fixture
def bob(legs: "Legs", network: Network) -> Person:
    """Return Bob, who owns other photos."""
    return Person("bob", "builder", Browser(network, home=legs.auth_server_url))


@pytest.fixture
def mallory(legs: "Legs", stage: Stage) -> Attacker:
    """Return Mallory, an attacker with an account and a registered client."""
    client = legs.client_with(stage.mallorys_client)
    return Attacker(
        "mallory", MALLORYS_PASSWORD, Browser(legs.network, home=legs.auth_server_url), client
    )


@pytest.fixture
def client(legs: "Legs", stage: Stage) -> RegisteredClient:
    """Return a confidential client of a third party, registered for every scope."""
    return legs.client_with(stage.client)


@pytest.fixture
def public_client(legs: "Legs", stage: Stage) -> RegisteredClient:
    """Return a public client, on the user's own machine."""
    return legs.client_with(stage.public_client)


@pytest.fixture
def resource_server(legs: "Legs") -> RegisteredClient:
    """Return the client that the resource API uses for introspection."""
    return legs.resource_server()


def _registration(legs: "Legs", redirect_uri: str, *options: str) -> dict[str, Any]:
    import json

    common = (
        "--name",
        "Paper Calendar",
        "--redirect-uri",
        redirect_uri,
        "--scope",
        EVERY_SCOPE,
        "--json",
    )
    registration: dict[str, Any] = json.loads(legs.run("clients", "create", *common, *options))
    return registration
