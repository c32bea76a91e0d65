"""The checks that a reader of a message can repeat: equal values have equal fingerprints."""

import pytest

from inspector.read import checks
from inspector.read.messages import every, read_trees
from inspector.record.exchange import Exchange
from tests.inspector.exchanges import exchange

STATE, OTHER = "••••••••~aaaaaa", "••••••••~bbbbbb"
CODE = "kJ3xQ0••••••••~c0c0c0"
CALLBACK = "http://127.0.0.1:9001/callback"
ISSUER = "http://127.0.0.1:9000"
MATCHING = "challenge:91bc02ffffffffff"


def request(**changes: object) -> Exchange:
    """Return the authorization request (A2)."""
    query = [("client_id", "print-shop"), ("state", STATE), ("redirect_uri", CALLBACK)]
    return exchange("auth_server", "GET /oauth/authorize", query=query, ties=[MATCHING], **changes)


def response(state: str = STATE, iss: str = ISSUER) -> Exchange:
    """Return the authorization response (A7)."""
    query = [("code", CODE), ("state", state), ("iss", iss)]
    return exchange("client_app", "GET /callback", at=1, query=query)


def token_request(challenge: str = MATCHING, code: str = CODE, uri: str = CALLBACK) -> Exchange:
    """Return the access token request (T1)."""
    form = [
        ("grant_type", "authorization_code"),
        ("client_id", "print-shop"),
        ("code", code),
        ("redirect_uri", uri),
    ]
    return exchange("auth_server", "POST /oauth/token", at=2, form=form, ties=[challenge])


def issued(at: float, access: str, refresh: str, **changes: object) -> Exchange:
    """Return a response with these tokens."""
    text = f'{{"access_token": "••••••••~{access}", "refresh_token": "••••••••~{refresh}"}}'
    return exchange("auth_server", "POST /oauth/token", at=at, response_text=text, **changes)


def results(step: str, *exchanges: Exchange) -> dict[str, bool]:
    """Return the checks of the last message with this step, and whether each holds."""
    trees = read_trees(exchanges)
    last = [message for message in every(trees) if message.step == step][-1]
    return {one.words: one.holds for one in checks.by_message(trees).get(last.n, [])}


def test_the_response_is_compared_with_the_request() -> None:
    assert results("A7", request(), response()) == {
        "state equals the state of A2": True,
        "iss equals the issuer": True,
    }


def test_a_foreign_state_and_a_foreign_issuer_are_shown() -> None:
    assert results("A7", request(), response(state=OTHER, iss="http://127.0.0.1:9999")) == {
        "state equals the state of A2": False,
        "iss equals the issuer": False,
    }


def test_the_token_request_is_compared_with_the_request_and_the_response() -> None:
    assert results("T1", request(), response(), token_request()) == {
        "S256(code_verifier) equals the code_challenge of A2": True,
        "code equals the code of A7": True,
        "redirect_uri equals that of A2": True,
        "client_id equals that of A2": True,
    }


@pytest.mark.parametrize(
    ("wrong", "check"),
    [
        (
            {"challenge": "challenge:000000ffffffffff"},
            "S256(code_verifier) equals the code_challenge of A2",
        ),
        ({"code": OTHER}, "code equals the code of A7"),
        ({"uri": f"{CALLBACK}s"}, "redirect_uri equals that of A2"),
    ],
)
def test_a_wrong_value_in_the_token_request_is_shown(wrong: dict[str, str], check: str) -> None:
    found = results("T1", request(), response(), token_request(**wrong))

    assert [words for words, holds in found.items() if not holds] == [check]


@pytest.mark.parametrize(("presented", "holds"), [("••••••••~000002", True), (OTHER, False)])
def test_the_refresh_token_must_be_the_newest_of_its_family(presented: str, holds: bool) -> None:
    form = [("grant_type", "refresh_token"), ("refresh_token", presented)]
    refresh = exchange("auth_server", "POST /oauth/token", at=9, form=form)

    assert results("F1", issued(1, "a00001", "000001"), issued(5, "a00002", "000002"), refresh) == {
        "refresh_token is the newest of its family": holds
    }


def test_the_introspected_token_is_that_of_the_call() -> None:
    bearer = [("Authorization", "Bearer ••••••••~a00001")]
    call = exchange(
        "resource_api", "GET /photos", at=2, until=3, request_headers=bearer, request_id="one"
    )
    question = exchange(
        "auth_server",
        "POST /oauth/introspect",
        at=2.5,
        form=[("token", "••••••••~a00001"), ("client_id", "photo-api")],
        request_id="one",
    )
    flow = (issued(1, "a00001", "000001"), call, question)

    assert results("R1", *flow) == {"the access token is the newest one": True}
    assert results("R2", *flow) == {"token equals the access token of R1": True}


def test_a_value_that_is_not_known_is_not_compared() -> None:
    assert results("A7", response()) == {}
    assert results("A7", request(), response(state="••••••••")) == {"iss equals the issuer": True}


def test_an_older_connections_token_is_not_compared_with_the_new_ones() -> None:
    """The callback revokes it after the new tokens were issued."""
    callback = exchange("client_app", "GET /callback", at=0, until=5, request_id="one")
    revocation = exchange(
        "auth_server", "POST /oauth/revoke", at=3, form=[("token", OTHER)], request_id="one"
    )
    flow = (callback, issued(1, "a00001", "000001", request_id="one"), revocation)

    assert results("E1", *flow) == {}
