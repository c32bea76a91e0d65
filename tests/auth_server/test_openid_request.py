"""The parameters of an authentication request (OpenID Connect Core §3.1.2.1, §3.1.2.6)."""

import base64
import hmac
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey
from world.cast import Person
from world.clock import Clock
from world.id_tokens import read_id_token
from world.registered_client import AuthorizationResponse, RegisteredClient, Tokens

from auth_server.id_token_hints import read_hint
from auth_server.signing_keys import ANNOUNCED_FOR, KEPT_FOR, get_signing_keys
from tests.auth_server.server import ISSUER, NOON, Server

VOLUNTARY = {
    "acr_values": "urn:example:gold 2",
    "display": "popup",
    "ui_locales": "de fr-CA en",
    "claims_locales": "de",
    "claims": '{"id_token":{"email":null}}',
}


def ask(person: Person, client: RegisteredClient, **parameters: str) -> requests.Response:
    return person.browser.get(client.authorization_path(**{"scope": "openid"} | parameters))


def error_of(answer: requests.Response) -> str | None:
    response = AuthorizationResponse.read(answer)
    assert response.status == 302, response
    assert response.iss == ISSUER
    return response.error


def leads_to_login(answer: requests.Response) -> bool:
    return answer.status_code == 303 and urlsplit(answer.headers["Location"]).path == "/login"


def sign_in_again(person: Person, answer: requests.Response) -> requests.Response:
    """Sign in on the login page that the answer leads to, and return to the request."""
    return person.browser.get(person.send_login(answer.headers["Location"]).headers["Location"])


# max_age


def test_a_sign_in_that_is_too_old_is_repeated(
    clock: Clock, alice: Person, print_shop: RegisteredClient, hint: str
) -> None:
    clock.forward(61)

    assert leads_to_login(ask(alice, print_shop, max_age="60"))


def test_a_sign_in_that_is_young_enough_is_not_repeated(
    clock: Clock, alice: Person, print_shop: RegisteredClient, hint: str
) -> None:
    clock.forward(59)

    assert AuthorizationResponse.read(ask(alice, print_shop, max_age="60")).code


def test_max_age_0_always_repeats_the_sign_in(
    clock: Clock, alice: Person, print_shop: RegisteredClient, hint: str
) -> None:
    answer = ask(alice, print_shop, max_age="0")

    assert leads_to_login(answer)
    assert AuthorizationResponse.read(sign_in_again(alice, answer)).code


@pytest.mark.parametrize("parameters", [{"max_age": "60"}, {"prompt": "login"}])
def test_after_the_repeated_sign_in_the_auth_time_is_new(
    clock: Clock,
    server: Server,
    alice: Person,
    print_shop: RegisteredClient,
    claims: dict[str, Any],
    parameters: dict[str, str],
) -> None:
    """The same user signs in again, and it is the same session."""
    clock.forward(100)
    response = AuthorizationResponse.read(
        sign_in_again(alice, ask(alice, print_shop, **parameters))
    )

    tokens = Tokens.read(print_shop.redeem(response.code))

    again = read_id_token(tokens.id_token, server.browser().get("/oauth/jwks"))
    assert again["auth_time"] == int(NOON.timestamp()) + 100
    assert again["sid"] == claims["sid"]


def test_without_a_page_an_old_sign_in_is_an_error(
    clock: Clock, alice: Person, print_shop: RegisteredClient, hint: str
) -> None:
    clock.forward(61)

    assert error_of(ask(alice, print_shop, max_age="60", prompt="none")) == "login_required"


@pytest.mark.parametrize("max_age", ["-1", "1.5", "soon", "1e3", "١", "9" * 12])
def test_max_age_must_be_a_whole_number(
    alice: Person, print_shop: RegisteredClient, hint: str, max_age: str
) -> None:
    assert error_of(ask(alice, print_shop, max_age=max_age)) == "invalid_request"


def test_the_largest_max_age_is_accepted(
    alice: Person, print_shop: RegisteredClient, hint: str
) -> None:
    assert AuthorizationResponse.read(ask(alice, print_shop, max_age="9" * 11)).code


def test_another_user_who_signs_in_begins_another_session(
    server: Server, alice: Person, bob: Person, print_shop: RegisteredClient, claims: dict[str, Any]
) -> None:
    """Bob signs in in alice's browser."""
    bob.browser = alice.browser
    response = bob.connect(print_shop, scope="openid", prompt="login")

    others = read_id_token(response.id_token, server.browser().get("/oauth/jwks"))

    assert others["sub"] != claims["sub"]
    assert others["sid"] != claims["sid"]


# id_token_hint


def test_the_hint_of_the_signed_in_user_changes_nothing(
    alice: Person, print_shop: RegisteredClient, hint: str
) -> None:
    answer = ask(alice, print_shop, id_token_hint=hint, prompt="none")

    assert AuthorizationResponse.read(answer).code


def test_an_expired_hint_is_accepted(
    clock: Clock, alice: Person, print_shop: RegisteredClient, hint: str
) -> None:
    clock.forward(7000)

    assert AuthorizationResponse.read(ask(alice, print_shop, id_token_hint=hint)).code


def test_a_hint_of_a_retired_key_is_accepted(
    server: Server, alice: Person, print_shop: RegisteredClient, hint: str
) -> None:
    server.run("keys", "rotate")

    assert AuthorizationResponse.read(ask(alice, print_shop, id_token_hint=hint)).code


def test_without_a_page_the_hint_of_another_user_is_an_error(
    bob: Person, print_shop: RegisteredClient, hint: str
) -> None:
    bob.send_login()

    answer = ask(bob, print_shop, id_token_hint=hint, prompt="none")

    assert error_of(answer) == "login_required"


def test_the_hint_of_another_user_leads_to_the_login_page(
    alice: Person, bob: Person, print_shop: RegisteredClient, hint: str
) -> None:
    bob.send_login()
    answer = ask(bob, print_shop, id_token_hint=hint)
    alice.browser = bob.browser

    assert leads_to_login(answer)
    assert AuthorizationResponse.read(sign_in_again(alice, answer)).code


def test_a_user_who_is_not_the_hinted_one_ends_the_request(
    bob: Person, print_shop: RegisteredClient, hint: str
) -> None:
    bob.send_login()

    answer = sign_in_again(bob, ask(bob, print_shop, id_token_hint=hint))

    assert error_of(answer) == "login_required"


FOREIGN_KEY = ECKey.generate_key("P-256")


def encoded(*parts: dict[str, Any]) -> str:
    """Return header and claims as they are signed."""
    raw = (json.dumps(part).encode() for part in parts)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in raw)


def unsigned(claims: dict[str, Any]) -> str:
    return encoded({"alg": "none", "typ": "JWT"}, claims) + "."


def signed_by_the_server(server: Server, claims: dict[str, Any], typ: str = "JWT") -> str:
    with server.app.app_context():
        key = get_signing_keys().current("ES256")
    header = {"alg": "ES256", "kid": key.kid, "typ": typ}
    return jwt.encode(header, claims, key.jwk, algorithms=["ES256"])


def signed_by_others(server: Server, claims: dict[str, Any]) -> str:
    """Sign with another key, under the identifier of one of this server's."""
    with server.app.app_context():
        kid = get_signing_keys().current("ES256").kid
    header = {"alg": "ES256", "kid": kid, "typ": "JWT"}
    return jwt.encode(header, claims, FOREIGN_KEY, algorithms=["ES256"])


def signed_with_the_public_key(server: Server, claims: dict[str, Any]) -> str:
    """Use the public key as the secret of a symmetric algorithm: key confusion."""
    with server.app.app_context():
        key = get_signing_keys().current("RS256")
    content = encoded({"alg": "HS256", "kid": key.kid, "typ": "JWT"}, claims)
    public = key.jwk.as_pem(private=False)  # type: ignore[union-attr]
    signature = hmac.digest(public, content.encode(), "sha256")
    return f"{content}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


FORGERIES: dict[str, Callable[[Server, dict[str, Any]], str]] = {
    "nonsense": lambda server, claims: "nonsense",
    "three parts of nonsense": lambda server, claims: "a.b.c",
    "not ASCII": lambda server, claims: "ä.ö.ü",
    "no signature": lambda server, claims: unsigned(claims),
    "the key of somebody else": signed_by_others,
    "the public key as a secret": signed_with_the_public_key,
    "another issuer": lambda server, claims: signed_by_the_server(
        server, claims | {"iss": "https://other.example"}
    ),
    "a logout token": lambda server, claims: signed_by_the_server(server, claims, "logout+jwt"),
    "no subject": lambda server, claims: signed_by_the_server(server, claims | {"sub": None}),
    "a list of audiences": lambda server, claims: signed_by_the_server(
        server, claims | {"aud": []}
    ),
    "too long": lambda server, claims: signed_by_the_server(server, claims | {"x": "x" * 5000}),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_hint_that_this_server_did_not_issue_is_refused(
    server: Server,
    alice: Person,
    print_shop: RegisteredClient,
    claims: dict[str, Any],
    forgery: str,
) -> None:
    forged = FORGERIES[forgery](server, claims)

    assert error_of(ask(alice, print_shop, id_token_hint=forged)) == "invalid_request"


def test_a_hint_of_a_purged_key_is_refused(
    clock: Clock, server: Server, alice: Person, print_shop: RegisteredClient, hint: str
) -> None:
    server.run("keys", "rotate")
    clock.forward(KEPT_FOR + ANNOUNCED_FOR)
    server.run("tokens", "purge")
    server.app.extensions["tripod.signing_keys"].forget()  # as after five seconds

    assert error_of(ask(alice, print_shop, id_token_hint=hint)) == "invalid_request"


def test_no_text_makes_the_reader_of_hints_fail(server: Server, hint: str) -> None:
    header, payload, signature = hint.split(".")
    part = st.one_of(
        st.sampled_from([header, payload, signature, ""]),
        st.text(max_size=20),
        st.binary(max_size=40).map(lambda data: base64.urlsafe_b64encode(data).decode()),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=2)
                | st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "b64"]), inner)
            ),
            max_leaves=4,
        ).map(lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode()),
    )

    @settings(max_examples=300, deadline=None)
    @given(st.lists(part, max_size=5).map(".".join))
    def read(presented: str) -> None:
        with server.app.app_context():
            assert presented == hint or read_hint(presented) is None

    read()


# Other parameters


@pytest.mark.parametrize("name", VOLUNTARY)
def test_voluntary_parameters_are_accepted(
    alice: Person, print_shop: RegisteredClient, hint: str, name: str
) -> None:
    answer = ask(alice, print_shop, **{name: VOLUNTARY[name]})

    assert AuthorizationResponse.read(answer).code


@pytest.mark.parametrize("name", ["request", "request_uri", "registration"])
def test_parameters_that_must_not_be_ignored_are_refused(
    alice: Person, print_shop: RegisteredClient, hint: str, name: str
) -> None:
    answer = ask(alice, print_shop, **{name: "https://client.example/object"})

    assert error_of(answer) == f"{name}_not_supported"


def test_the_errors_of_prompt_none_are_those_of_openid(
    server: Server, alice: Person, print_shop: RegisteredClient
) -> None:
    """§3.1.2.6: login_required without a sign-in, consent_required without a consent."""
    before = server.browser().get(print_shop.authorization_path(scope="openid", prompt="none"))
    alice.send_login()
    after = ask(alice, print_shop, prompt="none")

    assert (error_of(before), error_of(after)) == ("login_required", "consent_required")
