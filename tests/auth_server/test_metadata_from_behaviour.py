"""The metadata list what the server does, and nothing else: each member is observed, not read.

The candidates include what other servers have. Their names are those of RFC 8414, OpenID Connect
Discovery and the registries of these.
"""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

import pytest
from world.cast import Person
from world.id_tokens import header_of, read_id_token
from world.registered_client import AuthorizationResponse, RegisteredClient, Tokens

from tests.auth_server.server import API, ISSUER, Server

EVERYTHING = "openid profile email photos:read photos:write"
SCOPES = [*EVERYTHING.split(), "address", "phone", "offline_access", "admin"]
ALGORITHMS = ["RS256", "ES256", "PS256", "EdDSA", "HS256", "none"]
AUTH_METHODS = ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]
GRANT_TYPES = ["authorization_code", "refresh_token", "client_credentials", "password", "implicit"]
#: Members, also for what this server does not have, and the path at which it is or would be.
ENDPOINTS = {
    "authorization_endpoint": "/oauth/authorize",
    "token_endpoint": "/oauth/token",
    "introspection_endpoint": "/oauth/introspect",
    "revocation_endpoint": "/oauth/revoke",
    "userinfo_endpoint": "/oauth/userinfo",
    "end_session_endpoint": "/oauth/logout",
    "registration_endpoint": "/oauth/register",
    "jwks_uri": "/oauth/jwks",
    "pushed_authorization_request_endpoint": "/oauth/par",
    "device_authorization_endpoint": "/oauth/device",
    "backchannel_authentication_endpoint": "/oauth/backchannel",
    "check_session_iframe": "/oauth/session",
}
REGISTRATION = {
    "client_name": "Derived",
    "redirect_uris": ["https://derived.example/callback"],
    "token_endpoint_auth_method": "client_secret_post",
}


class Observer:
    """What a client can find out by trying."""

    def __init__(self, server: Server, alice: Person, client: RegisteredClient) -> None:
        self.server, self.alice, self.client = server, alice, client
        alice.send_login()

    def endpoints(self) -> dict[str, str]:
        """Return each endpoint that answers a GET or a POST."""
        found = {}
        for member, path in ENDPOINTS.items():
            answers = (self.alice.browser.get(path), self.server.post(path, {}))
            if any(answer.status_code not in (404, 405) for answer in answers):
                found[member] = ISSUER + path
        return found

    def accepted(self, name: str, candidates: Iterable[str], *errors: str) -> list[str]:
        """Return the values of a parameter that no error of an authorization request names."""
        return [value for value in candidates if self.error(**{name: value}) not in errors]

    def error(self, **parameters: str) -> str | None:
        """Return the error of an authorization request, if it has one."""
        path = self.client.authorization_path(**parameters)
        return AuthorizationResponse.read(self.alice.browser.get(path)).error

    def grant_types(self) -> list[str]:
        def error(grant_type: str) -> object:
            form: dict[str, Any] = {"grant_type": grant_type, "code": "x", "refresh_token": "x"}
            return self.client.request("/oauth/token", **form).json()["error"]

        return [name for name in GRANT_TYPES if error(name) != "unsupported_grant_type"]

    def auth_methods(self) -> list[str]:
        """Return the methods of client authentication for which a client can be registered."""
        return [
            method
            for method in AUTH_METHODS
            if self.register(token_endpoint_auth_method=method).status_code == 201
        ]

    def algorithms(self) -> list[str]:
        """Return the algorithms that a client can choose, and that its ID tokens then have."""
        found = []
        for alg in ALGORITHMS:
            answer = self.register(id_token_signed_response_alg=alg)
            if answer.status_code == 201:
                registration = answer.json()
                client = self.server.client(
                    registration["client_id"],
                    registration["client_secret"],
                    registration["redirect_uris"][0],
                )
                id_token = self.alice.connect(client, scope="openid").id_token
                found.append(header_of(id_token)["alg"])
        return found

    def register(self, **members: str) -> Any:
        """Register a client by RFC 7591."""
        document = json.dumps(REGISTRATION | members)
        headers = {"Content-Type": "application/json"}
        return self.server.session().post(f"{ISSUER}/oauth/register", document, headers=headers)

    def claims(self, tokens: Tokens) -> set[str]:
        """Return the claims of the ID token and of the userinfo response."""
        id_token = read_id_token(tokens.id_token, self.server.browser().get("/oauth/jwks"))
        bearer = {"Authorization": f"Bearer {tokens.access_token}"}
        userinfo = self.server.session().get(f"{ISSUER}/oauth/userinfo", headers=bearer).json()
        return {*id_token, *userinfo}


@pytest.fixture
def observer(server: Server, alice: Person, print_shop: RegisteredClient) -> Observer:
    return Observer(server, alice, print_shop)


def test_the_metadata_list_what_the_server_does_and_nothing_else(
    server: Server,
    observer: Observer,
    alice: Person,
    print_shop: RegisteredClient,
    photo_api: RegisteredClient,
) -> None:
    response = alice.allow_request(print_shop.authorization_path(scope=EVERYTHING, nonce="once"))
    tokens = Tokens.read(print_shop.redeem(response.code))
    id_token = read_id_token(tokens.id_token, server.browser().get("/oauth/jwks"))
    methods = observer.auth_methods()
    document = urlencode({"client_id": "https://127.0.0.1:1/client"})
    observed = {
        **observer.endpoints(),
        "issuer": response.iss,
        "protected_resources": [photo_api.introspect(tokens.access_token).json()["aud"]],
        "scopes_supported": observer.accepted("scope", SCOPES, "invalid_scope"),
        "response_types_supported": observer.accepted(
            "response_type",
            ["code", "token", "id_token", "code id_token"],
            "unsupported_response_type",
        ),
        "response_modes_supported": observer.accepted(
            "response_mode", ["query", "fragment", "form_post"], "invalid_request"
        ),
        "grant_types_supported": observer.grant_types(),
        "prompt_values_supported": observer.accepted(
            "prompt", ["none", "login", "consent", "select_account", "create"], "invalid_request"
        ),
        "code_challenge_methods_supported": observer.accepted(
            "code_challenge_method", ["plain", "S256"], "invalid_request"
        ),
        "token_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_methods_supported": [way for way in methods if way != "none"],
        "revocation_endpoint_auth_methods_supported": methods,
        "authorization_response_iss_parameter_supported": response.iss is not None,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": observer.algorithms(),
        "claims_supported": observer.claims(tokens),
        "request_uri_parameter_supported": observer.error(request_uri="urn:x")
        != "request_uri_not_supported",
        "backchannel_logout_supported": observer.register(
            backchannel_logout_uri="https://derived.example/logout"
        ).json()["backchannel_logout_uri"]
        == "https://derived.example/logout",
        "backchannel_logout_session_supported": "sid" in id_token,
        # The address is refused because nothing listens there, not because it is an address.
        "client_id_metadata_document_supported": "The document cannot be read"
        in alice.browser.get(f"/oauth/authorize?{document}").text,
    }

    metadata = server.browser().get("/.well-known/openid-configuration").json()
    assert observed["protected_resources"] == [API]
    assert metadata | {"claims_supported": set(metadata["claims_supported"])} == observed
