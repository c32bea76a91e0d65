"""Refresh tokens that are presented more than once at the same moment (RFC 6749 §6)."""

import pytest
from world.cast import Person
from world.registered_client import RegisteredClient
from world.threads import repeat_at_once

from tests.on_both_databases.conftest import active

ROUNDS = 10


def test_two_parallel_refreshes_leave_one_active_pair_of_tokens(
    alice: Person, client: RegisteredClient, resource_server: RegisteredClient
) -> None:
    token = alice.connect(client).refresh_token
    for _ in range(ROUNDS):
        answers = repeat_at_once(2, lambda token=token: client.refresh(token))  # type: ignore[misc]

        assert [answer.status_code for answer in answers] == [200, 200]
        live = active(resource_server, *answers)
        assert len(live) == 2, "one access token and one refresh token"
        token = live[1]


@pytest.mark.parametrize("count", [3, 16])
def test_more_parallel_presentations_end_the_grant(
    count: int, alice: Person, client: RegisteredClient, resource_server: RegisteredClient
) -> None:
    for _ in range(ROUNDS // 2):
        token = alice.connect(client).refresh_token

        answers = repeat_at_once(count, lambda token=token: client.refresh(token))  # type: ignore[misc]

        statuses = [answer.status_code for answer in answers]
        assert 1 <= statuses.count(200) <= 2
        assert statuses.count(400) == count - statuses.count(200)
        assert active(resource_server, *answers) == []


def test_a_public_client_has_no_grace(
    alice: Person, public_client: RegisteredClient, resource_server: RegisteredClient
) -> None:
    for _ in range(ROUNDS // 2):
        token = alice.connect(public_client).refresh_token

        answers = repeat_at_once(2, lambda token=token: public_client.refresh(token))  # type: ignore[misc]

        assert sorted(answer.status_code for answer in answers) == [200, 400]
        assert active(resource_server, *answers) == []
