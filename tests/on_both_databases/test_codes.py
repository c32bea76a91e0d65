"""Authorization codes that are presented more than once at the same moment (RFC 6749 §4.1.2)."""

from requests import Response
from world.cast import Person
from world.registered_client import RegisteredClient, Tokens
from world.threads import at_once, repeat_at_once

from tests.on_both_databases.conftest import active

ROUNDS = 10


def test_one_of_fifty_parallel_redemptions_succeeds(
    alice: Person, client: RegisteredClient, resource_server: RegisteredClient
) -> None:
    code = alice.authorize(client)

    answers = repeat_at_once(50, code.redeem)

    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 49
    assert {answer.json()["error"] for answer in answers if answer.status_code == 400} == {
        "invalid_grant"
    }
    assert active(resource_server, *answers) == []


def test_a_replayed_code_ends_the_grant_beside_a_refresh(
    alice: Person, client: RegisteredClient, resource_server: RegisteredClient
) -> None:
    for _ in range(ROUNDS):
        code = alice.authorize(client)
        first = code.redeem()
        refresh_token = Tokens.read(first).refresh_token

        answers: list[Response] = at_once(
            code.redeem, *[lambda token=refresh_token: client.refresh(token)] * 2, code.redeem
        )

        assert [answers[0].status_code, answers[3].status_code] == [400, 400]
        assert active(resource_server, first, *answers) == []


def test_parallel_authorizations_of_one_user_and_client_all_succeed(
    alice: Person, client: RegisteredClient
) -> None:
    alice.send_login()
    for scope in ("photos:read", "photos:read photos:write", "photos:read profile"):
        requests = [client.authorization_request(scope=scope) for _ in range(8)]
        pages = [alice.consent_page(request.url) for request in requests[:4]]

        responses = at_once(
            *[
                lambda page=page: alice.decide(page, "allow", *page.boxes)  # type: ignore[misc]
                for page in pages
            ],
        )

        assert {response.status_code for response in responses} == {302}
    codes = [alice.authorize(client, "profile photos:read photos:write") for _ in range(2)]
    assert {answer.status_code for answer in at_once(*[code.redeem for code in codes])} == {200}
