"""Resource indicators (RFC 8707 §2): `resource`, once or more, at both endpoints.

The client names the resource servers at which it wants to use its tokens.
"""

import json

import pytest
from world.cast import Person
from world.events import Events
from world.page import Page
from world.registered_client import AuthorizationResponse, RegisteredClient, Tokens

from tests.auth_server.server import API, ISSUER, Server

TOOLS, NOTES = "https://mcp.example/tools", "https://notes.example"
UNREGISTERED = {
    "another address": "https://mallory.example/tools",
    "a longer path": f"{TOOLS}/more",
    "a shorter path": "https://mcp.example",
    "a path that ends with a slash": f"{TOOLS}/",
    "another port": "http://127.0.0.1:9009",
    "another scheme": "urn:example:album",
    "upper case": "HTTPS://mcp.example/tools",
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


def register_resource_server(server: Server, name: str, address: str) -> RegisteredClient:
    command = ["clients", "create", "--name", name, "--resource-server", "--json"]
    registration = json.loads(server.run(*command, "--resource", address).stdout)
    return server.client(registration["client_id"], registration["client_secret"])


@pytest.fixture
def tools(server: Server) -> RegisteredClient:
    return register_resource_server(server, "Tools", TOOLS)


@pytest.fixture
def notes(server: Server) -> RegisteredClient:
    return register_resource_server(server, "Notes", NOTES)


def refused(person: Person, url: str) -> AuthorizationResponse:
    return AuthorizationResponse.read(person.browser.get(url))


def connect(person: Person, client: RegisteredClient, *resources: str) -> Tokens:
    code = person.allow_request(client.authorization_path(resource=list(resources))).code
    return Tokens.read(client.redeem(code))


def audience(resource_server: RegisteredClient, token: str) -> object:
    return resource_server.introspect(token).json().get("aud")


def test_a_token_is_for_the_resource_that_was_requested(
    alice: Person, print_shop: RegisteredClient, tools: RegisteredClient
) -> None:
    tokens = connect(alice, print_shop, TOOLS)

    assert audience(tools, tokens.access_token) == TOOLS


def test_a_token_is_for_the_photo_api_if_no_resource_was_requested(
    alice: Person, print_shop: RegisteredClient, photo_api: RegisteredClient
) -> None:
    tokens = alice.connect(print_shop)

    assert audience(photo_api, tokens.access_token) == API


def test_a_resource_server_learns_nothing_about_tokens_for_another(
    alice: Person,
    print_shop: RegisteredClient,
    photo_api: RegisteredClient,
    tools: RegisteredClient,
    events: Events,
) -> None:
    for_tools = connect(alice, print_shop, TOOLS).access_token
    for_photos = alice.connect(print_shop).access_token

    assert photo_api.introspect(for_tools).json() == {"active": False}
    assert tools.introspect(for_photos).json() == {"active": False}
    refusals = events.named("introspection_refused")
    assert [refusal["reason"] for refusal in refusals] == ["token_for_another_resource"] * 2


def test_a_client_still_learns_about_its_own_token_for_any_resource(
    alice: Person, print_shop: RegisteredClient, tools: RegisteredClient
) -> None:
    tokens = connect(alice, print_shop, TOOLS)

    assert audience(print_shop, tokens.access_token) == TOOLS
    assert audience(print_shop, tokens.refresh_token) == TOOLS


def test_a_grant_can_be_for_several_resources(
    alice: Person, print_shop: RegisteredClient, tools: RegisteredClient, notes: RegisteredClient
) -> None:
    tokens = connect(alice, print_shop, TOOLS, NOTES, TOOLS)

    assert audience(tools, tokens.access_token) == [TOOLS, NOTES]
    assert audience(notes, tokens.access_token) == [TOOLS, NOTES]


def test_the_token_request_chooses_among_the_granted_resources(
    alice: Person, print_shop: RegisteredClient, tools: RegisteredClient, notes: RegisteredClient
) -> None:
    """§2.2: the access token is for the subset; the refresh token keeps all of them."""
    path = print_shop.authorization_path(resource=[TOOLS, NOTES])
    code = alice.allow_request(path).code
    first = Tokens.read(print_shop.redeem(code, resource=TOOLS))
    second = Tokens.read(print_shop.refresh(first.refresh_token, resource=NOTES))
    third = Tokens.read(print_shop.refresh(second.refresh_token))

    assert audience(tools, first.access_token) == TOOLS
    assert audience(notes, second.access_token) == NOTES
    assert audience(notes, third.access_token) == [TOOLS, NOTES]


@pytest.mark.parametrize("granted", [[], [API], [NOTES]], ids=["none", "photo api", "notes"])
def test_a_token_request_cannot_choose_what_was_not_granted(
    alice: Person,
    print_shop: RegisteredClient,
    tools: RegisteredClient,
    notes: RegisteredClient,
    events: Events,
    granted: list[str],
) -> None:
    tokens = connect(alice, print_shop, *granted)

    response = print_shop.refresh(tokens.refresh_token, resource=TOOLS)

    assert (response.status_code, response.json()["error"]) == (400, "invalid_target")
    assert events.named("request_refused")[-1]["reason"] == "resource_not_granted"
    assert print_shop.refresh(tokens.refresh_token).status_code == 200, "nothing was spent"


@pytest.mark.parametrize("resource", [API, f"{API}/"], ids=["as published", "with a slash"])
def test_the_photo_api_may_be_named(
    alice: Person, print_shop: RegisteredClient, photo_api: RegisteredClient, resource: str
) -> None:
    """The path `/` means the same as no path (RFC 3986 §6.2.3); some clients add it."""
    code = alice.allow_request(print_shop.authorization_path(resource=resource)).code
    tokens = Tokens.read(print_shop.redeem(code, resource=resource))

    assert audience(photo_api, tokens.access_token) == API


@pytest.mark.parametrize("value", UNREGISTERED.values(), ids=UNREGISTERED)
@pytest.mark.parametrize("others", [[], [API]], ids=["alone", "beside another"])
def test_only_the_address_of_a_registered_resource_server_is_accepted(
    alice: Person,
    print_shop: RegisteredClient,
    tools: RegisteredClient,
    events: Events,
    value: str,
    others: list[str],
) -> None:
    response = refused(alice, print_shop.authorization_path(resource=[*others, value]))

    assert (response.error, response.iss) == ("invalid_target", ISSUER)
    assert events.named("authorization_request_refused")[-1]["reason"] == "unknown_resource"


def test_the_user_sees_where_the_access_is_used(
    alice: Person, print_shop: RegisteredClient, tools: RegisteredClient
) -> None:
    alice.connect(print_shop)

    page = Page(alice.browser.get(print_shop.authorization_path(resource=TOOLS)))

    assert f"Tools ({TOOLS})" in page.text


def test_access_for_another_resource_server_is_never_given_without_asking(
    alice: Person, print_shop: RegisteredClient, tools: RegisteredClient
) -> None:
    """A consent is remembered for the Photo API alone."""
    alice.connect(print_shop)
    connect(alice, print_shop, TOOLS)

    silent = refused(alice, print_shop.authorization_path(resource=TOOLS, prompt="none"))

    assert silent.error == "consent_required"


@pytest.mark.parametrize("resource", [[TOOLS], [API, TOOLS]], ids=str)
def test_a_consent_for_another_resource_server_is_not_one_for_the_photo_api(
    alice: Person, print_shop: RegisteredClient, tools: RegisteredClient, resource: list[str]
) -> None:
    connect(alice, print_shop, *resource)

    silent = refused(alice, print_shop.authorization_path(prompt="none"))

    assert silent.error == "consent_required"


def test_several_resources_survive_the_login_and_the_consent_page(
    alice: Person, print_shop: RegisteredClient, tools: RegisteredClient
) -> None:
    """Multiple `resource` parameters MAY be used to indicate several resources."""
    request = print_shop.authorization_path(resource=[API, TOOLS])
    to_login = alice.browser.get(request).headers["Location"]
    page = Page(alice.browser.get(alice.send_login(to_login).headers["Location"]))
    response = AuthorizationResponse.read(alice.decide(page, "allow", *page.boxes))

    assert page.form.action == request
    assert print_shop.redeem(response.code, resource=[TOOLS, API]).status_code == 200


def test_a_new_sign_in_counts_for_a_request_with_several_resources(
    alice: Person, print_shop: RegisteredClient, tools: RegisteredClient
) -> None:
    request = print_shop.authorization_path(resource=[API, TOOLS], prompt="login")

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
    response = print_shop.redeem("made-up", **{name: ["one", "two"]}, resource=[API, TOOLS])

    assert response.json()["error"] == "invalid_request"


@pytest.mark.parametrize("endpoint", ["/oauth/revoke", "/oauth/introspect"])
def test_other_endpoints_have_no_resource_parameter(
    print_shop: RegisteredClient, endpoint: str
) -> None:
    once = print_shop.request(endpoint, token="made-up", resource="photos")
    twice = print_shop.request(endpoint, token="made-up", resource=[API, TOOLS])

    assert once.status_code == 200
    assert (twice.status_code, twice.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "address",
    [
        "http://mcp.example",
        f"{TOOLS}?a=b",
        f"{TOOLS}#x",
        "urn:example:album",
        "https://me@x.example",
    ],
)
def test_a_resource_server_is_registered_at_a_safe_address_only(
    server: Server, address: str
) -> None:
    command = ["clients", "create", "--name", "Tools", "--resource-server", "--resource", address]

    assert server.run(*command).exit_code == 1


def test_two_resource_servers_cannot_have_the_same_address(
    server: Server, tools: RegisteredClient
) -> None:
    command = ["clients", "create", "--name", "Again", "--resource-server", "--resource", TOOLS]

    assert server.run(*command).exit_code == 1


def test_only_a_resource_server_has_an_address(server: Server) -> None:
    options = ["--redirect-uri", "https://a.example/cb", "--scope", "photos:read"]

    result = server.run("clients", "create", "--name", "App", *options, "--resource", TOOLS)

    assert result.exit_code == 1
