"""The most grants of one user to one client: when a new one comes, the oldest ends."""

import pytest
from sqlalchemy import func, select
from world.cast import Person
from world.clock import Clock
from world.events import Events
from world.registered_client import RegisteredClient, Tokens

from auth_server.grants import MAX_GRANTS, MAX_UNREDEEMED
from auth_server.models import Grant
from tests.auth_server.server import Server


def unended(server: Server) -> int:
    """Return how many grants have not ended."""
    with server.reading() as db:
        return db.scalar(select(func.count()).where(Grant.ended_at.is_(None))) or 0


@pytest.fixture
def connect(clock: Clock, alice: Person, print_shop: RegisteredClient) -> "Connect":
    return Connect(clock, alice, print_shop)


class Connect:
    """Alice connects Print Shop again and again, a second apart."""

    def __init__(self, clock: Clock, alice: Person, client: RegisteredClient) -> None:
        self.clock, self.alice, self.client = clock, alice, client

    def code(self) -> str:
        self.clock.forward(1)
        return self.alice.allow_request(self.client.authorization_path()).code

    def tokens(self) -> Tokens:
        return Tokens.read(self.client.redeem(self.code()))

    def holds(self, *tokens: Tokens) -> list[bool]:
        return [self.client.holds(one.refresh_token) for one in tokens]


def test_three_hundred_requests_leave_few_codes(
    server: Server, connect: Connect, events: Events
) -> None:
    codes = [connect.code() for _ in range(300)]

    assert unended(server) == MAX_UNREDEEMED
    assert connect.client.redeem(codes[-1]).status_code == 200
    assert connect.client.redeem(codes[-MAX_UNREDEEMED]).status_code == 200
    refused = connect.client.redeem(codes[-MAX_UNREDEEMED - 1])
    assert refused.json()["error"] == "invalid_grant"
    assert events.named("request_refused")[-1]["end_reason"] == "too_many_grants"


def test_a_new_connection_ends_the_oldest(server: Server, connect: Connect, events: Events) -> None:
    connections = [connect.tokens() for _ in range(MAX_GRANTS + 2)]

    assert connect.holds(*connections) == [False] * 2 + [True] * MAX_GRANTS
    assert unended(server) == MAX_GRANTS
    assert {entry["reason"] for entry in events.named("grant_ended")} == {"too_many_grants"}


def test_codes_that_nobody_redeems_do_not_end_the_newest_connections(connect: Connect) -> None:
    connections = [connect.tokens() for _ in range(MAX_GRANTS)]
    for _ in range(3 * MAX_GRANTS):
        connect.code()

    kept = MAX_GRANTS - MAX_UNREDEEMED
    assert connect.holds(*connections) == [False] * MAX_UNREDEEMED + [True] * kept


def test_expired_codes_do_not_count(server: Server, connect: Connect) -> None:
    connections = [connect.tokens() for _ in range(MAX_GRANTS - 1)]
    connect.clock.forward(-2)
    for _ in range(3):
        connect.code()
    connect.clock.forward(100)
    newest = connect.tokens()

    assert connect.holds(*connections[3:], newest) == [True] * (MAX_GRANTS - 3)
    assert unended(server) == MAX_GRANTS - 2


def test_all_codes_within_the_limit_can_be_redeemed(connect: Connect) -> None:
    codes = [connect.code() for _ in range(MAX_UNREDEEMED)]

    assert {connect.client.redeem(code).status_code for code in codes} == {200}


def test_a_grant_that_was_refreshed_is_as_old_as_its_authorization(connect: Connect) -> None:
    oldest = connect.tokens()
    others = [connect.tokens() for _ in range(MAX_GRANTS - 1)]
    refreshed = Tokens.read(connect.client.refresh(oldest.refresh_token))
    newest = connect.tokens()

    assert connect.holds(refreshed, *others, newest) == [False] + [True] * MAX_GRANTS


def test_the_limit_is_for_one_user_and_one_client(
    connect: Connect, alice: Person, bob: Person, posters: RegisteredClient
) -> None:
    bobs, others = bob.connect(connect.client), alice.connect(posters)
    for _ in range(MAX_GRANTS + 1):
        connect.tokens()

    assert connect.client.holds(bobs.access_token)
    assert posters.holds(others.access_token)


def test_the_limit_holds_for_a_public_client(
    server: Server, alice: Person, phone_app: RegisteredClient, photo_api: RegisteredClient
) -> None:
    tokens = [alice.connect(phone_app) for _ in range(MAX_GRANTS + 3)]

    assert unended(server) == MAX_GRANTS
    assert photo_api.holds(tokens[-1].refresh_token)


def test_the_index_finds_the_grants_that_have_not_ended(server: Server) -> None:
    """An authorization must not read all grants that ever ended."""
    statement = (
        "EXPLAIN QUERY PLAN SELECT id FROM grants"
        " WHERE user_id = 'u' AND client_id = 'c' AND ended_at IS NULL"
    )
    with server.reading() as db:
        plan = str(db.connection().exec_driver_sql(statement).all())

    assert "ix_grants_unended" in plan
