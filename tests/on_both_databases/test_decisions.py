"""Decisions of users and changes of clients, at the moment in which access begins or is used."""

from collections.abc import Callable
from functools import partial

from requests import Response
from sqlalchemy import func, select
from world.cast import Person
from world.legs import Legs
from world.registered_client import RegisteredClient, query_of
from world.threads import at_once, repeat_at_once

from auth_server import clients
from auth_server.client_metadata import ClientMetadata
from auth_server.grants import MAX_GRANTS, MAX_UNREDEEMED
from auth_server.models import Client, Grant
from tests.on_both_databases.conftest import active, authorize_and_redeem
from web.database import Database

ROUNDS = 6
EVERYTHING = "profile photos:read photos:write"
NewClient = Callable[[], RegisteredClient]


def test_a_withdrawn_permission_is_in_no_token_beside_refreshes_and_authorizations(
    alice: Person, new_client: NewClient, resource_server: RegisteredClient
) -> None:
    for number in range(ROUNDS):
        client = new_client()
        grants = [alice.connect(client, scope=EVERYTHING) for _ in range(3)]
        page = alice.consent_page(
            client.authorization_request(scope=EVERYTHING, prompt="consent").url
        )
        decision = ("allow", "profile") if number % 2 else ("deny",)

        _, *answers, codes = at_once(
            partial(alice.decide, page, *decision),
            *[partial(client.refresh, tokens.refresh_token) for tokens in grants for _ in range(2)],
            partial(authorize_and_redeem, alice, client, EVERYTHING),
        )

        live = active(resource_server, *answers, *codes)
        live += [tokens.access_token for tokens in grants]
        scopes = {resource_server.introspect(token).json().get("scope") for token in live}
        assert scopes <= {"profile", None}
        asked = alice.consent_page(client.authorization_request(scope=EVERYTHING).url).boxes
        assert {"photos:read", "photos:write"} <= set(asked)


def test_two_decisions_at_the_same_moment_leave_what_one_of_them_says(
    alice: Person, new_client: NewClient, resource_server: RegisteredClient
) -> None:
    for _ in range(ROUNDS):
        client = new_client()
        tokens = alice.connect(client, scope=EVERYTHING)
        request = client.authorization_request(scope=EVERYTHING, prompt="consent")
        pages = [alice.consent_page(request.url) for _ in range(2)]

        answers = at_once(
            partial(alice.decide, pages[0], "allow", "profile", "photos:read"),
            partial(alice.decide, pages[1], "allow", "photos:read", "photos:write"),
        )

        assert [answer.status_code for answer in answers] == [302, 302]
        left = resource_server.introspect(tokens.access_token).json()["scope"]
        assert left == "photos:read"
        request = client.authorization_request(scope=EVERYTHING)
        assert list(alice.consent_page(request.url).boxes) in (["profile"], ["photos:write"])


def test_no_code_that_was_sent_to_a_removed_address_can_be_redeemed(
    legs: Legs, alice: Person, new_client: NewClient
) -> None:
    for _ in range(ROUNDS):
        client = new_client()
        alice.connect(client)
        request = client.authorization_request()

        moved, *answers = at_once(
            partial(move, legs, client, "https://moved.example/callback"),
            *[partial(alice.ask, request.url)] * 4,
        )

        assert moved is None
        codes = [query_of(answer.headers.get("Location", "")).get("code") for answer in answers]
        redeemed = [client.redeem(code, request.verifier) for code in codes if code]
        assert {answer.status_code for answer in redeemed} <= {400}
        elsewhere = client.authorization_request(redirect_uri="https://moved.example/callback")
        assert alice.consent_page(elsewhere.url).boxes


def move(legs: Legs, client: RegisteredClient, redirect_uri: str) -> None:
    """Replace the redirect URI of the client."""
    database: Database = legs.auth_server.extensions["tripod.database"]
    with legs.auth_server.app_context(), database.writing() as db:
        registered = db.get_one(Client, client.client_id, with_for_update=True)
        metadata = ClientMetadata(
            name=registered.name, redirect_uris=[redirect_uri], scope=registered.scope
        )
        clients.update_client(db, registered, metadata)


def test_parallel_authorizations_leave_no_more_grants_than_the_limit(
    legs: Legs, alice: Person, client: RegisteredClient, resource_server: RegisteredClient
) -> None:
    first = alice.connect(client)

    repeat_at_once(24, lambda: alice.ask(client.authorization_request().url))
    assert unended(legs, client) == MAX_UNREDEEMED + 1
    answers: list[list[Response]] = repeat_at_once(
        24, lambda: authorize_and_redeem(alice, client, "photos:read")
    )

    assert unended(legs, client) <= MAX_GRANTS
    statuses = [answer.status_code for [answer] in answers]
    assert set(statuses) <= {200, 400}
    assert statuses.count(200) >= MAX_UNREDEEMED
    newest = alice.connect(client)
    assert resource_server.holds(newest.access_token)
    assert client.refresh(first.refresh_token).status_code in (200, 400)
    assert unended(legs, client) <= MAX_GRANTS


def unended(legs: Legs, client: RegisteredClient) -> int:
    """Return how many grants of the client have not ended."""
    database: Database = legs.auth_server.extensions["tripod.database"]
    condition = (Grant.client_id == client.client_id) & Grant.ended_at.is_(None)
    with database.session(writing=False) as db:
        return db.scalar(select(func.count()).where(condition)) or 0
