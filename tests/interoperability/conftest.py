"""Fixtures: an OpenID provider, and relying parties that other projects wrote."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from world.browser import Browser
from world.cast import Person
from world.node import prepare_program, running_program
from world.processes import free_ports
from world.sockets import Sockets

from tests.interoperability.in_python import running_python
from tests.interoperability.provider import (
    CertifiedServer,
    Provider,
    Registration,
    Tripod,
    Wanted,
    running_certified_server,
    running_tripod,
)
from tests.interoperability.relying_party import RelyingParty

HERE = Path(__file__).parent
#: Where the packages of the certified server are pinned.
CERTIFIED_SERVER = HERE.parent / "any_provider"
SCOPE = "openid profile email"

Start = Callable[..., RelyingParty]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests here, since each of them starts processes."""
    for item in items:
        if item.path.parent == HERE:
            item.add_marker("processes")


@pytest.fixture(scope="session")
def tripod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tripod]:
    with running_tripod(tmp_path_factory.mktemp("tripod")) as tripod:
        yield tripod


@pytest.fixture(scope="session")
def certified(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CertifiedServer]:
    folder = tmp_path_factory.mktemp("certified")
    program = HERE / "certified_server.mjs"
    prepare_program(folder, program, CERTIFIED_SERVER, request.config.cache)
    with running_certified_server(folder) as server:
        yield server


@pytest.fixture(scope="module", params=["tripod", "certified"])
def provider(request: pytest.FixtureRequest) -> Provider:
    """Return a provider. With the certified one, a test shows that it demands what is standard."""
    provider: Provider = request.getfixturevalue(request.param)
    return provider


@pytest.fixture(scope="module")
def start(
    provider: Provider, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Start]:
    """Return a function that registers and starts a peer. All stop at the end of the module."""
    alice = Person("alice", "wonderland", Browser(Sockets(), home=provider.issuer))
    cache = request.config.cache
    with ExitStack() as stack:

        def start_peer(
            name: str,
            *,
            callback: str = "/callback",
            scope: str = SCOPE,
            auth_method: str = "client_secret_basic",
            id_token_alg: str = "RS256",
            registers_itself: bool = False,
        ) -> RelyingParty:
            origin = "http://127.0.0.1:{}".format(*free_ports(1))
            registration = Registration("")
            if not registers_itself:
                registration = provider.register(
                    Wanted(
                        f"{origin}{callback}", f"{origin}/goodbye", scope, auth_method, id_token_alg
                    )
                )
            env = {
                "ISSUER": provider.issuer,
                "CLIENT_ID": registration.client_id,
                "CLIENT_SECRET": registration.client_secret,
                "ORIGIN": origin,
                "SCOPE": scope,
                "ID_TOKEN_ALG": id_token_alg,
            }
            folder = tmp_path_factory.mktemp(name)
            if (HERE / name / "program.mjs").exists():
                prepare_program(folder, HERE / name / "program.mjs", HERE / name, cache)
                shutil.copy(HERE / "serve.mjs", folder)
                stack.enter_context(running_program(folder, "program.mjs", env))
            else:
                stack.enter_context(running_python(folder, HERE / name, cache, env))
            return RelyingParty(origin, registration.client_id, alice)

        yield start_peer
