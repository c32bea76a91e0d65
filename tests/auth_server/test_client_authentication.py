"""Client authentication at the machine endpoints (RFC 6749 §2.3, §3.2.1 and §5.2)."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote_plus

import pytest
from requests import Response
from world.cast import Person
from world.events import Events
from world.registered_client import RegisteredClient, Tokens

from auth_server.errors import DESCRIPTIONS
from tests.auth_server.server import Server

ENDPOINTS = {
    "/oauth/token": {"grant_type": "refresh_token", "refresh_token": "made-up"},
    "/oauth/introspect": {"token": "made-up"},
    "/oauth/revoke": {"token": "made-up"},
}
at_every_endpoint = pytest.mark.parametrize("path", ENDPOINTS)


def basic(credentials: str | bytes) -> str:
    encoded = credentials if isinstance(credentials, bytes) else credentials.encode()
    return f"Basic {base64.b64encode(encoded).decode()}"


MALFORMED = {
    "empty": "",
    "no scheme": base64.b64encode(b"print-shop:secret").decode(),
    "no credentials": "Basic",
    "empty credentials": "Basic ",
    "not base64": "Basic !!!",
    "not ASCII": "Basic \xe9\xe8",
    "half of base64": "Basic cHJpbnQtc2hvc",
    "no colon": basic("print-shop"),
    "not UTF-8": basic(b"print-shop:\xff\xfe"),
    "another scheme": "Bearer made-up",
    "digest": 'Digest username="print-shop"',
    "only a colon": basic(":"),
    "no client": basic(":secret"),
    "a NUL": basic("print-shop\0:secret"),
    "a long one": basic("x" * 20_000 + ":secret"),
}


def is_rejected(answer: Response) -> bool:
    """§5.2: 401 with a challenge, and the same description for every cause."""
    assert answer.headers["Cache-Control"] == "no-store"
    return (answer.status_code, answer.json(), answer.headers.get("WWW-Authenticate")) == (
        401,
        {"error": "invalid_client", "error_description": DESCRIPTIONS["invalid_client"]},
        'Basic realm="Tripod ID", charset="UTF-8"',
    )


def is_authenticated(answer: Response) -> bool:
    """Return whether the client was authenticated and only its token was rejected."""
    return answer.status_code == 200 or answer.json()["error"] == "invalid_grant"


@pytest.fixture
def secret(print_shop: RegisteredClient) -> str:
    assert print_shop.client_secret
    return print_shop.client_secret


# Accepted ---------------------------------------------------------------------


@at_every_endpoint
def test_a_confidential_client_may_use_http_basic(server: Server, secret: str, path: str) -> None:
    """§2.3.1: the authorization server MUST support the HTTP Basic authentication scheme."""
    answer = server.post(
        path, ENDPOINTS[path], headers={"Authorization": basic(f"print-shop:{secret}")}
    )

    assert is_authenticated(answer)


@at_every_endpoint
def test_a_confidential_client_may_send_its_secret_in_the_body(
    server: Server, secret: str, path: str
) -> None:
    answer = server.post(
        path, ENDPOINTS[path] | {"client_id": "print-shop", "client_secret": secret}
    )

    assert is_authenticated(answer)


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke"])
def test_a_public_client_sends_its_client_id(phone_app: RegisteredClient, path: str) -> None:
    """§3.2.1: a public client MAY use "client_id" to identify itself at the token endpoint."""
    assert is_authenticated(phone_app.request(path, **ENDPOINTS[path]))


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke"])
def test_a_public_client_may_use_basic_with_an_empty_secret(
    server: Server, phone_app: RegisteredClient, path: str
) -> None:
    """§2.3.1: the client MAY omit an empty client secret; some libraries send it empty."""
    answer = server.post(path, ENDPOINTS[path], auth=(phone_app.client_id, ""))

    assert is_authenticated(answer)


@pytest.mark.settings(CLIENT_SECRET="s3cret+ /=%:ü")
def test_id_and_secret_are_form_encoded_in_basic(
    server: Server, alice: Person, print_shop: RegisteredClient
) -> None:
    """§2.3.1: encoded using the "application/x-www-form-urlencoded" encoding algorithm."""
    code = alice.allow_request(print_shop.authorization_path()).code
    encoded = replace(print_shop, client_secret=quote_plus("s3cret+ /=%:ü"))
    as_it_is = replace(print_shop, client_secret="s3cret+ /=%:ü")

    assert as_it_is.redeem(code).status_code == 401
    assert encoded.redeem(code).status_code == 200


@pytest.mark.parametrize("scheme", ["basic", "BASIC", "Basic  "])
def test_the_scheme_may_be_written_in_any_case(server: Server, secret: str, scheme: str) -> None:
    """RFC 9110 §11.1: a case-insensitive token."""
    header = basic(f"print-shop:{secret}").replace("Basic", scheme)

    assert is_authenticated(
        server.post("/oauth/revoke", {"token": "made-up"}, headers={"Authorization": header})
    )


def test_basic_with_the_same_client_id_in_the_body_is_one_method(
    server: Server, secret: str
) -> None:
    form = {"token": "made-up", "client_id": "print-shop", "client_secret": ""}

    assert is_authenticated(server.post("/oauth/revoke", form, auth=("print-shop", secret)))


# Rejected ---------------------------------------------------------------------


@pytest.mark.parametrize("header", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_header_is_invalid_client(server: Server, header: str) -> None:
    for path, form in ENDPOINTS.items():
        assert is_rejected(server.post(path, form, headers={"Authorization": header}))


@pytest.mark.parametrize("wrong", ["a guess", "é", "\0", "x" * 10_000, " "])
def test_a_wrong_secret_is_rejected(server: Server, wrong: str) -> None:
    for path, form in ENDPOINTS.items():
        in_the_header = server.post(
            path, form, headers={"Authorization": basic(f"print-shop:{wrong}")}
        )
        in_the_body = server.post(path, form | {"client_id": "print-shop", "client_secret": wrong})

        assert is_rejected(in_the_header)
        assert is_rejected(in_the_body)


@at_every_endpoint
def test_a_confidential_client_must_send_its_secret(server: Server, path: str) -> None:
    """§3.2.1: confidential clients MUST authenticate with the authorization server."""
    named = server.post(path, ENDPOINTS[path] | {"client_id": "print-shop"})
    empty = server.post(path, ENDPOINTS[path], auth=("print-shop", ""))

    assert is_rejected(named)
    assert is_rejected(empty)


@pytest.mark.parametrize(
    "client_id", ["nobody", "", "é", "print-shop\0", "PRINT-SHOP", "x" * 10_000]
)
def test_an_unknown_client_is_rejected(server: Server, secret: str, client_id: str) -> None:
    for path, form in ENDPOINTS.items():
        named = server.post(path, form | {"client_id": client_id})
        with_a_secret = server.post(path, form | {"client_id": client_id, "client_secret": secret})

        assert is_rejected(named)
        assert is_rejected(with_a_secret)


@at_every_endpoint
def test_a_request_without_a_client_is_rejected(server: Server, path: str) -> None:
    assert is_rejected(server.post(path, ENDPOINTS[path]))


@at_every_endpoint
def test_a_public_client_with_a_secret_is_rejected(
    server: Server, phone_app: RegisteredClient, path: str
) -> None:
    form = ENDPOINTS[path] | {"client_id": phone_app.client_id, "client_secret": "made-up"}

    assert is_rejected(server.post(path, ENDPOINTS[path], auth=(phone_app.client_id, "made-up")))
    assert is_rejected(server.post(path, form))


def test_a_public_client_cannot_introspect(phone_app: RegisteredClient) -> None:
    """RFC 7662 §2.1: to prevent token scanning, the endpoint MUST require authorization."""
    assert is_rejected(phone_app.introspect("made-up"))


@at_every_endpoint
def test_the_secret_of_another_client_is_rejected(
    server: Server, posters: RegisteredClient, path: str
) -> None:
    assert posters.client_secret

    assert is_rejected(
        server.post(path, ENDPOINTS[path], auth=("print-shop", posters.client_secret))
    )


def test_a_resource_server_gets_no_tokens(
    photo_api: RegisteredClient, print_shop: RegisteredClient
) -> None:
    """A resource server may introspect and do nothing else."""
    redeemed = photo_api.redeem("made-up", redirect_uri=print_shop.redirect_uri)
    refreshed = photo_api.refresh("made-up")

    assert redeemed.json()["error"] == "unauthorized_client"
    assert refreshed.json()["error"] == "unauthorized_client"


@at_every_endpoint
@pytest.mark.parametrize(
    "also",
    [
        {"client_id": "print-shop", "client_secret": "SECRET"},
        {"client_secret": "SECRET"},
        {"client_id": "somebody-else"},
        {"client_id": "somebody-else", "client_secret": "a guess"},
    ],
    ids=["the same twice", "only the secret", "another client", "another client with a secret"],
)
def test_two_methods_in_one_request_are_rejected_with_a_clear_description(
    server: Server, secret: str, path: str, also: dict[str, str]
) -> None:
    """§2.3: the client MUST NOT use more than one authentication method in each request."""
    also = {name: value.replace("SECRET", secret) for name, value in also.items()}
    answer = server.post(path, ENDPOINTS[path] | also, auth=("print-shop", secret))

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert "one way of client authentication" in answer.json()["error_description"]


def test_the_old_secret_stops_working_after_rotation(
    server: Server, alice: Person, posters: RegisteredClient, print_shop: RegisteredClient
) -> None:
    tokens = alice.connect(posters)
    rotated = server.run("clients", "rotate-secret", posters.client_id, "--json")
    renewed = replace(posters, client_secret=json.loads(rotated.output)["client_secret"])

    assert is_rejected(posters.introspect(tokens.access_token))
    assert renewed.holds(tokens.access_token)
    assert Tokens.read(renewed.refresh(tokens.refresh_token))


def test_the_reason_is_logged(
    server: Server, print_shop: RegisteredClient, phone_app: RegisteredClient, events: Events
) -> None:
    replace(print_shop, client_secret="a guess").revoke("made-up")
    replace(print_shop, client_id="nobody").revoke("made-up")
    server.post("/oauth/revoke", {"token": "made-up", "client_id": "print-shop"})
    phone_app.introspect("made-up")
    server.post("/oauth/revoke", {"token": "made-up"}, headers={"Authorization": "Basic !!!"})

    assert [(entry["client_id"], entry["reason"]) for entry in events.named("request_refused")] == [
        ("print-shop", "wrong_client_secret"),
        (None, "unknown_client"),
        ("print-shop", "client_secret_missing"),
        (phone_app.client_id, "client_method_not_allowed"),
        (None, "malformed_authorization_header"),
    ]


@pytest.mark.parametrize(
    ("name", "realm"), [("Bücher", '"B?cher"'), ('The "Key" \\ Co', r'"The \"Key\" \\ Co"')]
)
def test_the_challenge_has_the_name_of_the_server(
    start: Callable[..., Server], name: str, realm: str
) -> None:
    answer = start(NAME=name).post("/oauth/revoke", {"token": "made-up", "client_id": "nobody"})

    assert answer.headers["WWW-Authenticate"] == f'Basic realm={realm}, charset="UTF-8"'
