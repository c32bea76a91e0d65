"""The claims of an ID token are compared with the messages that it belongs to."""

import json

import pytest

from inspector.read import checks
from inspector.read.messages import every, read_trees
from inspector.read.names import Names
from inspector.read.signed_tokens import SignedToken, signed_tokens
from inspector.record.exchange import Exchange
from tests.inspector import signed
from tests.inspector.exchanges import exchange
from tests.inspector.wires import record

NAMES = Names("Print Shop", "Tripod ID")
FORM = b"grant_type=authorization_code&client_id=print-shop"
JSON = [("Content-Type", "application/json")]
LOGOUT = [("Content-Type", "application/x-www-form-urlencoded")]


def request(nonce: str = signed.NONCE) -> Exchange:
    """Return an authorization request."""
    query = f"nonce={nonce}&client_id=print-shop&state=s"
    return record(path="/oauth/authorize", query=query, started_at=990.0)


def answer(id_token: str, form: bytes = FORM, at: float = 1000.0) -> Exchange:
    """Return a token request whose response has this ID token."""
    body = json.dumps({"access_token": signed.ACCESS_TOKEN, "id_token": id_token}).encode()
    return record(
        method="POST",
        path="/oauth/token",
        started_at=at,
        request_headers=LOGOUT,
        request_body=form,
        request_size=len(form),
        response_headers=JSON,
        response_body=body,
        response_size=len(body),
    )


def results(*exchanges: Exchange) -> dict[str, bool]:
    """Return the checks of the last message, and whether each holds."""
    trees = read_trees(exchanges)
    return {one.words: one.holds for one in checks.by_message(trees)[len(every(trees))]}


def failed(*exchanges: Exchange) -> list[str]:
    return [words for words, holds in results(*exchanges).items() if not holds]


def test_the_id_token_is_compared_with_request_client_server_and_access_token() -> None:
    assert results(request(), answer(signed.token())) == {
        "client_id equals that of A2": True,
        "nonce of the ID token equals that of A2": True,
        "aud of the ID token equals the client_id": True,
        "iss of the ID token equals the issuer": True,
        "at_hash equals the hash of the access token": True,
        "iat of the ID token is not in the future": True,
        "exp of the ID token is in the future": True,
    }


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"nonce": "another"}, "nonce of the ID token equals that of A2"),
        ({"aud": "free-wallpapers"}, "aud of the ID token equals the client_id"),
        ({"iss": "http://127.0.0.1:9999"}, "iss of the ID token equals the issuer"),
        ({"at_hash": "77QmUPtjPfzWtF2AnpK9RQ"}, "at_hash equals the hash of the access token"),
        ({"iat": 1002}, "iat of the ID token is not in the future"),
        ({"exp": 1001}, "exp of the ID token is in the future"),
    ],
)
def test_a_wrong_claim_is_shown(changes: dict[str, object], words: str) -> None:
    assert failed(request(), answer(signed.token(**changes))) == [words]


def test_a_comparison_of_times_shows_both_and_their_order() -> None:
    trees = read_trees([request(), answer(signed.token())])
    [times] = [one for one in checks.by_message(trees)[2] if one.words.startswith("exp")]

    assert (times.value, times.sign, times.expected) == ("4600", ">", "1001")


def test_a_refreshed_id_token_is_about_the_same_user() -> None:
    form = b"grant_type=refresh_token&refresh_token=r&client_id=print-shop"
    first = answer(signed.token())

    same = answer(signed.token(nonce=None), form, at=1100.0)
    other = answer(signed.token(nonce=None, sub="7"), form, at=1100.0)

    assert failed(request(), first, same) == []
    assert failed(request(), first, other) == ["sub equals that of the first ID token"]


def test_userinfo_is_about_the_user_of_the_id_token() -> None:
    def userinfo(sub: str) -> Exchange:
        return exchange(
            "auth_server",
            "GET /oauth/userinfo",
            at=9,
            request_headers=[("Authorization", "Bearer ••••••••~a00001")],
            response_text=json.dumps({"sub": sub}),
        )

    flow = (request(), answer(signed.token()))

    assert results(*flow, userinfo("248289761001"))["sub equals that of the ID token"]
    assert "sub equals that of the ID token" in failed(*flow, userinfo("7"))


def test_the_hint_of_a_logout_is_the_newest_id_token() -> None:
    def logout(hint: str) -> Exchange:
        return record(path="/oauth/logout", query=f"id_token_hint={hint}", started_at=1200.0)

    flow = (request(), answer(signed.token()))

    assert results(*flow, logout(signed.token())) == {"the hint is the newest ID token": True}
    assert failed(*flow, logout(signed.token(sub="7"))) == ["the hint is the newest ID token"]


def test_a_logout_token_names_the_sign_in_of_the_id_token() -> None:
    def logout(**changes: object) -> Exchange:
        body = f"logout_token={signed.token(nonce=None, **changes)}".encode()
        return record(
            leg="client_app",
            method="POST",
            path="/backchannel-logout",
            started_at=1200.0,
            request_headers=LOGOUT,
            request_body=body,
            request_size=len(body),
        )

    flow = (request(), answer(signed.token()))

    assert list(results(*flow, logout())) == [
        "iss equals that of the ID token",
        "aud equals that of the ID token",
        "sub equals that of the ID token",
        "sid equals that of the ID token",
        "exp is in the future",
    ]
    assert failed(*flow, logout()) == []
    assert failed(*flow, logout(sid="another-sign-in")) == ["sid equals that of the ID token"]


def shown(exchange: Exchange, *around: Exchange) -> SignedToken:
    """Return the token of `exchange` as the page shows it."""
    messages = every(read_trees([*around, exchange]))
    [message] = [message for message in messages if message.exchange is exchange]
    [token] = signed_tokens(message, NAMES)
    return token


def test_each_claim_is_explained_with_its_section() -> None:
    token = shown(answer(signed.token()))

    assert [each.name for each in token.header] == list(signed.HEADER)
    assert [each.name for each in token.claims] == list(signed.CLAIMS)
    assert all(each.words and each.section for each in [*token.header, *token.claims])


def test_the_page_says_with_which_key_the_client_checked_the_signature() -> None:
    checked = {"event": "id_token_validated", "kid": "2026-11", "alg": "RS256"}
    callback = exchange(
        "client_app", "GET /callback", at=-1, until=5, request_id="", events=[checked]
    )

    alone = shown(answer(signed.token()))
    inside = shown(answer(signed.token()), callback)

    assert alone.signature.startswith("Print Shop must check the signature with a key of Tripod ID")
    assert inside.signature.startswith(
        "Print Shop checked the signature (RS256) with the key 2026-11 of Tripod ID."
    )


def test_a_token_without_signature_must_be_refused() -> None:
    token = shown(answer(signed.token({"alg": "none"}, signature="")))

    assert "A receiver must refuse it." in token.signature
