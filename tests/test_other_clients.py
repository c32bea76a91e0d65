"""Other projects' client libraries complete the flow with the metadata and a registration."""

from urllib.parse import urljoin

import pytest
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from requests_oauthlib import OAuth2Session as RequestsSession
from world.cast import Person
from world.legs import Legs
from world.registered_client import RegisteredClient

SCOPE = "profile photos:read"


@pytest.fixture(autouse=True)
def requests_oauthlib_options(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let oauthlib accept http on loopback and a partial consent."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("OAUTHLIB_RELAX_TOKEN_SCOPE", "1")


def requests_session(client: RegisteredClient, legs: Legs) -> RequestsSession:
    """Return a requests-oauthlib session of this client, on the in-memory network."""
    return legs.network.mount(
        RequestsSession(
            client.client_id, redirect_uri=client.redirect_uri, scope=SCOPE, pkce="S256"
        )
    )


@pytest.mark.parametrize("kind", ["client", "public_client"])
def test_requests_oauthlib_completes_the_flow(
    kind: str, request: pytest.FixtureRequest, legs: Legs, alice: Person
) -> None:
    client: RegisteredClient = request.getfixturevalue(kind)
    session = requests_session(client, legs)
    metadata = client.metadata

    address, _ = session.authorization_url(metadata["authorization_endpoint"])
    callback = alice.go_through(address).url
    tokens = session.fetch_token(
        metadata["token_endpoint"],
        authorization_response=callback,
        client_secret=client.client_secret,
        include_client_id=True,
    )
    refreshed = session.refresh_token(
        metadata["token_endpoint"],
        auth=client.client_secret and (client.client_id, client.client_secret),
        client_id=client.client_id,
    )
    me = session.get(f"{legs.resource_api_url}/me")

    assert refreshed["refresh_token"] != tokens["refresh_token"]
    assert me.json()["username"] == "alice"


def test_requests_oauthlib_works_with_a_public_client_by_default(
    public_client: RegisteredClient, legs: Legs, alice: Person
) -> None:
    """By default it sends HTTP Basic with an empty secret, which counts as no secret."""
    session = requests_session(public_client, legs)
    address, _ = session.authorization_url(public_client.metadata["authorization_endpoint"])
    callback = alice.go_through(address).url

    tokens = session.fetch_token(
        public_client.metadata["token_endpoint"], authorization_response=callback
    )

    assert tokens["access_token"]


def test_a_partial_consent_reaches_requests_oauthlib(
    client: RegisteredClient, legs: Legs, alice: Person
) -> None:
    session = requests_session(client, legs)
    address, _ = session.authorization_url(client.metadata["authorization_endpoint"])
    callback = alice.go_through(address, "profile").url

    tokens = session.fetch_token(
        client.metadata["token_endpoint"],
        authorization_response=callback,
        client_secret=client.client_secret,
    )

    assert tokens["scope"] == ["profile"]


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib_completes_the_flow(
    method: str, client: RegisteredClient, legs: Legs, alice: Person
) -> None:
    session = legs.network.mount(
        AuthlibSession(
            client.client_id,
            client.client_secret,
            token_endpoint_auth_method=method,
            revocation_endpoint_auth_method=method,
            redirect_uri=client.redirect_uri,
            scope=SCOPE,
            code_challenge_method="S256",
        )
    )
    authorize, token, revoke = (
        client.metadata[f"{name}_endpoint"] for name in ("authorization", "token", "revocation")
    )
    verifier = "a-verifier-of-forty-three-characters-or-more"

    address, _ = session.create_authorization_url(authorize, code_verifier=verifier)
    callback = alice.go_through(address).url
    tokens = session.fetch_token(token, authorization_response=callback, code_verifier=verifier)
    photos = session.get(f"{legs.resource_api_url}/photos").json()["photos"]
    refreshed = session.refresh_token(token, refresh_token=tokens["refresh_token"])
    revoked = session.revoke_token(revoke, token=refreshed["refresh_token"])

    assert len(photos) == 6
    assert revoked.status_code == 200
    assert session.get(f"{legs.resource_api_url}/photos").status_code == 401


def test_every_endpoint_in_the_metadata_exists(client: RegisteredClient, legs: Legs) -> None:
    addresses = [value for name, value in client.metadata.items() if name.endswith("_endpoint")]

    assert {urljoin(address, "/").rstrip("/") for address in addresses} == {legs.auth_server_url}
    assert all(legs.session().get(address).status_code != 404 for address in addresses)
