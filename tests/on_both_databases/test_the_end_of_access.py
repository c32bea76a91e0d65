"""The end of access at the moment in which it is used: afterwards, nothing of it works."""

from collections.abc import Callable
from threading import Thread

import pytest
from world.browser import Browser
from world.cast import Person
from world.legs import Legs
from world.page import Page
from world.registered_client import RegisteredClient, Tokens
from world.signed_in import signed_in
from world.threads import at_once

from auth_server import consents, grants, users
from tests.on_both_databases.conftest import active, authorize_and_redeem
from web.database import Database

ROUNDS = 6
EVERYTHING = "profile photos:read photos:write"
NewClient = Callable[[], RegisteredClient]
SetScope = Callable[[RegisteredClient, str], None]


@pytest.fixture
def new_person(legs: Legs) -> Callable[[], Person]:
    """Return a function that creates another user."""
    names = iter(range(1000))

    def new_person() -> Person:
        name = f"user{next(names)}"
        legs.run("users", "create", name, stdin="through the rabbit hole\n")
        return Person(
            name, "through the rabbit hole", Browser(legs.network, home=legs.auth_server_url)
        )

    return new_person


def use(client: RegisteredClient, refresh_token: str) -> list[Callable[[], object]]:
    """Return refreshes and a revocation of one grant."""
    return [
        *[lambda: client.refresh(refresh_token)] * 3,
        lambda: client.revoke(refresh_token),
        lambda: client.introspect(refresh_token),
    ]


def test_a_revoked_grant_stays_ended_beside_refreshes(
    alice: Person, client: RegisteredClient, resource_server: RegisteredClient
) -> None:
    for _ in range(ROUNDS):
        tokens = alice.connect(client)

        answers = at_once(
            *[lambda token=tokens.refresh_token: client.refresh(token)] * 2,  # type: ignore[misc]
            lambda token=tokens.access_token: client.revoke(token),  # type: ignore[misc]
            lambda token=tokens.refresh_token: client.revoke(token),  # type: ignore[misc]
        )

        assert [answer.status_code for answer in answers[2:]] == [200, 200]
        assert active(resource_server, *answers[:2]) == []
        assert not resource_server.holds(tokens.access_token)


def test_no_token_survives_a_deleted_client(
    legs: Legs,
    alice: Person,
    bob: Person,
    new_client: NewClient,
    resource_server: RegisteredClient,
) -> None:
    for _ in range(ROUNDS):
        client = new_client()
        grants = [person.connect(client) for person in (alice, bob, alice)]
        uses = [one for tokens in grants for one in use(client, tokens.refresh_token)]

        answers = at_once(
            lambda client=client: legs.run("clients", "delete", client.client_id),  # type: ignore[misc]
            *uses,
            lambda client=client: alice.ask(client.authorization_request().url),  # type: ignore[misc]
        )

        refreshed = [answer for answer in answers[1:-1] if "refresh_token" in answer.text]
        assert active(resource_server, *refreshed) == []
        assert not any(resource_server.holds(tokens.access_token) for tokens in grants)


def test_no_token_survives_a_deleted_user(
    legs: Legs,
    new_person: Callable[[], Person],
    client: RegisteredClient,
    resource_server: RegisteredClient,
) -> None:
    for _ in range(ROUNDS // 2):
        person = new_person()
        grants = [person.connect(client) for _ in range(3)]
        uses = [one for tokens in grants for one in use(client, tokens.refresh_token)]
        elsewhere = person.in_another_browser()

        answers = at_once(
            lambda person=person: legs.run("users", "delete", person.username),  # type: ignore[misc]
            *uses,
            lambda person=person: person.browser.get(client.authorization_request().url),  # type: ignore[misc]
            elsewhere.send_login,
        )

        refreshed = [answer for answer in answers[1:-2] if "refresh_token" in answer.text]
        assert active(resource_server, *refreshed) == []
        assert not any(resource_server.holds(tokens.access_token) for tokens in grants)
        assert answers[-1].status_code in (303, 403)
        assert not person.is_signed_in()
        assert not elsewhere.is_signed_in()


def test_deleting_a_user_waits_for_a_request_that_read_their_consents(
    legs: Legs, new_person: Callable[[], Person], client: RegisteredClient
) -> None:
    person = new_person()
    person.connect(client)
    database: Database = legs.auth_server.extensions["tripod.database"]
    with database.session(writing=False) as session:
        user = users.find_user(session, person.username)
    request = database.transaction(writing=True)
    consents.remembered_scopes(request, user.id, client.client_id)

    deletion = Thread(target=legs.run, args=("users", "delete", person.username))
    deletion.start()
    deletion.join(0.5)  # It has all locks that it gets by now.
    grants.begin_grant(
        request, signed_in(user), client.client_id, scope="profile", resources=None, lifetime=60
    )
    request.commit()
    deletion.join()

    assert not person.is_signed_in()


def test_a_withdrawn_scope_is_in_no_token_and_no_consent(
    alice: Person, new_client: NewClient, set_scope: SetScope, resource_server: RegisteredClient
) -> None:
    for _ in range(ROUNDS):
        client = new_client()
        grants = [alice.connect(client, scope=EVERYTHING) for _ in range(3)]
        code = alice.authorize(client, EVERYTHING)

        _, *answers, codes = at_once(
            lambda client=client: set_scope(client, "photos:read"),  # type: ignore[misc]
            *[
                lambda client=client, token=tokens.refresh_token: client.refresh(token)  # type: ignore[misc]
                for tokens in grants
                for _ in range(2)
            ],
            code.redeem,
            lambda client=client: authorize_and_redeem(alice, client, EVERYTHING),  # type: ignore[misc]
        )

        live = active(resource_server, *answers, *codes)
        live += [tokens.access_token for tokens in grants]
        scopes = {resource_server.introspect(token).json().get("scope") for token in live}
        assert scopes <= {"photos:read", None}
        set_scope(client, EVERYTHING)
        request = client.authorization_request(scope=EVERYTHING)
        assert "photos:write" in alice.consent_page(request.url).boxes


def test_a_removed_app_has_no_access_beside_refreshes_and_authorizations(
    alice: Person, client: RegisteredClient, resource_server: RegisteredClient
) -> None:
    alice.send_login()
    for _ in range(ROUNDS):
        grants = [alice.connect(client) for _ in range(3)]
        form = Page(alice.browser.get("/account/apps")).forms[-1].entries
        form["client_id"] = client.client_id

        *answers, removed, codes = at_once(
            *[
                lambda token=tokens.refresh_token: client.refresh(token)  # type: ignore[misc]
                for tokens in grants
                for _ in range(2)
            ],
            lambda form=form: alice.browser.post("/account/apps", form),  # type: ignore[misc]
            lambda: authorize_and_redeem(alice, client, "photos:read"),
        )

        assert removed.status_code == 303
        assert active(resource_server, *answers, *codes) == []
        assert alice.consent_page(client.authorization_request().url).boxes


def test_purging_deletes_nothing_that_can_be_used(
    legs: Legs, alice: Person, client: RegisteredClient, resource_server: RegisteredClient
) -> None:
    tokens = [alice.connect(client).refresh_token for _ in range(4)]
    for _ in range(ROUNDS):
        _, *answers = at_once(
            lambda: legs.run("tokens", "purge"),
            *[lambda token=token: client.refresh(token) for token in tokens for _ in range(2)],  # type: ignore[misc]
        )

        assert {answer.status_code for answer in answers} == {200}
        live = active(resource_server, *answers)
        tokens = [Tokens.read(answer).refresh_token for answer in answers]
        tokens = [token for token in tokens if token in live]
        assert len(tokens) == 4
