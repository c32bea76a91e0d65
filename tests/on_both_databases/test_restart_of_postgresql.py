"""A restart of PostgreSQL under load: requests get 503 with `Retry-After`, nothing else fails."""

import json
import secrets
import time
from collections.abc import Iterator

import pytest
import requests
from world.browser import Browser
from world.cast import Person
from world.load import Load, RefreshingClient, connections, under, works_as_active
from world.page import Page
from world.postgresql import PostgreSQL
from world.processes import Running, run, running_legs
from world.registered_client import RegisteredClient
from world.sockets import Sockets

pytestmark = pytest.mark.processes

REDIRECT_URI = "https://calendar.example/callback"
#: In seconds: how long the database runs before a stop, and is stopped.
UP, DOWN = 1.0, 0.7
RESTARTS = 2


@pytest.fixture(scope="module")
def running(postgresql: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run the three legs as processes, with a database each."""
    names = ("TRIPOD_AUTH_DATABASE_URL", "TRIPOD_RESOURCE_DATABASE_URL", "TRIPOD_SESSION_STORE_URL")
    urls = {name: postgresql.create_database(secrets.token_hex(8)) for name in names}
    with running_legs(tmp_path_factory.mktemp("legs"), **urls) as legs:
        yield legs


@pytest.fixture
def alice(running: Running) -> Person:
    """Return Alice, who has connected Print Shop."""
    alice = Person("alice", "wonderland", Browser(Sockets(), home=running.auth_server_url))
    page = alice.go_through(f"{running.client_app_url}/connect")
    assert "Alice’s album" in page.text
    return alice


@pytest.fixture
def client(running: Running) -> RegisteredClient:
    """Return a confidential client."""
    options = ("--name", "Calendar", "--redirect-uri", REDIRECT_URI, "--scope", "photos:read")
    factory = ("-m", "flask", "--app", "app:create_auth_server")
    created = run(*factory, "clients", "create", *options, "--json", env=running.env)
    assert created.returncode == 0, created.stderr
    identity = json.loads(created.stdout)
    return RegisteredClient(
        issuer=running.auth_server_url,
        client_id=identity["client_id"],
        client_secret=identity["client_secret"],
        redirect_uri=REDIRECT_URI,
        http=Sockets().mount(requests.Session()),
    )


def loads(alice: Person, client: RegisteredClient, running: Running) -> list[Load]:
    """Return requests of every kind."""
    tokens = alice.connect(client)
    refreshing = [RefreshingClient(connections(client), alice.connect(client)) for _ in range(3)]
    introspecting, revoking = connections(client), connections(client)
    api = Sockets().mount(requests.Session())
    photos = f"{running.resource_api_url}/photos"
    refresh = f"{running.client_app_url}/refresh"
    headers = {"Authorization": f"Bearer {tokens.access_token}"}
    bob = Person("bob", "builder", Browser(Sockets(), home=running.auth_server_url))
    form = Page(bob.browser.get("/login")).form
    login = form.entries | {"username": "bob", "password": "builder"}
    return [
        *[Load("refresh", one.refresh, {200}) for one in refreshing],
        Load(
            "introspection",
            lambda: works_as_active(introspecting.introspect(tokens.access_token)),
            {200},
        ),
        Load("revocation", lambda: revoking.revoke("unknown"), {200}),
        Load("authorization", lambda: alice.browser.get(client.authorization_path()), {302}),
        Load("login page", lambda: bob.browser.get("/login"), {200}),
        Load("sign-in", lambda: bob.browser.post("/login", login), {303, 400}),
        Load("photos", lambda: api.get(photos, headers=headers), {200}),
        Load("form without a token", lambda: alice.browser.post(refresh), {400}),
        Load("album", lambda: alice.browser.get(f"{running.client_app_url}/photos"), {200}),
    ]


def test_a_restart_causes_only_refusals(
    postgresql: PostgreSQL, running: Running, alice: Person, client: RegisteredClient
) -> None:
    every_load = loads(alice, client, running)

    with under(every_load):
        for _ in range(RESTARTS):
            time.sleep(UP)
            postgresql.stop()
            time.sleep(DOWN)
            postgresql.start()
        time.sleep(UP)

    assert [answer for load in every_load for answer in load.wrong] == []
    refused = {load.name for load in every_load if load.statuses[503]}
    assert refused >= {"refresh", "introspection", "authorization", "sign-in", "photos", "album"}
    assert [load.name for load in every_load if load.send().status_code == 503] == []
    assert "unexpected error" not in running.output
