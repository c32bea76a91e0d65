"""The ID token (OpenID Connect Core §2, §3.1.3.6, §12.2)."""

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from world.cast import Person
from world.clock import Clock
from world.id_tokens import header_of, read_id_token
from world.registered_client import AuthorizationResponse, RegisteredClient, Tokens

from auth_server.models import SignIn
from config import DEMO_SUBJECTS
from tests.auth_server.server import ISSUER, NOON, Server

EVERYTHING = "openid profile email"
ES256_CLIENT = (
    *("--name", "Elliptic Prints", "--redirect-uri", "https://elliptic.example/callback"),
    *("--scope", "openid profile", "--id-token-alg", "ES256"),
)


@pytest.fixture
def read(server: Server) -> Callable[[str], dict[str, Any]]:
    """Return a function that verifies an ID token and returns its claims."""
    return lambda id_token: read_id_token(id_token, server.browser().get("/oauth/jwks"))


def at_hash_of(access_token: str) -> str:
    """Return the left half of the SHA-256 hash (§3.1.3.6)."""
    left_half = hashlib.sha256(access_token.encode()).digest()[:16]
    return base64.urlsafe_b64encode(left_half).rstrip(b"=").decode()


def sign_in_id(server: Server) -> str:
    with server.reading() as db:
        return db.scalars(select(SignIn.id)).one()


def test_the_id_token_has_exactly_these_claims(
    clock: Clock,
    server: Server,
    alice: Person,
    print_shop: RegisteredClient,
    read: Callable[[str], dict[str, Any]],
) -> None:
    alice.send_login()
    clock.forward(100)

    tokens = alice.connect(print_shop, scope=EVERYTHING, nonce="n-0S6_WzA2Mj")

    noon = int(NOON.timestamp())
    assert read(tokens.id_token) == {
        "iss": ISSUER,
        "sub": DEMO_SUBJECTS["alice"],
        "aud": "print-shop",
        "iat": noon + 100,
        "exp": noon + 100 + 3600,
        "auth_time": noon,
        "nonce": "n-0S6_WzA2Mj",
        "at_hash": at_hash_of(tokens.access_token),
        "sid": sign_in_id(server),
    }


def test_it_is_signed_with_rs256_by_default(alice: Person, print_shop: RegisteredClient) -> None:
    header = header_of(alice.connect(print_shop, scope="openid").id_token)

    assert header.pop("kid")
    assert header == {"typ": "JWT", "alg": "RS256"}


def test_it_is_signed_with_es256_for_a_client_that_registered_so(
    alice: Person,
    registers: Callable[..., RegisteredClient],
    read: Callable[[str], dict[str, Any]],
) -> None:
    client = registers(*ES256_CLIENT)

    tokens = alice.connect(client, scope="openid")

    assert header_of(tokens.id_token)["alg"] == "ES256"
    assert read(tokens.id_token)["aud"] == client.client_id
    assert read(tokens.id_token)["at_hash"] == at_hash_of(tokens.access_token)


def test_without_openid_there_is_no_id_token(alice: Person, print_shop: RegisteredClient) -> None:
    response = alice.allow_request(print_shop.authorization_path(scope="profile email"))

    assert "id_token" not in print_shop.redeem(response.code).json()


def test_a_user_who_unticks_openid_gives_no_id_token(
    alice: Person, print_shop: RegisteredClient
) -> None:
    response = alice.allow_request(print_shop.authorization_path(scope=EVERYTHING), "profile")

    assert "id_token" not in print_shop.redeem(response.code).json()


def test_without_a_nonce_in_the_request_there_is_none(
    alice: Person, print_shop: RegisteredClient, read: Callable[[str], dict[str, Any]]
) -> None:
    assert "nonce" not in read(alice.connect(print_shop, scope="openid").id_token)


@pytest.mark.parametrize("nonce", ["n" * 64, "n" * 512, "ä b&c=%d", "雪"])
def test_the_nonce_comes_back_unchanged(
    alice: Person,
    print_shop: RegisteredClient,
    read: Callable[[str], dict[str, Any]],
    nonce: str,
) -> None:
    assert read(alice.connect(print_shop, scope="openid", nonce=nonce).id_token)["nonce"] == nonce


@pytest.mark.parametrize("nonce", ["n" * 513, "n\0"])
def test_a_nonce_that_cannot_be_stored_is_refused(
    alice: Person, print_shop: RegisteredClient, nonce: str
) -> None:
    alice.send_login()

    answer = alice.browser.get(print_shop.authorization_path(scope="openid", nonce=nonce))

    assert AuthorizationResponse.read(answer).error == "invalid_request"


def test_a_refresh_returns_an_id_token_of_the_same_sign_in(
    clock: Clock,
    alice: Person,
    print_shop: RegisteredClient,
    read: Callable[[str], dict[str, Any]],
) -> None:
    """§12.2: same iss, sub and aud, a new iat, the original auth_time, and no nonce."""
    first = alice.connect(print_shop, scope=EVERYTHING, nonce="once")
    clock.forward(500)

    second = Tokens.read(print_shop.refresh(first.refresh_token))

    old, new = read(first.id_token), read(second.id_token)
    same = ("iss", "sub", "aud", "auth_time", "sid")
    assert [new[name] for name in same] == [old[name] for name in same]
    assert new["iat"] == old["iat"] + 500
    assert new["at_hash"] == at_hash_of(second.access_token)
    assert "nonce" not in new


def test_a_refresh_without_openid_returns_no_id_token(
    alice: Person, print_shop: RegisteredClient
) -> None:
    tokens = alice.connect(print_shop, scope=EVERYTHING)

    narrow = print_shop.refresh(tokens.refresh_token, scope="profile")

    assert "id_token" not in narrow.json()


def test_the_auth_time_is_that_of_the_newest_sign_in(
    clock: Clock,
    alice: Person,
    print_shop: RegisteredClient,
    read: Callable[[str], dict[str, Any]],
) -> None:
    alice.connect(print_shop, scope="openid")
    clock.forward(50)

    tokens = alice.connect(print_shop, scope="openid", prompt="login")

    assert read(tokens.id_token)["auth_time"] == int(NOON.timestamp()) + 50


def test_two_users_have_different_subjects(
    alice: Person,
    bob: Person,
    print_shop: RegisteredClient,
    read: Callable[[str], dict[str, Any]],
) -> None:
    tokens = [person.connect(print_shop, scope="openid") for person in (alice, bob)]

    assert [read(each.id_token)["sub"] for each in tokens] == [
        DEMO_SUBJECTS["alice"],
        DEMO_SUBJECTS["bob"],
    ]


def test_a_replayed_code_gives_no_second_id_token(
    alice: Person, print_shop: RegisteredClient
) -> None:
    response = alice.allow_request(print_shop.authorization_path(scope="openid"))
    print_shop.redeem(response.code)

    answer = print_shop.redeem(response.code)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert "id_token" not in answer.json()
