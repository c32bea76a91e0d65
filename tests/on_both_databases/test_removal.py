"""Clients and users that are removed while they are used: nothing they do can prevent it."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from requests import Response
from sqlalchemy import Engine, event, select
from world.browser import Browser
from world.cast import Person
from world.legs import Legs
from world.registered_client import RegisteredClient
from world.signed_in import signed_in
from world.threads import at_once

from auth_server import grants, removal, tokens
from auth_server.models import Client, Grant
from auth_server.users import find_user
from tests.on_both_databases.conftest import active
from web.clock import now
from web.database import Database
from web.purging import ROWS

PASSWORD = "through the rabbit hole"
NewClient = Callable[[], RegisteredClient]


@pytest.fixture
def database(legs: Legs) -> Database:
    """Return the database of the authorization server."""
    database: Database = legs.auth_server.extensions["tripod.database"]
    return database


@pytest.fixture
def new_person(legs: Legs) -> Callable[[], Person]:
    """Return a function that creates another user."""
    names = iter(range(1000))

    def new_person() -> Person:
        name = f"person{next(names)}"
        legs.run("users", "create", name, stdin=f"{PASSWORD}\n")
        return Person(name, PASSWORD, Browser(legs.network, home=legs.auth_server_url))

    return new_person


def add_grants(database: Database, username: str, client_id: str, count: int) -> None:
    """Store grants with a refresh token and an access token each."""
    with database.writing() as db:
        user = find_user(db, username)
        for number in range(count):
            grant = grants.begin_grant(
                db, signed_in(user), client_id, scope="profile", resources=None, lifetime=86400
            )
            response = {
                "refresh_token": f"rt-{client_id}-{number}",
                "access_token": f"at-{client_id}-{number}",
                "scope": "profile",
                "expires_in": 120,
            }
            tokens.store_tokens(
                db, response, grant_id=grant.id, audience=None, predecessor_digest=None, now=now()
            )


def watch_changes(engine: Engine) -> list[int]:
    """Return the list to which each DELETE and UPDATE adds the number of its rows."""
    counts: list[int] = []

    def count(_connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(("DELETE", "UPDATE")):
            counts.append(cursor.rowcount)

    event.listen(engine, "after_cursor_execute", count)
    return counts


@pytest.mark.parametrize("count", [3 * ROWS + 1])
def test_a_client_is_removed_in_small_steps(
    count: int, database: Database, new_client: NewClient, alice: Person
) -> None:
    client = new_client()
    add_grants(database, "alice", client.client_id, count)
    changed = watch_changes(database.engine)

    removal.remove_client(database, client.client_id)

    assert max(changed) <= ROWS
    assert sum(changed) >= 3 * count, "deleted with two tokens each"
    with database.session(writing=False) as db:
        assert db.get(Client, client.client_id) is None
        assert db.scalar(select(Grant.id).where(Grant.client_id == client.client_id)) is None


def test_all_access_ends_before_anything_is_deleted(
    database: Database,
    new_client: NewClient,
    alice: Person,
    resource_server: RegisteredClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The process that removes a client is killed in the middle."""
    client = new_client()
    held = alice.connect(client)
    code = alice.authorize(client)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(removal, "delete_grants", die)
    with pytest.raises(KeyboardInterrupt):
        removal.remove_client(database, client.client_id)

    assert not resource_server.holds(held.access_token)
    assert client.refresh(held.refresh_token).status_code == 401
    assert code.redeem().status_code == 401
    assert alice.ask(client.authorization_request().url).status_code == 400
    monkeypatch.undo()
    removal.remove_client(database, client.client_id)


def load(calls: list[Callable[[], Response]], work: Callable[[], Any]) -> Counter[int]:
    """Repeat each of the calls in a thread of its own during the work; return the statuses."""
    is_over, statuses = Event(), Counter[int]()

    def repeat(call: Callable[[], Response]) -> None:
        while not is_over.is_set():
            statuses[call().status_code] += 1

    with ThreadPoolExecutor(len(calls)) as threads:
        running = [threads.submit(repeat, call) for call in calls]
        try:
            time.sleep(0.1)
            work()
        finally:
            is_over.set()
        for one in running:
            one.result()
    return statuses


class Refreshing:
    """A hostile client that refreshes as fast as it can."""

    def __init__(self, client: RegisteredClient, refresh_token: str) -> None:
        self.client, self.refresh_token = client, refresh_token
        self.answers: list[Response] = []

    def __call__(self) -> Response:
        response = self.client.refresh(self.refresh_token)
        if response.status_code == 200:
            self.refresh_token = response.json()["refresh_token"]
            self.answers.append(response)
        return response


def test_a_hostile_client_cannot_prevent_its_removal(
    legs: Legs,
    database: Database,
    new_client: NewClient,
    alice: Person,
    bob: Person,
    resource_server: RegisteredClient,
) -> None:
    client = new_client()
    add_grants(database, "alice", client.client_id, 2 * ROWS)
    attacks = [
        Refreshing(client, person.connect(client).refresh_token)
        for person in (alice, bob)
        for _ in range(2)
    ]
    address = client.authorization_request().url

    statuses = load(
        [*attacks, lambda: alice.ask(address), lambda: bob.ask(address)],
        lambda: legs.run("clients", "delete", client.client_id),
    )

    assert max(statuses) < 500
    assert active(resource_server, *[one for attack in attacks for one in attack.answers]) == []
    assert (
        "There is no client"
        in legs.auth_server.test_cli_runner()
        .invoke(args=["clients", "delete", client.client_id])
        .stderr
    )


def test_a_user_is_removed_beside_refreshing_clients(
    legs: Legs,
    database: Database,
    new_client: NewClient,
    new_person: Callable[[], Person],
    resource_server: RegisteredClient,
) -> None:
    person, client = new_person(), new_client()
    add_grants(database, person.username, client.client_id, 2 * ROWS)
    attacks = [Refreshing(client, person.connect(client).refresh_token) for _ in range(3)]
    address = client.authorization_request().url
    elsewhere = person.in_another_browser()
    elsewhere.send_login()

    statuses = load(
        [*attacks, lambda: person.browser.get(address), lambda: elsewhere.browser.get(address)],
        lambda: legs.run("users", "delete", person.username),
    )

    assert max(statuses) < 500
    assert active(resource_server, *[one for attack in attacks for one in attack.answers]) == []
    assert not person.is_signed_in()
    assert not elsewhere.is_signed_in()


def test_authorizing_while_the_client_is_deleted_is_no_server_error(
    legs: Legs, alice: Person, bob: Person, new_client: NewClient
) -> None:
    for person in (alice, bob):
        person.send_login()
    for _ in range(6):
        client = new_client()
        address = client.authorization_request().url
        pages = [person.consent_page(address) for person in (alice, bob)]

        _, *responses = at_once(
            lambda client=client: legs.run("clients", "delete", client.client_id),  # type: ignore[misc]
            lambda page=pages[0]: alice.decide(page, "allow", *page.boxes),  # type: ignore[misc]
            lambda page=pages[1]: bob.decide(page, "allow", *page.boxes),  # type: ignore[misc]
            lambda address=address: alice.ask(address),  # type: ignore[misc]
        )

        assert {response.status_code for response in responses} <= {200, 302, 400}  # type: ignore[attr-defined]
        assert alice.ask(address).status_code == 400
