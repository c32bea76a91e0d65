"""Commands to manage clients and users and to purge expired rows, also while the legs run."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click
from flask import Flask

from auth_server import clients, expired_rows, removal, users
from auth_server.client_authentication import METHODS
from auth_server.client_metadata import ClientMetadata
from auth_server.command_group import Group
from auth_server.errors import RegistrationError
from auth_server.key_commands import key_commands
from auth_server.models import Client
from auth_server.scopes import SCOPES, scope_text
from auth_server.signing_keys import ALGORITHMS
from web import text
from web.database import Session, get_database, get_db, writing
from web.purging import Step, purge
from web.text import TextError

#: Bytes of standard input, more than the longest password has.
MAX_LINE = 64 * 1024

client_commands = Group("clients", help="Register and manage clients and resource servers.")
user_commands = Group("users", help="Manage the resource owners.")
token_commands = Group("tokens", help="Manage codes and tokens.")
session_commands = Group("sessions", help="Manage sign-ins.")

_as_json_object = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object, with RFC 7591's names."
)


def init_app(app: Flask) -> None:
    """Add the commands to `flask --app app:create_auth_server`."""
    groups = (client_commands, user_commands, token_commands, session_commands, key_commands)
    for group in groups:
        app.cli.add_command(group)


@client_commands.command("create")
@click.option("--name", required=True, help="The name that the consent page shows.")
@click.option(
    "--redirect-uri",
    "redirect_uris",
    multiple=True,
    help="A redirect URI. Can be repeated. With --public, it may be com.example.app:/callback.",
)
@click.option("--scope", default="", help=f'Space-delimited: "{scope_text(SCOPES)}".')
@click.option("--public", "is_public", is_flag=True, help="A client that cannot keep a secret.")
@click.option(
    "--id-token-alg",
    type=click.Choice(ALGORITHMS),
    help="The algorithm that signs its ID tokens; RS256 by default.",
)
@click.option(
    "--auth-method",
    type=click.Choice(METHODS),
    help="How it authenticates; client_secret_basic by default. --public is the same as none.",
)
@click.option(
    "--post-logout-redirect-uri",
    "post_logout_redirect_uris",
    multiple=True,
    help="Where a user may return after signing out. Can be repeated.",
)
@click.option(
    "--backchannel-logout-uri", default="", help="Where this server reports that a user signed out."
)
@click.option(
    "--resource-server",
    "is_resource_server",
    is_flag=True,
    help="An account that can only introspect tokens.",
)
@click.option("--resource", help="The address of a resource server, as clients name it (RFC 8707).")
@_as_json_object
@writing
def create_client(
    name: str,
    is_public: bool,
    is_resource_server: bool,
    resource: str | None,
    as_json: bool,
    **metadata: Any,
) -> None:
    """Register a client. Its secret is shown only once."""
    secret: str | None
    with _transaction() as db:
        if not is_resource_server:
            if resource is not None:
                raise RegistrationError("--resource needs --resource-server.")
            read = _read_metadata(name, is_public, metadata)
            client, secret = clients.register_client(db, read)
        elif is_public or any(metadata.values()):
            raise RegistrationError("--resource-server cannot be combined with a client's options.")
        else:
            client, secret = clients.register_resource_server(db, name, resource)
    _print_client(client, secret, as_json=as_json)


def _read_metadata(name: str, is_public: bool, metadata: dict[str, Any]) -> ClientMetadata:
    if is_public and metadata["auth_method"] not in (None, "none"):
        raise RegistrationError("A client with --public has the --auth-method none.")
    if is_public:
        metadata["auth_method"] = "none"
    return ClientMetadata(name=name, **metadata)


@client_commands.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def list_clients(as_json: bool) -> None:
    """List every registered client, without secrets."""
    found = clients.all_clients(get_db())
    if as_json:
        click.echo(json.dumps([clients.client_information(client) for client in found]))
        return
    for client in found:
        columns = (client.client_id, _kind(client), client.name, client.scope)
        click.echo("\t".join((*columns, " ".join(client.redirect_uris))))


def _kind(client: Client) -> str:
    if client.is_resource_server:
        return "resource server"
    if client.is_public:
        return "public"
    return "confidential"


@client_commands.command("rotate-secret")
@click.argument("client_id")
@_as_json_object
@writing
def rotate_secret(client_id: str, as_json: bool) -> None:
    """Give CLIENT_ID a new secret, which is shown only once. The old one stops working."""
    with _transaction() as db:
        client, secret = clients.rotate_secret(db, client_id)
    _print_client(client, secret, as_json=as_json)


@client_commands.command("delete")
@click.argument("client_id")
@writing
def delete_client(client_id: str) -> None:
    """Delete CLIENT_ID and end its grants."""
    with _registration_errors():
        removal.remove_client(get_database(), client_id)
    click.echo(f"Deleted {client_id}. Its grants have ended.")


@user_commands.command("create")
@click.argument("username")
@click.option("--name", default="", help="The full name; by default the username.")
@click.option("--email", help="The email address, for clients with the scope email.")
@writing
def create_user(username: str, name: str, email: str | None) -> None:
    """Create the resource owner USERNAME.

    The password is read from a prompt, or as one line from standard input.
    """
    with _transaction() as db:
        username = users.check_username(username)
        if email is not None:
            email = users.check_email(email)
        user = users.create_user(
            db, username=username, name=name or username, password=_read_password(), email=email
        )
    click.echo(f"Created {user.username}, subject {user.id}.")


@user_commands.command("list")
def list_users() -> None:
    """List every resource owner."""
    for user in users.all_users(get_db()):
        click.echo("\t".join((user.username, user.id, user.name)))


@user_commands.command("set-password")
@click.argument("username")
@writing
def set_password(username: str) -> None:
    """Set a new password and sign USERNAME out everywhere. The user's grants do not end."""
    with _transaction() as db:
        # Read before the transaction begins, so that typing does not block other writers.
        password = _read_password()
        users.replace_password(db, username, password)
    click.echo(f"Set a new password for {username}. All sign-ins of this user have ended.")


@user_commands.command("delete")
@click.argument("username")
@writing
def delete_user(username: str) -> None:
    """Delete USERNAME, and end the user's sign-ins and grants."""
    with _registration_errors():
        removal.remove_user(get_database(), username)
    click.echo(f"Deleted {username}. Sign-ins and grants have ended.")


@token_commands.command("purge")
def purge_tokens() -> None:
    """Delete everything that has expired: codes, tokens, grants, events and sign-ins."""
    purge(get_database(), [expired_rows.store_used_clients])
    _purge(expired_rows.EVERYTHING)


@session_commands.command("purge")
def purge_sessions() -> None:
    """Delete expired sign-ins, and failed attempts to sign in that no longer count."""
    _purge(expired_rows.SESSIONS)


def _purge(steps: Sequence[Step]) -> None:
    count = purge(get_database(), steps)
    click.echo(f"Deleted {count} expired rows.")


@contextmanager
def _transaction() -> Iterator[Session]:
    """Give the session, and commit at the end."""
    with _registration_errors():
        yield get_db()
    get_db().commit()


@contextmanager
def _registration_errors() -> Iterator[None]:
    """Turn a registration error into one line on standard error and exit status 1."""
    try:
        yield
    except RegistrationError as error:
        raise click.ClickException(str(error)) from None


def _read_password() -> str:
    """Return the password from a prompt, or from the first line of standard input.

    :raises RegistrationError: when it cannot be read, or is not UTF-8.
    """
    try:
        if sys.stdin.isatty():
            return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
        return text.decode_utf8(sys.stdin.buffer.readline(MAX_LINE)).rstrip("\r\n")
    except (TextError, UnicodeError):
        raise RegistrationError("The password must be UTF-8.") from None
    except (AttributeError, OSError):  # Standard input is closed, or it is a folder.
        raise RegistrationError("The password cannot be read from standard input.") from None


def _print_client(client: Client, secret: str | None, *, as_json: bool) -> None:
    information = clients.client_information(client)
    if secret is not None:
        # RFC 7591 §3.2.1: 0 means that the secret does not expire.
        information |= {"client_secret": secret, "client_secret_expires_at": 0}
    if as_json:
        click.echo(json.dumps(information))
        return
    for name, value in information.items():
        text = value
        if isinstance(value, list):
            text = " ".join(value)
        click.echo(f"{name}: {text}")
