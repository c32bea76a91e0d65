"""Outside the demo, the same database refuses the demo's users, clients and tokens."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from world.cast import Person
from world.registered_client import RegisteredClient, Tokens

from tests.auth_server.server import Server


@pytest.fixture
def outside(server: Server, start: Callable[..., Server]) -> Server:
    """Return a server on the same database, started with TRIPOD_DEMO=0."""
    return start(DEMO="0")


def test_demo_accounts_cannot_sign_in(outside: Server) -> None:
    for username, password in (("alice", "wonderland"), ("bob", "builder")):
        assert outside.person(username, password).send_login().status_code == 403


def test_a_sign_in_of_a_demo_account_is_invalid(alice: Person, outside: Server) -> None:
    alice.send_login()
    the_same = outside.person(alice.username, alice.password)
    the_same.browser.session_cookie = alice.browser.session_cookie

    assert alice.is_signed_in()
    assert not the_same.is_signed_in()


def test_other_sign_ins_stay_valid(mallory: Person, outside: Server) -> None:
    mallory.send_login()
    the_same = outside.person(mallory.username, mallory.password)
    the_same.browser.session_cookie = mallory.browser.session_cookie

    assert the_same.is_signed_in()


def test_demo_clients_cannot_request_authorization(
    mallory: Person, print_shop: RegisteredClient, outside: Server
) -> None:
    answer = outside.browser().get(print_shop.authorization_path())

    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_demo_clients_cannot_authenticate(
    mallory: Person, print_shop: RegisteredClient, photo_api: RegisteredClient, outside: Server
) -> None:
    tokens = mallory.connect(print_shop)
    prints, photos = (
        replace(print_shop, http=outside.session()),
        replace(photo_api, http=outside.session()),
    )

    assert prints.refresh(tokens.refresh_token).status_code == 401
    assert prints.revoke(tokens.refresh_token).status_code == 401
    assert photos.introspect(tokens.access_token).status_code == 401


def test_tokens_of_demo_clients_are_inactive(
    mallory: Person,
    print_shop: RegisteredClient,
    registers: Callable[..., RegisteredClient],
    outside: Server,
) -> None:
    tokens = mallory.connect(print_shop)
    an_api = replace(registers("--name", "An API", "--resource-server"), http=outside.session())

    assert not an_api.holds(tokens.access_token)
    assert not an_api.holds(tokens.refresh_token)


def test_tokens_of_demo_accounts_are_inactive(
    alice: Person, posters: RegisteredClient, outside: Server
) -> None:
    tokens = alice.connect(posters)
    client = replace(posters, http=outside.session())

    assert posters.holds(tokens.access_token)
    assert not client.holds(tokens.access_token)
    assert not client.holds(tokens.refresh_token)


def test_refresh_tokens_of_demo_accounts_are_rejected(
    alice: Person, posters: RegisteredClient, outside: Server
) -> None:
    tokens = alice.connect(posters)
    answer = replace(posters, http=outside.session()).refresh(tokens.refresh_token)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert posters.refresh(tokens.refresh_token).status_code == 200


def test_codes_of_demo_accounts_are_rejected(
    alice: Person, posters: RegisteredClient, outside: Server
) -> None:
    code = alice.allow_request(posters.authorization_path()).code
    answer = replace(posters, http=outside.session()).redeem(code)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert posters.redeem(code).status_code == 200


def test_other_users_and_clients_are_served(
    mallory: Person, posters: RegisteredClient, outside: Server
) -> None:
    client = replace(posters, http=outside.session())
    tokens = outside.person(mallory.username, mallory.password).connect(client)

    assert Tokens.read(client.refresh(tokens.refresh_token))


def test_nothing_is_seeded(start: Callable[..., Server], server: Server, outside: Server) -> None:
    for username in ("alice", "bob", "lab-carol", "lab-mallory"):
        server.run("users", "delete", username)
    server.run("clients", "delete", "print-shop")
    once_more = Server(outside.settings)
    users, clients = once_more.run("users", "list").output, once_more.run("clients", "list").output
    once_more.database.close()

    assert users.startswith("mallory")
    assert "print-shop" not in clients


def test_the_demo_seeds_missing_data_again(server: Server, print_shop: RegisteredClient) -> None:
    server.run("users", "delete", "alice")
    server.run("clients", "delete", "print-shop")
    once_more = Server(server.settings)
    alice = once_more.person("alice", "wonderland")
    tokens = alice.connect(replace(print_shop, http=once_more.session()))
    once_more.database.close()

    assert tokens.scope == "profile photos:read"
