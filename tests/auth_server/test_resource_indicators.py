"""Resource indicators (RFC 8707 §2): `resource`, once or more, at both endpoints.

All tokens of this server are for one resource server, so a value has no effect.
"""

import pytest
from world.cast import Person
from world.events import Events
from world.page import Page
from world.registered_client import AuthorizationResponse, RegisteredClient, Tokens

from tests.auth_server.server import API, ISSUER

MCP_SERVER = "https://mcp.example/tools"
SEVERAL = [API, MCP_SERVER, "urn:example:album", API]
VALUES = {
    "the resource server": API,
    "an address with a path and a query": "https://api.example/app/?tenant=7&lang=%C3%BC",
    "another scheme": "urn:example:album",
    "an address with a port": "http://[::1]:9002/",
}
NOT_ABSOLUTE_URIS = {
    "a relative address": "/photos",
    "a host": "photos.example",
    "an address without a scheme": "//photos.example/",
    "a fragment": f"{API}#photos",
    "an empty fragment": f"{API}#",
    "a space": f"{API}/my photos",
    "a new line": f"{API}\n",
    "not ASCII": "https://phötos.example/",
    "a percent sign without a number": f"{API}/%zz",
    "a scheme alone": "https:",
    "no host": "https:///photos",
    "half a host": "https://[::1",
    "a port that is not a number": "https://photos.example:http/",
    "a quote": f'{API}/"',
    "a NUL": f"{API}/\0",
}


def refused(person: Person, url: str) -> AuthorizationResponse:
    return AuthorizationResponse.read(person.browser.get(url))


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_an_absolute_uri_is_accepted_and_has_no_effect(
    alice: Person, print_shop: RegisteredClient, photo_api: RegisteredClient, value: str
) -> None:
    code = alice.allow_request(print_shop.authorization_path(resource=value)).code
    tokens = Tokens.read(print_shop.redeem(code, resource=value))
    refreshed = Tokens.read(print_shop.refresh(tokens.refresh_token, resource=value))

    assert photo_api.introspect(refreshed.access_token).json()["aud"] == API


def test_several_resources_survive_the_login_and_the_consent_page(
    alice: Person, print_shop: RegisteredClient
) -> None:
    """Multiple `resource` parameters MAY be used to indicate several resources."""
    request = print_shop.authorization_path(resource=SEVERAL)
    to_login = alice.browser.get(request).headers["Location"]
    page = Page(alice.browser.get(alice.send_login(to_login).headers["Location"]))
    response = AuthorizationResponse.read(alice.decide(page, "allow", *page.boxes))

    assert page.form.action == request
    assert print_shop.redeem(response.code, resource=SEVERAL).status_code == 200


def test_several_resources_may_be_sent_with_a_refresh_token(
    alice: Person, print_shop: RegisteredClient
) -> None:
    tokens = alice.connect(print_shop)

    assert print_shop.refresh(tokens.refresh_token, resource=SEVERAL).status_code == 200


def test_a_new_sign_in_counts_for_a_request_with_several_resources(
    alice: Person, print_shop: RegisteredClient
) -> None:
    request = print_shop.authorization_path(resource=SEVERAL, prompt="login")

    assert alice.allow_request(request).code


@pytest.mark.parametrize("value", NOT_ABSOLUTE_URIS.values(), ids=NOT_ABSOLUTE_URIS)
@pytest.mark.parametrize("others", [[], [API]], ids=["alone", "beside another"])
def test_the_authorization_endpoint_refuses_any_other_value(
    alice: Person, print_shop: RegisteredClient, events: Events, value: str, others: list[str]
) -> None:
    """It MUST be an absolute URI and MUST NOT include a fragment component."""
    response = refused(alice, print_shop.authorization_path(resource=[*others, value]))

    assert (response.error, response.iss) == ("invalid_target", ISSUER)
    assert events.named("authorization_request_refused")[-1]["reason"] == "malformed_resource"


@pytest.mark.parametrize("value", NOT_ABSOLUTE_URIS.values(), ids=NOT_ABSOLUTE_URIS)
def test_the_token_endpoint_refuses_any_other_value(
    print_shop: RegisteredClient, events: Events, value: str
) -> None:
    for resource in ([value], [API, value]):
        exchanged = print_shop.redeem("made-up", resource=resource)
        refreshed = print_shop.refresh("made-up", resource=resource)

        for response in (exchanged, refreshed):
            assert (response.status_code, response.json()["error"]) == (400, "invalid_target")
        assert events.named("request_refused")[-1]["reason"] == "malformed_resource"


def test_a_refused_resource_spends_neither_code_nor_refresh_token(
    alice: Person, print_shop: RegisteredClient
) -> None:
    code = alice.allow_request(print_shop.authorization_path()).code
    refused_code = print_shop.redeem(code, resource="photos")
    tokens = Tokens.read(print_shop.redeem(code))
    refused_token = print_shop.refresh(tokens.refresh_token, resource="photos")

    assert [refused_code.status_code, refused_token.status_code] == [400, 400]
    assert print_shop.refresh(tokens.refresh_token).status_code == 200


def test_a_resource_without_a_value_counts_as_omitted(
    alice: Person, print_shop: RegisteredClient
) -> None:
    """RFC 6749 §3.1, §3.2."""
    code = alice.allow_request(print_shop.authorization_path(resource=["", API])).code

    assert print_shop.redeem(code, resource=["", ""]).status_code == 200


@pytest.mark.parametrize("name", ["scope", "client_id", "grant_type", "Resource", "audience"])
def test_every_other_parameter_must_not_be_repeated(
    print_shop: RegisteredClient, name: str
) -> None:
    """RFC 6749 §3.2."""
    response = print_shop.redeem("made-up", **{name: ["one", "two"]}, resource=SEVERAL)

    assert response.json()["error"] == "invalid_request"


@pytest.mark.parametrize("endpoint", ["/oauth/revoke", "/oauth/introspect"])
def test_other_endpoints_have_no_resource_parameter(
    print_shop: RegisteredClient, endpoint: str
) -> None:
    once = print_shop.request(endpoint, token="made-up", resource="photos")
    twice = print_shop.request(endpoint, token="made-up", resource=SEVERAL)

    assert once.status_code == 200
    assert (twice.status_code, twice.json()["error"]) == (400, "invalid_request")
