"""Dynamic client registration (RFC 7591): by the rules of the developer's form, and never a 5xx."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from world.cast import Person
from world.clock import Clock
from world.events import Events
from world.registered_client import RegisteredClient

from auth_server.request_throttling import REGISTRATIONS_PER_ADDRESS
from auth_server.scopes import SCOPES
from tests.auth_server.developers import Developer
from tests.auth_server.self_registered import WEB, Program
from tests.auth_server.server import ELSEWHERE, ISSUER, Server

WELL_KNOWN = "/.well-known/oauth-authorization-server"
TOKEN = "an-initial.access_token~for+the/program="


def error_of(program: Program, **changes: Any) -> str:
    response = program.registers(**changes)
    assert response.status_code == 400, response.text
    assert response.headers["Content-Type"] == "application/json"
    body = response.json()
    assert set(body) == {"error", "error_description"}
    assert body["error_description"].isascii()
    return str(body["error"])


# The response (§3.2.1)


def test_a_public_client_registers_itself_and_gets_no_secret(program: Program) -> None:
    response = program.registers()
    registration = response.json()

    assert response.status_code == 201
    assert response.headers["Cache-Control"] == "no-store"
    assert "client_secret" not in registration
    assert "client_secret_expires_at" not in registration
    assert registration["client_name"] == "Notebook Agent"
    assert registration["redirect_uris"] == ["http://localhost:3334/callback"]
    assert registration["token_endpoint_auth_method"] == "none"
    assert registration["grant_types"] == ["authorization_code", "refresh_token"]
    assert registration["response_types"] == ["code"]
    assert registration["registration_client_uri"] == (
        f"{ISSUER}/oauth/register/{registration['client_id']}"
    )
    assert len(registration["registration_access_token"]) >= 43


def test_a_confidential_client_gets_a_secret_that_does_not_expire(program: Program) -> None:
    registration = program.is_registered(**WEB)

    assert len(registration["client_secret"]) >= 43
    assert registration["client_secret_expires_at"] == 0


def test_the_default_method_is_client_secret_basic(program: Program) -> None:
    """§2."""
    registration = program.is_registered(**WEB | {"token_endpoint_auth_method": None})

    assert registration["token_endpoint_auth_method"] == "client_secret_basic"
    assert registration["client_secret"]


def test_every_registered_member_is_in_the_response(program: Program) -> None:
    members = {
        "client_uri": "https://agent.example/",
        "logo_uri": "https://agent.example/logo.png",
        "policy_uri": "https://agent.example/policy",
        "tos_uri": "https://agent.example/terms",
        "post_logout_redirect_uris": ["https://agent.example/bye"],
        "backchannel_logout_uri": "https://agent.example/logout",
        "id_token_signed_response_alg": "ES256",
    }
    registration = program.is_registered(**WEB, **members)

    assert {name: registration[name] for name in members} == members


@pytest.mark.parametrize("scope", [None, "", "photos:read", "photos:read offline_access"])
def test_the_scope_is_replaced_by_all_scopes(program: Program, scope: str | None) -> None:
    """§2: programs register the scope of their first request, and ask for more later."""
    assert program.is_registered(scope=scope)["scope"] == " ".join(SCOPES)


def test_a_client_without_a_name_is_shown_by_its_identifier(program: Program) -> None:
    """§2: the authorization server MAY display the raw "client_id" value."""
    registration = program.is_registered(client_name=None)

    assert registration["client_name"] == registration["client_id"]


def test_unknown_members_are_ignored(program: Program) -> None:
    """§2."""
    registration = program.is_registered(
        software_id="abc", jwks={"keys": []}, application_type="native", contacts=["a@b.example"]
    )

    assert "software_id" not in registration


def test_a_member_that_is_null_is_omitted(program: Program) -> None:
    members = program.metadata() | {"client_uri": None, "scope": None, "grant_types": None}

    assert program.sends(members).status_code == 201


@pytest.mark.parametrize(
    "uses",
    [
        {"grant_types": ["authorization_code"]},
        {"grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"]},
        {"response_types": []},
    ],
)
def test_supported_values_may_be_named(program: Program, uses: dict[str, Any]) -> None:
    assert program.registers(**uses).status_code == 201


# A registered client works


@pytest.mark.parametrize("members", [{}, WEB], ids=["public", "confidential"])
def test_a_registered_client_gets_tokens(
    program: Program, alice: Person, members: dict[str, Any]
) -> None:
    client = program.client(program.is_registered(**members))

    assert alice.connect(client).scope == "profile photos:read"


def test_a_public_client_may_use_any_loopback_port(program: Program, alice: Person) -> None:
    client = program.client(program.is_registered())
    client.redirect_uri = "http://localhost:50123/callback"

    assert alice.connect(client).access_token


def test_a_phone_may_register_its_own_scheme(program: Program) -> None:
    assert program.registers(redirect_uris=["com.example.app:/callback"]).status_code == 201


# Errors (§3.2.2)


@pytest.mark.parametrize(
    "uris",
    [
        None,
        [],
        ["http://agent.example/callback"],
        ["javascript:alert(1)"],
        ["data:text/html,x"],
        ["https://agent.example/#fragment"],
        ["https://alice@agent.example/"],
        ["https://agent.example/?code=1"],
        ["https://*.agent.example/"],
        ["/callback"],
        [""],
        ["https://agent.example/\x00"],
        ["https://agent.example/\ud800"],
        ["https://agent.example/" + "x" * 2000],
        ["https://é.example/callback"],
        [f"https://agent.example/{number}" for number in range(21)],
        "https://agent.example/callback",
        [["https://agent.example/callback"]],
        [None],
        [1],
        {"0": "https://agent.example/callback"},
    ],
)
def test_a_bad_redirect_uri_is_refused(program: Program, uris: object) -> None:
    assert error_of(program, redirect_uris=uris) == "invalid_redirect_uri"


def test_a_confidential_client_may_not_register_a_private_scheme(program: Program) -> None:
    members = WEB | {"redirect_uris": ["com.example.app:/callback"]}

    assert error_of(program, **members) == "invalid_redirect_uri"


@pytest.mark.parametrize(
    "member",
    ["client_uri", "logo_uri", "policy_uri", "tos_uri", "backchannel_logout_uri"],
)
@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "http://agent.example/",
        "https://alice:secret@agent.example/",
        "//agent.example",
        "data:image/png;base64,AAAA",
        "https://agent.example/\x00",
        "https://agent.example/\ud800",
        7,
        ["https://agent.example/"],
    ],
)
def test_every_address_follows_the_same_rules(
    program: Program, member: str, address: object
) -> None:
    assert error_of(program, **{member: address}) == "invalid_client_metadata"


@pytest.mark.parametrize(
    "members",
    [
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"token_endpoint_auth_method": "client_secret_jwt"},
        {"token_endpoint_auth_method": "tls_client_auth"},
        {"token_endpoint_auth_method": ""},
        {"token_endpoint_auth_method": ["none"]},
        {"grant_types": ["implicit"]},
        {"grant_types": ["refresh_token"]},
        {"grant_types": ["authorization_code", "password"]},
        {"grant_types": "authorization_code"},
        {"response_types": ["token"]},
        {"response_types": ["code", "id_token"]},
        {"scope": ["profile"]},
        {"client_name": ""},
        {"client_name": "a\nb"},
        {"client_name": "a\x00b"},
        {"client_name": "\ud800"},
        {"client_name": "x" * 101},
        {"client_name": "\u202eevil"},
        {"client_name": {"en": "Agent"}},
        {"client_name": True},
        {"post_logout_redirect_uris": ["javascript:alert(1)"]},
        {"post_logout_redirect_uris": "https://agent.example/"},
        {"backchannel_logout_uri": "https://agent.example/#x"},
        {"subject_type": "pairwise"},
        {"id_token_signed_response_alg": "none"},
        {"id_token_signed_response_alg": "HS256"},
    ],
)
def test_other_bad_metadata_are_refused(program: Program, members: dict[str, Any]) -> None:
    assert error_of(program, **members) == "invalid_client_metadata"


@pytest.mark.parametrize(
    "name", ["Print Shop", "Pr1nt Shоp", "Tripod ID", "Photo API", "Mallory's Posters"]
)
def test_a_name_that_looks_like_another_one_is_refused(program: Program, name: str) -> None:
    assert error_of(program, client_name=name) == "invalid_client_metadata"


def test_many_programs_may_have_one_name(program: Program) -> None:
    """An application registers itself on each machine."""
    program.is_registered()

    assert program.registers().status_code == 201


def test_nobody_can_take_a_name_from_a_developer(program: Program, server: Server) -> None:
    program.is_registered(client_name="Postcard Press")
    developer = Developer(server.person("mallory", "no good at all"))

    assert developer.registers().status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"1",
        b"NaN",
        b"{",
        b"{}}",
        b"\xff\xfe{}",
        b'{"redirect_uris": ["\xff"]}',
        b"\x00",
        b"[" * 50_000,
        b'{"a":' * 9_000 + b"1" + b"}" * 9_000,
        b'{"client_name": ' + b"9" * 6_000 + b"}",
        b'{"client_name": "A", "client_name": "B"}',
        b'{"jwks": {"a": 1, "a": 2}}',
        b"client_name=Agent",
    ],
    ids=range(17),
)
def test_a_body_that_is_no_json_object_is_refused(program: Program, body: bytes) -> None:
    response = program.sends(body)

    assert (response.status_code, response.json()["error"]) == (400, "invalid_client_metadata")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/jose"]
)
def test_another_media_type_is_refused(program: Program, content_type: str) -> None:
    response = program.sends(program.metadata(), content_type=content_type)

    assert (response.status_code, response.json()["error"]) == (400, "invalid_client_metadata")


def test_the_media_type_may_have_a_charset(program: Program) -> None:
    response = program.sends(program.metadata(), content_type="application/json; charset=utf-8")

    assert response.status_code == 201


def test_a_large_body_is_refused(program: Program) -> None:
    response = program.registers(contacts=["x" * 70_000])

    assert response.status_code == 413
    assert response.headers["Content-Type"] == "application/json"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children),
    max_leaves=8,
)
MEMBERS = [
    *("client_name", "client_uri", "logo_uri", "policy_uri", "tos_uri", "scope"),
    *("redirect_uris", "post_logout_redirect_uris", "backchannel_logout_uri", "grant_types"),
    *("response_types", "token_endpoint_auth_method", "subject_type", "jwks", "client_id"),
]


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(members=st.dictionaries(st.sampled_from(MEMBERS), JSON_VALUES, min_size=1))
def test_no_json_causes_a_server_error(program: Program, members: dict[str, Any]) -> None:
    program.server.app.extensions["tripod.registration_counts"].clear()
    response = program.sends(program.metadata() | members)

    assert response.status_code in (201, 400), response.text


# Who may register


@pytest.mark.settings(REGISTRATION="closed")
def test_a_closed_server_registers_nobody(program: Program, server: Server) -> None:
    response = program.registers()

    assert (response.status_code, response.json()["error"]) == (403, "access_denied")
    assert "registration_endpoint" not in server.browser().get(WELL_KNOWN).json()


@pytest.mark.settings(REGISTRATION="token", REGISTRATION_TOKEN=TOKEN)
def test_the_initial_access_token_is_required(program: Program, events: Events) -> None:
    """§3: the initial access token is a bearer token (RFC 6750)."""
    without, wrong = program.registers(), program.registers(token="guessed")

    assert (without.status_code, wrong.status_code) == (401, 401)
    assert without.headers["WWW-Authenticate"] == 'Bearer realm="Tripod ID"'
    assert wrong.headers["WWW-Authenticate"] == 'Bearer realm="Tripod ID", error="invalid_token"'
    assert program.registers(token=TOKEN[:-1]).status_code == 401
    assert [event["reason"] for event in events.named("request_refused")] == [
        "registration_token_missing",
        "wrong_registration_token",
        "wrong_registration_token",
    ]


@pytest.mark.settings(REGISTRATION="token", REGISTRATION_TOKEN=TOKEN)
def test_the_holder_of_the_initial_access_token_registers(program: Program, server: Server) -> None:
    response = program.registers(token=TOKEN)

    assert response.status_code == 201
    assert server.browser().get(WELL_KNOWN).json()["registration_endpoint"]


def test_the_metadata_name_the_endpoint(program: Program, server: Server) -> None:
    metadata = server.browser().get(WELL_KNOWN).json()

    assert metadata["registration_endpoint"] == f"{ISSUER}/oauth/register"


def test_registrations_from_one_address_are_throttled(
    clock: Clock, program: Program, events: Events
) -> None:
    for _ in range(REGISTRATIONS_PER_ADDRESS):
        program.is_registered()
    response = program.registers()

    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) == 61
    assert events.named("request_refused")[-1]["reason"] == "too_many_registrations"
    assert len(events.named("client_registered")) == REGISTRATIONS_PER_ADDRESS
    program.http = program.server.network.mount(program.http)
    program.http.mount("http://", program.server.network.adapter(ELSEWHERE))
    assert program.registers().status_code == 201


# What stays


def test_the_event_says_that_the_client_registered_itself(program: Program, events: Events) -> None:
    registration = program.is_registered()

    [event] = events.named("client_registered")
    assert event["client_id"] == registration["client_id"]
    assert event["registered_by"] == "itself"


def test_neither_secret_is_stored_in_clear(program: Program, server: Server) -> None:
    registration = program.is_registered(**WEB)

    stored = server.settings.instance_path.joinpath("auth_server.db").read_bytes()
    stored += server.settings.instance_path.joinpath("auth_server.db-wal").read_bytes()
    assert registration["client_secret"].encode() not in stored
    assert registration["registration_access_token"].encode() not in stored
    assert registration["client_id"].encode() in stored


def test_neither_secret_is_logged(program: Program, events: Events) -> None:
    registration = program.is_registered(**WEB)

    log = json.dumps(events.entries)
    assert registration["client_secret"] not in log
    assert registration["registration_access_token"] not in log


def test_a_client_with_a_remembered_consent_is_not_deleted(
    clock: Clock, program: Program, server: Server, alice: Person
) -> None:
    client = program.client(program.is_registered(**WEB))
    alice.connect(client)
    clock.forward(days=3)
    server.run("tokens", "purge")

    assert client.client_id in server.run("clients", "list").output


def test_a_client_without_a_grant_is_deleted_after_a_day(
    clock: Clock,
    program: Program,
    server: Server,
    alice: Person,
    registers: Callable[..., RegisteredClient],
) -> None:
    unused, used = program.is_registered(), program.is_registered()
    alice.connect(program.client(used))
    by_operator = registers(
        "--name", "Calendar", "--redirect-uri", "https://x.example/", "--scope", "profile"
    )
    clock.forward(hours=23)
    server.run("tokens", "purge")
    assert unused["client_id"] in server.run("clients", "list").output
    alice.connect(program.client(used))
    clock.forward(hours=2)
    server.run("tokens", "purge")

    remaining = server.run("clients", "list").output
    assert unused["client_id"] not in remaining
    assert used["client_id"] in remaining
    assert by_operator.client_id in remaining


def test_a_client_is_kept_for_90_days_after_its_last_grant(
    clock: Clock, program: Program, server: Server, alice: Person
) -> None:
    """Its user can come back without a new registration, though every token has expired."""
    client = program.client(program.is_registered())
    alice.connect(client)
    server.run("tokens", "purge")
    clock.forward(days=89)
    server.run("tokens", "purge")
    assert alice.connect(client).scope == "profile photos:read"
    clock.forward(days=92)
    server.run("tokens", "purge")
    clock.forward(days=90)
    server.run("tokens", "purge")

    assert client.client_id not in server.run("clients", "list").output
