"""OpenID Connect Discovery §3, §4: the same document as RFC 8414's, at an address of its own."""

from typing import Any

import pytest
from authlib.oidc.discovery import OpenIDProviderMetadata
from world.cast import Person
from world.id_tokens import header_of, read_id_token
from world.page import media_type
from world.registered_client import RegisteredClient

from tests.auth_server.server import ISSUER, Server
from tests.auth_server.test_metadata import WELL_KNOWN, path_of

DISCOVERY = "/.well-known/openid-configuration"


@pytest.fixture
def metadata(server: Server) -> dict[str, Any]:
    document: dict[str, Any] = server.browser().get(DISCOVERY).json()
    return document


def test_both_addresses_have_the_same_document(server: Server, metadata: dict[str, Any]) -> None:
    answer = server.browser().get(DISCOVERY)

    assert media_type(answer) == "application/json"
    assert server.browser().get(WELL_KNOWN).json() == metadata


def test_the_document_is_valid(metadata: dict[str, Any]) -> None:
    OpenIDProviderMetadata(metadata).validate()


def test_request_objects_are_not_announced(metadata: dict[str, Any]) -> None:
    """§3: request_uri_parameter_supported is true if it is omitted, the others are false."""
    assert metadata["request_uri_parameter_supported"] is False
    assert "request_parameter_supported" not in metadata
    assert "claims_parameter_supported" not in metadata


def test_the_listed_keys_verify_an_id_token(
    server: Server, metadata: dict[str, Any], alice: Person, print_shop: RegisteredClient
) -> None:
    id_token = alice.connect(print_shop, scope="openid").id_token

    claims = read_id_token(id_token, server.browser().get(path_of(metadata["jwks_uri"])))

    assert claims["iss"] == metadata["issuer"] == ISSUER
    assert header_of(id_token)["alg"] in metadata["id_token_signing_alg_values_supported"]


def test_every_listed_algorithm_has_a_key(server: Server, metadata: dict[str, Any]) -> None:
    keys = server.browser().get(path_of(metadata["jwks_uri"])).json()["keys"]

    assert metadata["id_token_signing_alg_values_supported"] == ["RS256", "ES256"]
    assert {key["alg"] for key in keys} == {"RS256", "ES256"}


def test_exactly_the_listed_claims_are_returned(
    server: Server, metadata: dict[str, Any], alice: Person, print_shop: RegisteredClient
) -> None:
    tokens = alice.connect(print_shop, scope="openid profile email", nonce="once")
    bearer = {"Authorization": f"Bearer {tokens.access_token}"}
    about_user = server.session().get(metadata["userinfo_endpoint"], headers=bearer).json()
    about_sign_in = read_id_token(tokens.id_token, server.browser().get("/oauth/jwks"))

    assert set(metadata["claims_supported"]) == {*about_user, *about_sign_in}


def test_subjects_are_the_same_for_every_client(
    server: Server,
    metadata: dict[str, Any],
    alice: Person,
    print_shop: RegisteredClient,
    photo_api: RegisteredClient,
    posters: RegisteredClient,
) -> None:
    tokens = [alice.connect(client, scope="profile") for client in (print_shop, posters)]

    subjects = {photo_api.introspect(each.access_token).json()["sub"] for each in tokens}

    assert metadata["subject_types_supported"] == ["public"]
    assert len(subjects) == 1
