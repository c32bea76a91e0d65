"""The client configuration endpoint (RFC 7592): a client reads, changes and deletes itself."""

from typing import Any

import pytest
import requests
from world.cast import Person
from world.registered_client import RegisteredClient

from auth_server.models import Client
from tests.auth_server.self_registered import WEB, Program
from tests.auth_server.server import ISSUER, Server

Registration = dict[str, Any]


@pytest.fixture
def registration(program: Program) -> Registration:
    return program.is_registered(client_uri="https://agent.example/")


def manage(
    program: Program, registration: Registration, method: str, body: object = None, **options: Any
) -> requests.Response:
    return program.sends(
        body,
        method=method,
        address=registration["registration_client_uri"],
        **{"token": registration["registration_access_token"]} | options,
    )


def update(program: Program, registration: Registration, **changes: Any) -> requests.Response:
    """Send the metadata of the agent but for `changes`, as an update."""
    members = {"client_id": registration["client_id"]} | program.metadata(**changes)
    return manage(program, registration, "PUT", members)


# Read (§2.1)


def test_a_client_reads_its_registration(program: Program, registration: Registration) -> None:
    response = manage(program, registration, "GET")

    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert response.json() == registration


def test_the_secret_is_not_shown_again(program: Program) -> None:
    registration = program.is_registered(**WEB)

    assert "client_secret" not in manage(program, registration, "GET").json()


# The registration access token (§2, §3)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_the_token_is_required(
    program: Program, registration: Registration, method: str, server: Server
) -> None:
    before = server.run("clients", "list", "--json").output
    without = manage(program, registration, method, {}, token=None)
    wrong = manage(program, registration, method, {}, token="x" * 43)
    empty = manage(program, registration, method, {}, token="")

    assert (without.status_code, wrong.status_code, empty.status_code) == (401, 401, 401)
    assert without.headers["WWW-Authenticate"] == 'Bearer realm="Tripod ID"'
    assert wrong.headers["WWW-Authenticate"] == 'Bearer realm="Tripod ID", error="invalid_token"'
    assert wrong.json()["error"] == "invalid_token"
    assert server.run("clients", "list", "--json").output == before


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_the_token_of_another_client_is_refused(
    program: Program, registration: Registration, method: str
) -> None:
    other = program.is_registered()
    body = {"client_id": registration["client_id"]} | program.metadata()
    response = manage(program, registration, method, body, token=other["registration_access_token"])

    assert response.status_code == 401
    assert manage(program, registration, "GET").status_code == 200


@pytest.mark.parametrize(
    "client_id", ["print-shop", "photo-api", "nobody", "a" * 600, "%00", "%C3%A9", "%FF"]
)
def test_there_is_no_token_for_other_clients(
    program: Program, registration: Registration, client_id: str, posters: RegisteredClient
) -> None:
    """§2: when the client does not exist, the server answers with 401."""
    for name in (client_id, posters.client_id):
        response = manage(
            program,
            registration | {"registration_client_uri": f"{ISSUER}/oauth/register/{name}"},
            "GET",
        )

        assert response.status_code == 401, response.text


def test_other_credentials_are_not_read(program: Program, registration: Registration) -> None:
    token = registration["registration_access_token"]
    address = registration["registration_client_uri"]

    for header in (token, f"Basic {token}", f"Token {token}", "Bearer", "Bearer "):
        response = program.http.get(address, headers={"Authorization": header})
        assert response.status_code == 401, header
    assert program.http.get(f"{address}?access_token={token}").status_code == 401


@pytest.mark.settings(REGISTRATION="closed")
def test_a_registered_client_manages_itself_after_the_endpoint_closed(
    program: Program, server: Server
) -> None:
    assert (
        manage(
            program,
            {
                "registration_client_uri": f"{ISSUER}/oauth/register/nobody",
                "registration_access_token": "x",
            },
            "GET",
        ).status_code
        == 401
    )


# Update (§2.2)


def test_an_update_replaces_the_metadata(program: Program, registration: Registration) -> None:
    response = update(program, registration, client_name="Agent 2")

    assert response.status_code == 200
    assert response.json() == manage(program, registration, "GET").json()
    assert response.json()["client_name"] == "Agent 2"
    assert "client_uri" not in response.json(), "an omitted member is removed"


def test_the_token_and_the_secret_stay(program: Program, alice: Person) -> None:
    registration = program.is_registered(**WEB)
    response = update(program, registration, **WEB, client_name="Agent 2")

    assert response.json()["registration_access_token"] == registration["registration_access_token"]
    assert alice.connect(program.client(registration)).access_token


def test_the_right_secret_may_be_repeated_and_no_other(program: Program) -> None:
    """§2.2: it MUST match the currently issued client secret."""
    registration = program.is_registered(**WEB)
    secret = registration["client_secret"]

    assert update(program, registration, **WEB, client_secret=secret).status_code == 200
    for wrong in ("x" * 43, "", 7, "\ud800"):
        assert update(program, registration, **WEB, client_secret=wrong).status_code == 400


@pytest.mark.parametrize(
    "members",
    [
        {"client_id": "print-shop"},
        {"client_id": 7},
        {"registration_access_token": "x"},
        {"registration_client_uri": "https://x.example"},
        {"client_secret_expires_at": 0},
        {"client_id_issued_at": 1},
        {"redirect_uris": ["http://agent.example/"]},
        {"client_name": "Print Shop"},
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"logo_uri": "javascript:alert(1)"},
    ],
)
def test_a_bad_update_changes_nothing(
    program: Program, registration: Registration, members: dict[str, Any]
) -> None:
    response = update(program, registration, **members)

    assert response.status_code == 400
    assert response.json()["error"] in ("invalid_client_metadata", "invalid_redirect_uri")
    assert manage(program, registration, "GET").json() == registration


def test_a_confidential_client_does_not_become_public(program: Program) -> None:
    registration = program.is_registered(**WEB)

    assert update(program, registration).json()["error"] == "invalid_client_metadata"


def test_an_update_in_another_media_type_is_refused(
    program: Program, registration: Registration
) -> None:
    body = {"client_id": registration["client_id"]} | program.metadata()

    assert manage(program, registration, "PUT", body, content_type="text/plain").status_code == 400


def test_a_changed_address_ends_codes_that_were_sent_to_the_old_one(
    program: Program, registration: Registration, alice: Person
) -> None:
    client = program.client(registration)
    code = alice.allow_request(client.authorization_path()).code
    update(program, registration, redirect_uris=["https://agent.example/callback"])

    assert client.redeem(code).json()["error"] == "invalid_grant"


# Delete (§2.3)


def test_deleting_a_client_ends_its_grants(
    program: Program, registration: Registration, alice: Person, photo_api: RegisteredClient
) -> None:
    tokens = alice.connect(program.client(registration))
    response = manage(program, registration, "DELETE")

    assert (response.status_code, response.content) == (204, b"")
    assert not photo_api.holds(tokens.access_token)
    assert manage(program, registration, "GET").status_code == 401
    assert manage(program, registration, "DELETE").status_code == 401


def test_a_demo_client_does_not_exist_outside_the_demo(
    program: Program, registration: Registration, server: Server
) -> None:
    with server.reading() as db:
        client = db.get(Client, registration["client_id"])

    assert client is not None
    assert client.is_demo


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_no_other_method_is_allowed(
    program: Program, registration: Registration, method: str
) -> None:
    assert manage(program, registration, method, {}).status_code == 405
