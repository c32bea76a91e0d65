"""T1, T2 – Access token request and response (RFC 6749 §4.1.3, §5.1, §5.2, RFC 7636 §4.5, §4.6)."""

import json
from dataclasses import replace

import pytest
from requests import Response
from world.cast import Person
from world.clock import Clock
from world.events import Events
from world.page import media_type
from world.registered_client import Parameter, RegisteredClient, Tokens
from world.threads import repeat_at_once

from auth_server.errors import DESCRIPTIONS
from tests.auth_server.server import VERIFIER, Server

ELSES_VERIFIER = "a-verifier-that-somebody-else-made-up-9876543210"

NOT_THE_VERIFIER: dict[str, tuple[Parameter, str]] = {
    "missing": (None, "invalid_request"),
    "empty": ("", "invalid_request"),
    "too short": (VERIFIER[:42], "invalid_request"),
    "too long": (VERIFIER + "x" * 100, "invalid_request"),
    "not of its alphabet": (f"{VERIFIER}!", "invalid_request"),
    "not ASCII": (f"{VERIFIER}é", "invalid_request"),
    "somebody else's": (ELSES_VERIFIER, "invalid_grant"),
    "in capitals": (VERIFIER.upper(), "invalid_grant"),
    "with a new line": (f"{VERIFIER}\n", "invalid_grant"),
}


@pytest.fixture
def code(alice: Person, print_shop: RegisteredClient) -> str:
    return alice.allow_request(print_shop.authorization_path()).code


def error(answer: Response) -> str:
    """Return the error of a response that has the form of §5.2."""
    assert media_type(answer) == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert {"error", "error_description"} == set(answer.json())
    return str(answer.json()["error"])


# The response -----------------------------------------------------------------


def test_a_code_is_redeemed_for_tokens(print_shop: RegisteredClient, code: str) -> None:
    """§5.1."""
    answer = print_shop.redeem(code)

    assert answer.status_code == 200
    assert set(answer.json()) == {
        "access_token",
        "token_type",
        "expires_in",
        "refresh_token",
        "scope",
    }
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("Bearer", 120)
    assert answer.json()["scope"] == "profile photos:read"


def test_the_token_response_must_not_be_cached(print_shop: RegisteredClient, code: str) -> None:
    """§5.1: the server MUST include Cache-Control with a value of "no-store", and Pragma."""
    answer = print_shop.redeem(code)

    assert media_type(answer) == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    assert "Set-Cookie" not in answer.headers


def test_every_issued_token_is_different(alice: Person, print_shop: RegisteredClient) -> None:
    answers = [alice.connect(print_shop) for _ in range(3)]

    tokens = {token for answer in answers for token in (answer.access_token, answer.refresh_token)}
    assert len(tokens) == 6
    assert min(map(len, tokens)) >= 43


@pytest.mark.settings(ACCESS_TOKEN_LIFETIME="7")
def test_the_access_token_lifetime_is_a_setting(
    clock: Clock, print_shop: RegisteredClient, code: str
) -> None:
    tokens = Tokens.read(print_shop.redeem(code))
    clock.forward(6)
    was_active = print_shop.holds(tokens.access_token)
    clock.forward(1)

    assert tokens.expires_in == 7
    assert was_active
    assert not print_shop.holds(tokens.access_token)


def test_issued_tokens_are_logged(print_shop: RegisteredClient, code: str, events: Events) -> None:
    tokens = Tokens.read(print_shop.redeem(code))

    [redeemed] = events.named("code_redeemed")
    assert (redeemed["client_id"], redeemed["scope"]) == ("print-shop", "profile photos:read")
    assert tokens.access_token not in json.dumps(events.entries)
    assert tokens.refresh_token not in json.dumps(events.entries)


# Rejected requests ------------------------------------------------------------


@pytest.mark.parametrize("presented", ["made-up", "x" * 10_000, "\0", "é", "' OR 1=1 --"])
def test_an_unknown_code_is_rejected(
    print_shop: RegisteredClient, presented: str, events: Events
) -> None:
    answer = print_shop.redeem(presented)

    assert (answer.status_code, error(answer)) == (400, "invalid_grant")
    assert [entry["reason"] for entry in events.named("request_refused")] == ["unknown_code"]


@pytest.mark.parametrize(
    "redirect_uri",
    [
        None,
        "",
        "http://127.0.0.1:9001/",
        "http://127.0.0.1:9001/callback/",
        "https://evil.example/",
        "é",
    ],
)
def test_the_redirect_uri_must_equal_that_of_the_authorization_request(
    print_shop: RegisteredClient, code: str, redirect_uri: Parameter
) -> None:
    """§4.1.3: if it was included in the authorization request, their values MUST be identical."""
    refused = print_shop.redeem(code, redirect_uri=redirect_uri)
    owner = print_shop.redeem(code)

    assert (refused.status_code, error(refused)) == (400, "invalid_grant")
    assert owner.status_code == 200


def test_the_event_log_says_how_the_redirect_uri_differs(
    print_shop: RegisteredClient, code: str, events: Events
) -> None:
    print_shop.redeem(code, redirect_uri="http://127.0.0.1:9009/callback")

    [refusal] = events.named("request_refused")
    assert (refusal["reason"], refusal["differs_at"]) == ("redirect_uri_differs", 21)


def test_a_different_registered_redirect_uri_is_rejected(
    alice: Person, calendars: RegisteredClient
) -> None:
    code = alice.allow_request(calendars.authorization_path()).code

    assert (
        error(calendars.redeem(code, redirect_uri="http://127.0.0.1:7001/callback"))
        == "invalid_grant"
    )


@pytest.mark.parametrize(("verifier", "expected"), NOT_THE_VERIFIER.values(), ids=NOT_THE_VERIFIER)
def test_a_wrong_verifier_leaves_the_code_unspent(
    print_shop: RegisteredClient, code: str, verifier: Parameter, expected: str
) -> None:
    """Only a correct verifier spends a code, so a guess cannot lock out its owner."""
    guess = print_shop.redeem(code, code_verifier=verifier)
    owner = print_shop.redeem(code)

    assert (guess.status_code, error(guess)) == (400, expected)
    assert owner.status_code == 200


def test_an_attempt_by_another_client_does_not_spend_the_code(
    print_shop: RegisteredClient, posters: RegisteredClient, code: str, events: Events
) -> None:
    """§4.1.3: ensure that the code was issued to the authenticated confidential client."""
    stolen = posters.redeem(code, redirect_uri=print_shop.redirect_uri)
    owner = print_shop.redeem(code)
    stolen_again = posters.redeem(code, redirect_uri=print_shop.redirect_uri)

    assert error(stolen) == error(stolen_again) == "invalid_grant"
    assert print_shop.holds(Tokens.read(owner).access_token)
    assert not events.named("grant_ended")


def test_another_client_cannot_redeem_a_public_clients_code(
    alice: Person, phone_app: RegisteredClient, posters: RegisteredClient
) -> None:
    """§4.1.3: for a public client, ensure that the code was issued to "client_id"."""
    code = alice.allow_request(phone_app.authorization_path()).code
    stolen = posters.redeem(code, redirect_uri=phone_app.redirect_uri)

    assert error(stolen) == "invalid_grant"
    assert phone_app.redeem(code).status_code == 200


def test_an_unauthenticated_client_does_not_spend_the_code(
    print_shop: RegisteredClient, code: str, events: Events
) -> None:
    impostor = replace(print_shop, client_secret="a guess")
    before, owner, after = impostor.redeem(code), print_shop.redeem(code), impostor.redeem(code)

    assert (before.status_code, after.status_code) == (401, 401)
    assert print_shop.holds(Tokens.read(owner).access_token)
    assert not events.named("grant_ended")


def test_an_expired_code_is_rejected(
    clock: Clock, alice: Person, print_shop: RegisteredClient
) -> None:
    code = alice.allow_request(print_shop.authorization_path()).code
    clock.forward(60)

    assert error(print_shop.redeem(code)) == "invalid_grant"


def test_every_invalid_grant_has_the_same_description(
    clock: Clock,
    alice: Person,
    print_shop: RegisteredClient,
    posters: RegisteredClient,
    events: Events,
) -> None:
    """An attacker must not learn which check failed. The event log has the reason."""
    code = alice.allow_request(print_shop.authorization_path()).code
    unknown = print_shop.redeem("made-up")
    elses = posters.redeem(code, redirect_uri=print_shop.redirect_uri)
    verifier = print_shop.redeem(code, code_verifier=ELSES_VERIFIER)
    redirect_uri = print_shop.redeem(code, redirect_uri="https://evil.example/")
    print_shop.redeem(code)
    replayed = print_shop.redeem(code)
    ended = print_shop.redeem(code)
    late_code = alice.allow_request(print_shop.authorization_path()).code
    clock.forward(60)
    late = print_shop.redeem(late_code)

    answers = [unknown, elses, verifier, redirect_uri, replayed, ended, late]
    assert {answer.json()["error_description"] for answer in answers} == {
        DESCRIPTIONS["invalid_grant"]
    }
    assert len({entry["reason"] for entry in events.named("request_refused")}) == len(answers)


# Single use -------------------------------------------------------------------


def test_a_code_is_redeemed_only_once(
    print_shop: RegisteredClient, code: str, events: Events
) -> None:
    """§4.1.2: the server MUST deny the request and SHOULD revoke all tokens of that code."""
    tokens = Tokens.read(print_shop.redeem(code))
    replay = print_shop.redeem(code)

    assert (replay.status_code, error(replay)) == (400, "invalid_grant")
    assert not print_shop.holds(tokens.access_token)
    assert not print_shop.holds(tokens.refresh_token)
    assert [entry["reason"] for entry in events.named("grant_ended")] == ["replay"]


def test_a_replay_stores_no_new_tokens(
    server: Server, print_shop: RegisteredClient, code: str, events: Events
) -> None:
    print_shop.redeem(code)
    print_shop.redeem(code)

    assert len(events.named("code_redeemed")) == 1
    with server.reading() as db:
        assert db.connection().exec_driver_sql("SELECT count(*) FROM access_tokens").scalar() == 1


def test_a_replay_is_detected_after_the_code_has_expired(
    clock: Clock, alice: Person, print_shop: RegisteredClient
) -> None:
    code = alice.allow_request(print_shop.authorization_path()).code
    tokens = Tokens.read(print_shop.redeem(code))
    clock.forward(3600)
    print_shop.redeem(code)

    assert not print_shop.holds(tokens.refresh_token)


def test_a_replay_ends_tokens_that_were_refreshed_since(
    print_shop: RegisteredClient, code: str
) -> None:
    first = Tokens.read(print_shop.redeem(code))
    second = Tokens.read(print_shop.refresh(first.refresh_token))
    print_shop.redeem(code)

    assert not print_shop.holds(second.access_token)
    assert error(print_shop.refresh(second.refresh_token)) == "invalid_grant"


def test_a_replay_forgets_the_consent(
    alice: Person, print_shop: RegisteredClient, code: str
) -> None:
    print_shop.redeem(code)
    print_shop.redeem(code)

    assert list(alice.consent_page(print_shop.authorization_path()).boxes) == [
        "profile",
        "photos:read",
    ]


def test_a_replay_ends_only_the_grant_of_the_code(
    alice: Person, bob: Person, print_shop: RegisteredClient, posters: RegisteredClient, code: str
) -> None:
    others = [bob.connect(print_shop), alice.connect(posters)]
    print_shop.redeem(code)
    print_shop.redeem(code)

    assert print_shop.holds(others[0].access_token)
    assert posters.holds(others[1].access_token)


@pytest.mark.parametrize(
    "changes", [{"code_verifier": ELSES_VERIFIER}, {"redirect_uri": "https://evil.example/"}]
)
def test_a_replay_without_proof_changes_nothing(
    print_shop: RegisteredClient, code: str, changes: dict[str, Parameter], events: Events
) -> None:
    """An attacker who has only the code cannot end the grant."""
    tokens = Tokens.read(print_shop.redeem(code))
    replay = print_shop.redeem(code, **changes)

    assert error(replay) == "invalid_grant"
    assert print_shop.holds(tokens.access_token)
    assert not events.named("grant_ended")


def test_at_most_one_of_fifty_parallel_redemptions_succeeds(
    print_shop: RegisteredClient, code: str, events: Events
) -> None:
    """The other forty-nine are replays, so the grant has ended."""
    answers = repeat_at_once(50, lambda: print_shop.redeem(code))

    successes = [answer for answer in answers if answer.status_code == 200]
    refusals = [error(answer) for answer in answers if answer.status_code == 400]
    assert (len(successes), len(refusals)) == (1, 49)
    assert set(refusals) == {"invalid_grant"}
    assert not print_shop.holds(Tokens.read(successes[0]).access_token)
    assert [entry["reason"] for entry in events.named("grant_ended")] == ["replay"]


# The form of the request ------------------------------------------------------


@pytest.mark.parametrize(
    "grant_type",
    [
        *[
            "password",
            "client_credentials",
            "implicit",
            "token",
            "Authorization_Code",
            "authorization_code ",
        ],
        *[
            "urn:ietf:params:oauth:grant-type:device_code",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
            'o"d\\d',
            "é",
        ],
    ],
)
def test_other_grant_types_are_not_supported(print_shop: RegisteredClient, grant_type: str) -> None:
    """RFC 9700 §2.4: the resource owner password credentials grant MUST NOT be used."""
    answer = print_shop.request(
        "/oauth/token", grant_type=grant_type, username="alice", password="wonderland"
    )

    assert (answer.status_code, error(answer)) == (400, "unsupported_grant_type")


@pytest.mark.parametrize("missing", ["grant_type", "code"])
@pytest.mark.parametrize("value", [None, ""], ids=["left out", "empty"])
def test_a_missing_parameter_is_an_invalid_request(
    print_shop: RegisteredClient, code: str, missing: str, value: Parameter
) -> None:
    """§3.1: parameters sent without a value MUST be treated as if they were omitted."""
    parameters: dict[str, Parameter] = {
        "grant_type": "authorization_code",
        "code": code,
        missing: value,
    }
    answer = print_shop.request("/oauth/token", **parameters)

    assert (answer.status_code, error(answer)) == (400, "invalid_request")
    assert print_shop.redeem(code).status_code == 200


@pytest.mark.parametrize("name", ["code", "redirect_uri", "code_verifier", "grant_type", "unknown"])
def test_a_repeated_parameter_is_an_invalid_request(
    print_shop: RegisteredClient, code: str, name: str
) -> None:
    """§3.2: request and response parameters MUST NOT be included more than once."""
    twice = {
        "code": [code] * 2,
        "redirect_uri": [print_shop.redirect_uri] * 2,
        "code_verifier": [VERIFIER] * 2,
    }
    twice |= {"grant_type": ["authorization_code"] * 2, "unknown": ["1", "2"]}
    parameters: dict[str, Parameter] = {
        "grant_type": "authorization_code",
        "code": code,
        name: twice[name],
    }
    parameters = {"redirect_uri": print_shop.redirect_uri, "code_verifier": VERIFIER} | parameters
    answer = print_shop.request("/oauth/token", **parameters)

    assert (answer.status_code, error(answer)) == (400, "invalid_request")
    assert print_shop.redeem(code).status_code == 200


def test_unknown_parameters_are_ignored(print_shop: RegisteredClient, code: str) -> None:
    """§3.2: the authorization server MUST ignore unrecognized request parameters."""
    assert print_shop.redeem(code, audience="https://photos.example", state="x").status_code == 200


def test_parameters_in_the_query_are_not_read(
    server: Server, print_shop: RegisteredClient, code: str
) -> None:
    """§2.3.1: the parameters MUST NOT be included in the request URI."""
    assert print_shop.client_secret
    auth, query = (
        (print_shop.client_id, print_shop.client_secret),
        {"grant_type": "refresh_token", "code": "made-up"},
    )
    body = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
    body |= {"redirect_uri": print_shop.redirect_uri}
    only_query = server.browser().post("/oauth/token", params=body, auth=auth)
    both = server.browser().post("/oauth/token", params=query, data=body, auth=auth)

    assert error(only_query) == "invalid_request"
    assert both.status_code == 200


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""]
)
def test_the_body_must_be_a_form(
    server: Server, print_shop: RegisteredClient, code: str, content_type: str
) -> None:
    """§4.1.3: using the "application/x-www-form-urlencoded" format."""
    assert print_shop.client_secret
    body = json.dumps({"grant_type": "authorization_code", "code": code})
    answer = server.post(
        "/oauth/token",
        body.encode(),
        headers={"Content-Type": content_type},
        auth=(print_shop.client_id, print_shop.client_secret),
    )

    assert (answer.status_code, error(answer)) == (400, "invalid_request")
    assert "application/x-www-form-urlencoded" in answer.json()["error_description"]


def test_the_content_type_may_name_a_charset(
    server: Server, print_shop: RegisteredClient, code: str
) -> None:
    assert print_shop.client_secret
    body = (
        f"grant_type=authorization_code&code={code}&code_verifier={VERIFIER}"
        f"&redirect_uri={print_shop.redirect_uri}"
    )
    answer = server.post(
        "/oauth/token",
        body.encode(),
        headers={"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"},
        auth=(print_shop.client_id, print_shop.client_secret),
    )

    assert answer.status_code == 200


def test_a_session_cookie_has_no_effect(
    alice: Person, print_shop: RegisteredClient, code: str
) -> None:
    """Machine endpoints use no session, so another site cannot call them in a user's browser."""
    alice.send_login()
    answer = alice.browser.post(
        "/oauth/token", data={"grant_type": "authorization_code", "code": code}
    )

    assert answer.status_code == 401


def test_the_token_endpoint_answers_on_every_spelling_of_the_host(
    server: Server, print_shop: RegisteredClient, code: str
) -> None:
    assert print_shop.client_secret
    auth = (print_shop.client_id, print_shop.client_secret)
    body = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
    body |= {"redirect_uri": print_shop.redirect_uri}
    answer = server.post("http://localhost:9000/oauth/token", body, auth=auth)

    assert answer.status_code == 200
