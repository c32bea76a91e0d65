"""Two nodes behind nginx: one of them is killed under load, and comes back."""

import secrets
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest
import requests
from world.actors import Actor
from world.cast import Person
from world.load import Load, RefreshingClient, connections, under, works_as_active
from world.nodes import Nodes, two_nodes
from world.postgresql import PostgreSQL
from world.redis_server import RedisServer
from world.sockets import Sockets
from world.unreliable import REFUSALS, Unreliable
from world.watched_grant import Watch

pytestmark = pytest.mark.processes

ACTORS = 3
#: In seconds: how long both nodes serve, and one of them.
BOTH, ONE = 1.5, 2.0
#: For each load or actor and each kill: the request that was at the node, and what it was part of.
MOST_REFUSALS = 3


@pytest.fixture(params=["postgresql", "redis"])
def session_store_url(request: pytest.FixtureRequest, postgresql: PostgreSQL) -> str:
    """Return the address of the store of Print Shop's sessions."""
    if request.param == "redis":
        server: RedisServer = request.getfixturevalue("redis_server")
        return server.create_database()
    return postgresql.create_database(secrets.token_hex(8))


@pytest.fixture
def nodes(postgresql: PostgreSQL, session_store_url: str, tmp_path: Path) -> Iterator[Nodes]:
    """Run two nodes that share PostgreSQL and the store of Print Shop's sessions."""
    names = ("TRIPOD_AUTH_DATABASE_URL", "TRIPOD_RESOURCE_DATABASE_URL")
    shared = {name: postgresql.create_database(secrets.token_hex(8)) for name in names}
    shared["TRIPOD_SESSION_STORE_URL"] = session_store_url
    with two_nodes(tmp_path, shared) as nodes:
        yield nodes


@pytest.fixture
def alice(nodes: Nodes) -> Person:
    """Return Alice, who has connected Print Shop."""
    alice = nodes.create_person("alice")
    page = alice.go_through(f"{nodes.client_app_url}/connect")
    assert "album" in page.text
    return alice


def loads_of(nodes: Nodes, alice: Person) -> list[Load]:
    """Return requests of every kind."""
    client = nodes.create_client("calendar")
    tokens = alice.connect(client)
    refreshing = RefreshingClient(connections(client), alice.connect(client))
    introspecting, api = connections(nodes.resource_server()), Sockets().mount(requests.Session())
    photos = f"{nodes.resource_api_url}/photos"
    headers = {"Authorization": f"Bearer {tokens.access_token}"}
    load = partial(Load, refusals=REFUSALS)
    return [
        load("refresh", refreshing.refresh, {200}),
        load(
            "introspection",
            lambda: works_as_active(introspecting.introspect(tokens.access_token)),
            {200},
        ),
        load("authorization", lambda: alice.browser.get(client.authorization_path()), {302}),
        load("photos", lambda: api.get(photos, headers=headers), {200}),
        load("album", lambda: alice.browser.get(f"{nodes.client_app_url}/photos"), {200}),
    ]


def count_answers(loads: Sequence[Load]) -> dict[str, int]:
    """Return the number of answers of each load that were no refusals."""
    return {load.name: load.statuses.total() - load.refused for load in loads}


def test_a_killed_node_breaks_no_promise(nodes: Nodes, alice: Person) -> None:
    network, watch = Unreliable(), Watch(has_faults=True)
    actors = [Actor(f"actor{n}", nodes, watch, network, seed=n) for n in range(ACTORS)]
    loads = loads_of(nodes, alice)
    unserved = []

    with under([*loads, *actors]):
        for node in nodes.nodes:
            time.sleep(BOTH)
            node.kill()
            time.sleep(ONE / 2)
            before = count_answers(loads)
            time.sleep(ONE / 2)
            unserved += [name for name, now in count_answers(loads).items() if now == before[name]]
            node.start()
            node.wait_until_ready()

    assert watch.promises.broken == []
    assert watch.promises.checked > 100
    assert [answer for load in loads for answer in load.wrong] == []
    assert unserved == [], "the other node did not serve, or the first one did not come back"
    kills = len(nodes.nodes)
    assert {load.name: load.refused for load in loads if load.refused > MOST_REFUSALS * kills} == {}
    assert network.refused <= ACTORS * MOST_REFUSALS * kills
    assert network.failures == []
    assert "unexpected error" not in nodes.output
