"""The stage as pytest fixtures: the three legs on one in-memory network, the cast, and a clock to turn.

A plugin: `pytest_plugins = ["world.fixtures"]` in a `conftest.py` gives them to the tests of any project
(docs/fixtures.md). `@pytest.mark.settings(REFRESH_TOKEN_GRACE="0")` starts a test's legs with other settings than the
demo's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from world.browser import Browser
from world.cast import Attacker, Person
from world.clock import Clock, turnable_clock
from world.network import Network
from world.registered_client import RegisteredClient

if TYPE_CHECKING:
    from world.legs import Legs
    from world.processes import Running

MALLORYS_PASSWORD = "through-the-keyhole"
EVERY_SCOPE = "profile photos:read photos:write"


def pytest_configure(config: pytest.Config) -> None:
    """Declare what the tests' marks mean."""
    config.addinivalue_line(
        "markers", "settings(**settings): starts the legs with TRIPOD_… as given"
    )


@dataclass(frozen=True)
class Stage:
    """An instance folder in which everybody is known already, so that no test has to wait for it."""

    instance_path: Path
    client: dict[str, Any]
    public_client: dict[str, Any]
    mallorys_client: dict[str, Any]


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Databases that are migrated and seeded, with Mallory and the third parties registered."""
    from world.legs import Legs

    path = tmp_path_factory.mktemp("stage") / "instance"
    legs = Legs(path)
    try:
        legs.run("users", "create", "mallory", stdin=MALLORYS_PASSWORD + "\n")
        return Stage(
            path,
            client=_registration(legs, "https://calendar.example/callback"),
            public_client=_registration(legs, "http://127.0.0.1:8400/callback", "--public"),
            mallorys_client=_registration(legs, "https://mallory.example/callback"),
        )
    finally:
        legs.close()


@pytest.fixture
def legs(stage: Stage, tmp_path: Path, request: pytest.FixtureRequest) -> "Iterator[Legs]":
    """The three legs, with the stage's data to themselves."""
    from world.legs import Legs, copy_of

    mark = request.node.get_closest_marker("settings")
    settings = {f"TRIPOD_{name}": value for name, value in mark.kwargs.items()} if mark else {}
    legs = Legs(copy_of(stage.instance_path, tmp_path / "instance"), **settings)
    yield legs
    legs.close()


@pytest.fixture(scope="session")
def legs_on_ports(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Running]":
    """The three legs as processes on free ports, for tests that cannot do without sockets."""
    from world.processes import running_legs

    with running_legs(tmp_path_factory.mktemp("legs")) as legs:
        yield legs


@pytest.fixture
def network(legs: "Legs") -> Network:
    """What the legs speak over: it can be cut, and remembers."""
    return legs.network


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Everybody's clock; ask for it before what it is to turn."""
    with turnable_clock() as clock:
        yield clock


@pytest.fixture
def browser(legs: "Legs", network: Network) -> Browser:
    """A browser in which nobody has signed in."""
    return Browser(network, home=legs.auth_server_url)


@pytest.fixture
def alice(legs: "Legs", network: Network) -> Person:
    """She owns photos."""
    return Person("alice", "wonderland", Browser(network, home=legs.auth_server_url))


@pytest.fixture
def bob(legs: "Legs", network: Network) -> Person:
    """He owns other photos."""
    return Person("bob", "builder", Browser(network, home=legs.auth_server_url))


@pytest.fixture
def mallory(legs: "Legs", stage: Stage) -> Attacker:
    """She attacks, with an account and a client of her own."""
    client = legs.client_with(stage.mallorys_client)
    return Attacker(
        "mallory", MALLORYS_PASSWORD, Browser(legs.network, home=legs.auth_server_url), client
    )


@pytest.fixture
def client(legs: "Legs", stage: Stage) -> RegisteredClient:
    """A confidential client that nobody here wrote, registered for every scope."""
    return legs.client_with(stage.client)


@pytest.fixture
def public_client(legs: "Legs", stage: Stage) -> RegisteredClient:
    """A client that cannot keep a secret, on the person's own machine."""
    return legs.client_with(stage.public_client)


@pytest.fixture
def resource_server(legs: "Legs") -> RegisteredClient:
    """The account under which the resource API introspects."""
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
