"""The command line: `flask --app app:create_auth_server clients|users|tokens …`."""

import io
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from world.cast import Person
from world.clock import Clock
from world.events import Events
from world.registered_client import RegisteredClient

from auth_server import create_app
from auth_server.expired_rows import EXPIRED_FOR
from config import PROJECT_ROOT, AuthServerSettings
from tests.auth_server.server import Server

CONFIDENTIAL = (
    "--name",
    "Calendar",
    "--redirect-uri",
    "https://calendar.example/callback",
    "--scope",
    "photos:read",
)

NOT_TO_BE_REGISTERED = {
    "plain http": "http://calendar.example/callback",
    "a host that begins like loopback": "http://127.0.0.1.evil.example/callback",
    "a fragment": "https://calendar.example/callback#here",
    "an empty fragment": "https://calendar.example/callback#",
    "a user name": "https://alice@calendar.example/callback",
    "a wildcard": "https://*.calendar.example/callback",
    "a script": "javascript:alert(1)",
    "data": "data:text/html,hello",
    "a scheme of its own": "calendar://callback",
    "without a scheme": "//calendar.example/callback",
    "relative": "/callback",
    "without a host": "https:///callback",
    "a space": "https://calendar.example/call back",
    "a new line": "https://calendar.example/callback\n",
    "a quote": 'https://calendar.example/"',
    "a backslash": "https://calendar.example\\callback",
    "not ASCII": "https://calendär.example/callback",
    "half an address": "https://[::1/callback",
    "an invalid port": "https://calendar.example:99999/callback",
    "port 0": "http://127.0.0.1:0/callback",
    "text after an IPv6 address": "http://[::1]x/callback",
    "an IPv6 address with a zone": "http://[::1%25lo]/callback",
    "a control character": "https://calendar.example/\x7f",
    "empty": "",
}


def failure(result: Result) -> str:
    """Return the one line that the command prints on failure."""
    assert result.exit_code != 0
    assert "Traceback" not in result.output
    return result.output.strip()


# clients ----------------------------------------------------------------------


def test_registering_a_client_prints_rfc_7591s_names(server: Server) -> None:
    """RFC 7591 §3.2.1: client_secret_expires_at is REQUIRED if "client_secret" is issued."""
    result = server.run("clients", "create", *CONFIDENTIAL, "--json")

    registration = json.loads(result.output)
    assert len(result.output.splitlines()) == 1
    assert re.fullmatch("[A-Za-z0-9]{16,64}", registration.pop("client_id"))
    assert len(registration.pop("client_secret")) >= 43
    assert registration.pop("client_id_issued_at") > 1_700_000_000
    assert registration == {
        "client_name": "Calendar",
        "redirect_uris": ["https://calendar.example/callback"],
        "scope": "photos:read",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_basic",
        "id_token_signed_response_alg": "RS256",
        "client_secret_expires_at": 0,
    }


def test_a_registered_client_can_complete_the_flow(
    alice: Person, registers: Callable[..., RegisteredClient]
) -> None:
    calendar = registers(*CONFIDENTIAL)

    assert alice.connect(calendar).scope == "photos:read"


def test_a_public_client_has_no_secret(
    server: Server, alice: Person, registers: Callable[..., RegisteredClient]
) -> None:
    arguments = (
        "--name",
        "Phone",
        "--redirect-uri",
        "http://127.0.0.1/callback",
        "--scope",
        "profile",
        "--public",
    )
    registration = json.loads(server.run("clients", "create", *arguments, "--json").output)

    assert "client_secret" not in registration
    assert registration["token_endpoint_auth_method"] == "none"
    assert alice.connect(registers(*arguments)).scope == "profile"


def test_a_resource_server_introspects_and_nothing_else(
    server: Server,
    alice: Person,
    registers: Callable[..., RegisteredClient],
    print_shop: RegisteredClient,
) -> None:
    arguments = ("--name", "Another API", "--resource-server")
    registration = json.loads(server.run("clients", "create", *arguments, "--json").output)

    assert (registration["redirect_uris"], registration["scope"]) == ([], "")
    assert (registration["grant_types"], registration["response_types"]) == ([], [])
    assert registers(*arguments).holds(alice.connect(print_shop).access_token)


def test_several_redirect_uris_may_be_registered(server: Server) -> None:
    first, second = "https://calendar.example/one", "https://calendar.example/two"
    arguments = ("--redirect-uri", first, "--redirect-uri", second, "--redirect-uri", first)
    result = server.run(
        "clients", "create", "--name", "Calendar", *arguments, "--scope", "profile", "--json"
    )

    assert json.loads(result.output)["redirect_uris"] == [first, second]


def test_scopes_are_registered_once_and_in_order(server: Server) -> None:
    arguments = (*CONFIDENTIAL[:-1], "photos:write  profile photos:write")

    assert (
        json.loads(server.run("clients", "create", *arguments, "--json").output)["scope"]
        == "profile photos:write"
    )


def create(server: Server, *options: str) -> dict[str, Any]:
    registration: dict[str, Any] = json.loads(
        server.run("clients", "create", *CONFIDENTIAL, *options, "--json").output
    )
    return registration


@pytest.mark.parametrize("options", [("--auth-method", "none"), ("--public",)])
def test_the_method_none_makes_a_public_client(server: Server, options: tuple[str, ...]) -> None:
    registration = create(server, *options)

    assert registration["token_endpoint_auth_method"] == "none"
    assert "client_secret" not in registration


def test_the_method_of_authentication_is_registered(server: Server) -> None:
    registration = create(server, "--auth-method", "client_secret_post")

    assert registration["token_endpoint_auth_method"] == "client_secret_post"
    assert registration["client_secret"]


def test_the_addresses_for_signing_out_are_registered(server: Server) -> None:
    registration = create(
        server,
        *("--post-logout-redirect-uri", "https://calendar.example/bye"),
        *("--post-logout-redirect-uri", "https://calendar.example/"),
        *("--backchannel-logout-uri", "https://calendar.example/logout"),
    )

    assert registration["post_logout_redirect_uris"] == [
        "https://calendar.example/bye",
        "https://calendar.example/",
    ]
    assert registration["backchannel_logout_uri"] == "https://calendar.example/logout"


@pytest.mark.parametrize(
    "options",
    [
        ("--auth-method", "private_key_jwt"),
        ("--auth-method", "client_secret_basic", "--public"),
        ("--post-logout-redirect-uri", "http://calendar.example/"),
        ("--backchannel-logout-uri", "http://calendar.example/"),
        ("--backchannel-logout-uri", "https://calendar.example/#x"),
        ("--resource-server",),
    ],
)
def test_wrong_options_of_a_client_are_rejected(server: Server, options: tuple[str, ...]) -> None:
    assert server.run("clients", "create", *CONFIDENTIAL, *options).exit_code != 0


@pytest.mark.parametrize("uri", NOT_TO_BE_REGISTERED.values(), ids=NOT_TO_BE_REGISTERED)
def test_invalid_redirect_uris_are_rejected(server: Server, uri: str) -> None:
    """RFC 6749 §3.1.2: an absolute URI without a fragment; RFC 9700 §2.6: no plain http."""
    before = server.run("clients", "list").output
    result = server.run(
        "clients", "create", "--name", "Calendar", "--redirect-uri", uri, "--scope", "profile"
    )

    assert failure(result).startswith("Error: ")
    assert server.run("clients", "list").output == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("--name", "Calendar", "--scope", "profile"),
        ("--redirect-uri", "https://x.example/", "--scope", "profile"),
        ("--name", "", "--redirect-uri", "https://x.example/", "--scope", "profile"),
        ("--name", "  ", "--redirect-uri", "https://x.example/", "--scope", "profile"),
        ("--name", "x" * 101, "--redirect-uri", "https://x.example/", "--scope", "profile"),
        ("--name", "a\nb", "--redirect-uri", "https://x.example/", "--scope", "profile"),
        ("--name", "Calendar", "--redirect-uri", "https://x.example/"),
        ("--name", "Calendar", "--redirect-uri", "https://x.example/", "--scope", " "),
        (
            "--name",
            "Calendar",
            "--redirect-uri",
            "https://x.example/",
            "--scope",
            "profile photos:burn",
        ),
        ("--name", "API", "--resource-server", "--scope", "profile"),
        ("--name", "API", "--resource-server", "--redirect-uri", "https://x.example/"),
        ("--name", "API", "--resource-server", "--public"),
    ],
    ids=[
        *[
            "no redirect URI",
            "no name",
            "an empty name",
            "a name of spaces",
            "a long name",
            "a name of two lines",
        ],
        *["no scope", "an empty scope", "an unknown scope"],
        *[
            "a resource server's scope",
            "a resource server's redirect URI",
            "a public resource server",
        ],
    ],
)
def test_invalid_registrations_are_rejected(server: Server, arguments: tuple[str, ...]) -> None:
    assert failure(server.run("clients", "create", *arguments, "--json"))


def test_without_json_the_output_is_plain_text(server: Server) -> None:
    output = server.run("clients", "create", *CONFIDENTIAL).output

    assert "client_name: Calendar" in output
    assert re.search(r"^client_secret: \S{43,}$", output, re.MULTILINE)


def test_clients_are_listed_without_their_secrets(
    server: Server, posters: RegisteredClient, phone_app: RegisteredClient
) -> None:
    listed = {
        line.split("\t")[0]: line.split("\t")[1:]
        for line in server.run("clients", "list").output.splitlines()
    }
    as_json = json.loads(server.run("clients", "list", "--json").output)

    assert listed["photo-api"][:2] == ["resource server", "Photo API"]
    assert listed[phone_app.client_id][0] == "public"
    expected = ["confidential", "Mallory's Posters", "profile photos:read", posters.redirect_uri]
    assert listed[posters.client_id] == expected
    assert {client["client_id"] for client in as_json} == set(listed)
    assert "secret" not in {name for client in as_json for name in client}


def test_a_new_secret_is_shown_once(server: Server, posters: RegisteredClient) -> None:
    rotated = json.loads(server.run("clients", "rotate-secret", posters.client_id, "--json").output)

    assert rotated["client_id"] == posters.client_id
    assert rotated["client_secret"] != posters.client_secret
    assert rotated["client_secret"] not in server.run("clients", "list", "--json").output


def test_a_public_client_has_no_secret_to_rotate(
    server: Server, phone_app: RegisteredClient
) -> None:
    assert "public client" in failure(server.run("clients", "rotate-secret", phone_app.client_id))


def test_deleting_a_client_ends_its_grants(
    server: Server, alice: Person, posters: RegisteredClient, photo_api: RegisteredClient
) -> None:
    tokens = alice.connect(posters)
    result = server.run("clients", "delete", posters.client_id)

    assert result.exit_code == 0
    assert not photo_api.holds(tokens.access_token)
    assert posters.client_id not in server.run("clients", "list").output


@pytest.mark.parametrize("command", ["rotate-secret", "delete"])
@pytest.mark.parametrize("client_id", ["nobody", "", "é", "PRINT-SHOP"])
def test_an_unknown_client_is_reported_in_one_line(
    server: Server, command: str, client_id: str
) -> None:
    assert (
        failure(server.run("clients", command, client_id))
        == f"Error: There is no client {client_id}."
    )


# users ------------------------------------------------------------------------


def test_the_password_is_read_from_standard_input(server: Server) -> None:
    result = server.run("users", "create", "carol", stdin="correct horse \nanother line\n")

    assert result.exit_code == 0
    assert re.fullmatch(r"Created carol, subject [A-Za-z0-9]{24}\.\n", result.output)
    assert server.person("carol", "correct horse ").send_login().status_code == 303


@pytest.mark.parametrize("name", ["Carol Ünal", "Carol 👩\u200d👧", "می\u200cخواهم"])
def test_the_name_option_sets_the_users_name(server: Server, name: str) -> None:
    server.run("users", "create", "carol", "--name", name, stdin="correct horse\n")

    assert name in server.run("users", "list").output


@pytest.mark.parametrize(
    "name", [" ", "\u200b", "\u3164", "two\nlines", "left\u202eright", "x" * 101]
)
def test_invalid_names_are_rejected(server: Server, name: str) -> None:
    result = server.run("users", "create", "carol", "--name", name, stdin="correct horse\n")

    assert failure(result).startswith("Error: A name ")


@pytest.mark.parametrize("username", ["7", "carol.smith+a@example.org", "x" * 64])
def test_a_created_user_can_sign_in(server: Server, username: str) -> None:
    created = server.run("users", "create", username, stdin="correct horse\n")

    assert created.exit_code == 0
    assert server.person(username, "correct horse").send_login().status_code == 303


@pytest.mark.parametrize(
    "username", ["", "carol smith", ".carol", "carol!", "carol\n", "x" * 65, "alice"]
)
def test_invalid_usernames_are_rejected(server: Server, username: str) -> None:
    before = server.run("users", "list").output

    assert failure(server.run("users", "create", username, stdin="correct horse\n"))
    assert server.run("users", "list").output == before


@pytest.mark.parametrize("password", ["", "seven77", "x" * 1025], ids=["none", "short", "long"])
@pytest.mark.parametrize("command", ["create carol", "set-password alice"])
def test_invalid_passwords_are_rejected(
    server: Server, alice: Person, command: str, password: str
) -> None:
    result = server.run("users", *command.split(), stdin=f"{password}\n")

    assert failure(result) == "Error: A password must have 8 to 1024 characters."
    assert alice.send_login().status_code == 303


def test_a_password_is_never_printed(server: Server) -> None:
    created = server.run("users", "create", "carol", stdin="correct horse\n")
    changed = server.run("users", "set-password", "carol", stdin="battery staple\n")

    assert "horse" not in created.output
    assert "staple" not in changed.output


def test_a_new_password_replaces_the_old_one(server: Server, mallory: Person) -> None:
    server.run("users", "set-password", "mallory", stdin="another password\n")

    assert mallory.send_login().status_code == 403
    assert mallory.send_login(password="another password").status_code == 303


def test_typing_a_password_does_not_block_the_database(
    server: Server, instance_database: Path
) -> None:
    """The command works beside running legs, so the prompt must not lock the database."""

    class TypedSlowly(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            with sqlite3.connect(instance_database, timeout=0.1) as somebody_else:
                somebody_else.execute("UPDATE users SET name = 'Bobby' WHERE username = 'bob'")
            somebody_else.close()
            return super().read(size)

        read1 = read

    result = server.run(
        "users", "set-password", "mallory", stdin=TypedSlowly(b"another password\n")
    )

    assert result.exit_code == 0, result.exception
    assert "Bobby" in server.run("users", "list").output


def test_users_are_listed(server: Server) -> None:
    lines = [line.split("\t") for line in server.run("users", "list").output.splitlines()]

    assert [(username, name) for username, _, name in lines] == [
        ("alice", "Alice Liddell"),
        ("bob", "Bob Mason"),
        ("lab-carol", "Carol of the lab"),
        ("lab-mallory", "Mallory of the lab"),
        ("mallory", "Mallory Moore"),
    ]
    assert len({subject for _, subject, _ in lines}) == 5


def test_a_deleted_user_cannot_sign_in(server: Server, mallory: Person) -> None:
    result = server.run("users", "delete", "mallory")

    assert result.exit_code == 0
    assert "\nmallory" not in server.run("users", "list").output
    assert mallory.send_login().status_code == 403


@pytest.mark.parametrize("command", ["set-password", "delete"])
@pytest.mark.parametrize("username", ["nobody", "", "al ice"])
def test_an_unknown_user_is_reported_in_one_line(
    server: Server, command: str, username: str
) -> None:
    result = server.run("users", command, username, stdin="correct horse\n")

    assert failure(result) == f"Error: There is no user {username}."


# tokens -----------------------------------------------------------------------


def test_a_purge_keeps_active_rows(
    clock: Clock, server: Server, alice: Person, print_shop: RegisteredClient
) -> None:
    code = alice.allow_request(print_shop.authorization_path()).code
    tokens = alice.connect(print_shop)
    purged = server.run("tokens", "purge")

    assert purged.output == "Deleted 0 expired rows.\n"
    assert print_shop.holds(tokens.access_token)
    assert print_shop.redeem(code).status_code == 200


def test_a_purge_deletes_expired_rows(
    clock: Clock, server: Server, alice: Person, print_shop: RegisteredClient
) -> None:
    alice.allow_request(print_shop.authorization_path())
    tokens = alice.connect(print_shop)
    clock.forward(120)
    clock.forward(EXPIRED_FOR)
    purged = server.run("tokens", "purge")

    # The access token, and the grant whose code was never redeemed.
    assert purged.output == "Deleted 2 expired rows.\n"
    assert print_shop.holds(tokens.refresh_token)


def test_a_purge_keeps_tokens_that_expired_a_moment_ago(
    clock: Clock, server: Server, alice: Person, print_shop: RegisteredClient, events: Events
) -> None:
    """Otherwise the event log would say that such a token was never issued."""
    tokens = alice.connect(print_shop)
    clock.forward(120)
    server.run("tokens", "purge")

    assert not print_shop.holds(tokens.access_token)
    assert events.named("token_not_active")[-1]["reason"] == "access_token_expired"


def test_a_purge_keeps_replays_detectable(
    clock: Clock, server: Server, alice: Person, print_shop: RegisteredClient, events: Events
) -> None:
    code = alice.allow_request(print_shop.authorization_path()).code
    print_shop.redeem(code)
    clock.forward(3600)
    server.run("tokens", "purge")
    print_shop.redeem(code)

    assert [entry["reason"] for entry in events.named("grant_ended")] == ["replay"]


def test_a_purge_deletes_expired_grants(
    clock: Clock, server: Server, alice: Person, print_shop: RegisteredClient
) -> None:
    print_shop.refresh(alice.connect(print_shop).refresh_token)
    clock.forward(86400)
    server.run("tokens", "purge")
    again = server.run("tokens", "purge")

    assert again.output == "Deleted 0 expired rows.\n"
    with server.reading() as db:
        for table in ("grants", "authorization_codes", "refresh_tokens", "access_tokens"):
            assert db.connection().exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0  # noqa: S608 - a fixed table name


@pytest.mark.settings(REFRESH_TOKEN_LIFETIME="60")
def test_a_purge_keeps_an_access_token_that_outlives_its_grant(
    clock: Clock, server: Server, alice: Person, print_shop: RegisteredClient
) -> None:
    tokens = alice.connect(print_shop)
    clock.forward(60)
    server.run("tokens", "purge")

    assert print_shop.holds(tokens.access_token)


def test_a_purge_keeps_the_consent(
    clock: Clock, server: Server, alice: Person, print_shop: RegisteredClient
) -> None:
    alice.allow_request(print_shop.authorization_path())
    clock.forward(90000)
    server.run("tokens", "purge")

    assert alice.ask(print_shop.authorization_path()).status_code == 302


# As a separate process --------------------------------------------------------


def test_the_command_line_needs_no_secret_key(tmp_path: Path) -> None:
    settings = AuthServerSettings.load({"TRIPOD_INSTANCE_PATH": str(tmp_path)}, serving=False)
    app = create_app(settings)
    created = app.test_cli_runner().invoke(args=["clients", "create", *CONFIDENTIAL, "--json"])
    app.extensions["tripod.database"].close()

    assert created.exit_code == 0
    assert json.loads(created.output)["client_secret"]


def test_the_command_line_works_beside_a_running_leg(
    instance_database: Path, alice: Person, print_shop: RegisteredClient
) -> None:
    """Run the command as another process on the same database, outside the demo."""
    tokens = alice.connect(print_shop)
    environ = {"PATH": os.environ["PATH"], "TRIPOD_INSTANCE_PATH": str(instance_database.parent)}
    command = [
        sys.executable,
        "-m",
        "flask",
        "--app",
        "app:create_auth_server",
        "users",
        "delete",
        "alice",
    ]
    result = subprocess.run(command, cwd=PROJECT_ROOT, env=environ, capture_output=True, text=True)

    assert (result.returncode, result.stdout) == (
        0,
        "Deleted alice. Sign-ins and grants have ended.\n",
    )
    assert not print_shop.holds(tokens.access_token)
    assert not alice.is_signed_in()
