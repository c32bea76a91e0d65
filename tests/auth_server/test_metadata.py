"""Authorization server metadata (RFC 8414): the document matches what the server does."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from world.cast import Person
from world.page import media_type
from world.registered_client import AuthorizationResponse, RegisteredClient, Tokens

from auth_server.scopes import SCOPES
from tests.auth_server.server import API, ISSUER, Server

WELL_KNOWN = "/.well-known/oauth-authorization-server"


@pytest.fixture
def metadata(server: Server) -> dict[str, Any]:
    document: dict[str, Any] = server.browser().get(WELL_KNOWN).json()
    return document


def path_of(address: str) -> str:
    assert address.startswith(f"{ISSUER}/")
    return urlsplit(address).path


def test_the_metadata_is_a_json_document(server: Server) -> None:
    """§3.2: using the application/json content type."""
    answer = server.browser().get(WELL_KNOWN)

    assert (answer.status_code, media_type(answer)) == (200, "application/json")
    assert "Set-Cookie" not in answer.headers


def test_the_metadata_is_valid(metadata: dict[str, Any]) -> None:
    AuthorizationServerMetadata(metadata).validate()


def test_the_issuer_is_identical_everywhere(
    metadata: dict[str, Any], alice: Person, print_shop: RegisteredClient
) -> None:
    """§3.3: the "issuer" value returned MUST be identical to the issuer identifier value."""
    response = alice.allow_request(print_shop.authorization_path())
    token = Tokens.read(print_shop.redeem(response.code)).access_token

    assert metadata["issuer"] == ISSUER
    assert metadata["authorization_response_iss_parameter_supported"] is True
    assert response.iss == metadata["issuer"]
    assert print_shop.introspect(token).json()["iss"] == metadata["issuer"]


@pytest.mark.parametrize(
    "host", ["http://127.0.0.1:9000", "http://localhost:9000", "http://[::1]:9000"]
)
def test_the_metadata_is_the_same_on_every_spelling_of_the_host(
    server: Server, metadata: dict[str, Any], host: str
) -> None:
    assert server.browser().get(f"{host}{WELL_KNOWN}").json() == metadata


def test_every_listed_endpoint_exists(server: Server, metadata: dict[str, Any]) -> None:
    own = {name: address for name, address in metadata.items() if name.endswith("_endpoint")}
    routes = {rule.rule for rule in server.app.url_map.iter_rules()}

    assert {path_of(address) for address in own.values()} <= routes
    assert set(own) == {
        *[
            "authorization_endpoint",
            "token_endpoint",
            "introspection_endpoint",
            "revocation_endpoint",
            "userinfo_endpoint",
            "end_session_endpoint",
            "registration_endpoint",
        ]
    }


def test_the_resource_server_is_listed(metadata: dict[str, Any]) -> None:
    assert metadata["protected_resources"] == [API]


def test_every_listed_scope_can_be_granted(
    metadata: dict[str, Any], alice: Person, print_shop: RegisteredClient
) -> None:
    tokens = alice.connect(print_shop, scope=" ".join(metadata["scopes_supported"]))

    assert metadata["scopes_supported"] == list(SCOPES)
    assert tokens.scope.split() == metadata["scopes_supported"]


def test_the_listed_response_types_and_modes_work(
    metadata: dict[str, Any], alice: Person, print_shop: RegisteredClient
) -> None:
    [response_type], [response_mode] = (
        metadata["response_types_supported"],
        metadata["response_modes_supported"],
    )
    request = print_shop.authorization_path(
        response_type=response_type, response_mode=response_mode
    )

    assert alice.allow_request(request).code


def test_the_listed_code_challenge_methods_work(
    metadata: dict[str, Any], alice: Person, print_shop: RegisteredClient
) -> None:
    [method] = metadata["code_challenge_methods_supported"]

    assert alice.allow_request(print_shop.authorization_path(code_challenge_method=method)).code


def test_every_listed_prompt_works(
    metadata: dict[str, Any], alice: Person, print_shop: RegisteredClient
) -> None:
    alice.send_login()
    for prompt in metadata["prompt_values_supported"]:
        answer = AuthorizationResponse.read(
            alice.browser.get(print_shop.authorization_path(prompt=prompt))
        )

        assert answer.error != "invalid_request"
    assert metadata["prompt_values_supported"] == ["none", "login", "consent", "select_account"]


def test_the_listed_grant_types_work_and_no_other(
    metadata: dict[str, Any], print_shop: RegisteredClient
) -> None:
    def error_of(grant_type: str) -> str:
        answer = print_shop.request(
            "/oauth/token", grant_type=grant_type, code="made-up", refresh_token="made-up"
        )
        return str(answer.json()["error"])

    assert metadata["grant_types_supported"] == ["authorization_code", "refresh_token"]
    assert {error_of(grant_type) for grant_type in metadata["grant_types_supported"]} == {
        "invalid_grant"
    }
    assert error_of("client_credentials") == "unsupported_grant_type"


@pytest.mark.parametrize("endpoint", ["token", "introspection", "revocation"])
def test_the_listed_client_authentication_methods_work(
    server: Server,
    metadata: dict[str, Any],
    print_shop: RegisteredClient,
    phone_app: RegisteredClient,
    endpoint: str,
) -> None:
    assert print_shop.client_secret
    path, form = (
        path_of(metadata[f"{endpoint}_endpoint"]),
        {"token": "made-up", "grant_type": "refresh_token"},
    )
    form["refresh_token"] = "made-up"
    in_the_body = form | {"client_id": "print-shop", "client_secret": print_shop.client_secret}
    ways: dict[str, Callable[[], int]] = {
        "client_secret_basic": lambda: (
            server.post(path, form, auth=("print-shop", str(print_shop.client_secret))).status_code
        ),
        "client_secret_post": lambda: server.post(path, in_the_body).status_code,
        "none": lambda: server.post(path, form | {"client_id": phone_app.client_id}).status_code,
    }

    open_ways = [way for way, status in ways.items() if status() != 401]
    assert open_ways == metadata[f"{endpoint}_endpoint_auth_methods_supported"]


def test_the_metadata_follows_the_configured_addresses(start: Callable[..., Server]) -> None:
    elsewhere = start(
        DEMO="0",
        AUTH_SERVER_URL="https://id.example",
        CLIENT_APP_URL="https://prints.example",
        RESOURCE_API_URL="https://photos.example",
    )
    metadata = elsewhere.browser().get(f"https://id.example{WELL_KNOWN}").json()

    assert metadata["issuer"] == "https://id.example"
    assert metadata["token_endpoint"] == "https://id.example/oauth/token"
    assert metadata["userinfo_endpoint"] == "https://id.example/oauth/userinfo"
    assert metadata["protected_resources"] == ["https://photos.example"]
    AuthorizationServerMetadata(metadata).validate()
