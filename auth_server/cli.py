"""The command line: clients, resource owners, and clearing out what has expired. It works beside running legs."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import Flask
from flask.cli import AppGroup

from auth_server import account_events, registrations
from auth_server.models import Client
from auth_server.registrations import RegistrationError
from web.database import get_db, writing

clients = AppGroup("clients", help="Register clients and resource servers, and look after them.")
users = AppGroup("users", help="Look after the resource owners.")
tokens = AppGroup("tokens", help="Look after codes and tokens.")


def init_app(app: Flask) -> None:
    """Add the commands to `flask --app app:create_auth_server`."""
    for group in (clients, users, tokens):
        app.cli.add_command(group)


@clients.command("create")
@click.option("--name", required=True, help="What a person reads on the consent page.")
@click.option(
    "--redirect-uri",
    "redirect_uris",
    multiple=True,
    help="May be given several times; matched exactly.",
)
@click.option("--scope", default="", help='Space-delimited: "profile photos:read".')
@click.option("--public", "is_public", is_flag=True, help="A client that cannot keep a secret.")
@click.option(
    "--resource-server",
    "is_resource_server",
    is_flag=True,
    help="An account that introspects, nothing else.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object, with RFC 7591's names."
)
@writing
def create_client(
    name: str,
    redirect_uris: tuple[str, ...],
    scope: str,
    is_public: bool,
    is_resource_server: bool,
    as_json: bool,
) -> None:
    """Register a client. Its secret is shown this once."""
    with _complaints():
        client, secret = registrations.register_client(
            get_db(),
            name=name,
            redirect_uris=list(redirect_uris),
            scope=scope,
            is_public=is_public,
            is_resource_server=is_resource_server,
        )
    get_db().commit()
    _print_client(client, secret, as_json=as_json)


@clients.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def list_clients(as_json: bool) -> None:
    """Every registered client, without secrets."""
    found = registrations.all_clients(get_db())
    if as_json:
        click.echo(json.dumps([registrations.information(client) for client in found]))
        return
    for client in found:
        kind = (
            "resource server"
            if client.is_resource_server
            else "public"
            if client.is_public
            else "confidential"
        )
        click.echo(
            "\t".join(
                (client.client_id, kind, client.name, client.scope, " ".join(client.redirect_uris))
            )
        )


@clients.command("rotate-secret")
@click.argument("client_id")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object, with RFC 7591's names."
)
@writing
def rotate_secret(client_id: str, as_json: bool) -> None:
    """Give CLIENT_ID a new secret, shown this once. The old one is dead."""
    with _complaints():
        client, secret = registrations.rotate_secret(get_db(), client_id)
    get_db().commit()
    _print_client(client, secret, as_json=as_json)


@clients.command("delete")
@click.argument("client_id")
@writing
def delete_client(client_id: str) -> None:
    """Delete CLIENT_ID; its grants end."""
    with _complaints():
        registrations.delete_client(get_db(), client_id)
    get_db().commit()
    click.echo(f"Deleted {client_id}. Its grants have ended.")


@users.command("create")
@click.argument("username")
@click.option("--name", default="", help="The person's name; the username when left out.")
@writing
def create_user(username: str, name: str) -> None:
    """Create the resource owner USERNAME. The password comes from a prompt, or as one line of standard input."""
    with _complaints():
        registrations.check_username(username)
        user = registrations.create_user(
            get_db(), username=username, name=name or username, password=_password()
        )
    get_db().commit()
    click.echo(f"Created {user.username}, subject {user.id}.")


@users.command("list")
def list_users() -> None:
    """Every resource owner."""
    for user in registrations.all_users(get_db()):
        click.echo("\t".join((user.username, user.id, user.name)))


@users.command("set-password")
@click.argument("username")
@writing
def set_password(username: str) -> None:
    """Set a new password: it ends the person's sign-ins, not her grants."""
    with _complaints():
        # Asked for first: while somebody types, the database is free for others.
        password = registrations.checked_password(_password())
        user = registrations.find_user(get_db(), username)
        user.set_password(password)
        account_events.note(get_db(), user.id, "password_replaced")
    get_db().commit()
    click.echo(f"The password of {username} is new; every sign-in of that person has ended.")


@users.command("delete")
@click.argument("username")
@writing
def delete_user(username: str) -> None:
    """Delete USERNAME; that person's sign-ins and grants end."""
    with _complaints():
        registrations.delete_user(get_db(), username)
    get_db().commit()
    click.echo(f"Deleted {username}. Sign-ins and grants have ended.")


@tokens.command("purge")
@writing
def purge() -> None:
    """Delete what has expired."""
    count = registrations.purge(get_db())
    get_db().commit()
    click.echo(f"Deleted {count} expired rows.")


@contextmanager
def _complaints() -> Iterator[None]:
    """Turn a complaint into one line on standard error and exit status 1."""
    try:
        yield
    except RegistrationError as error:
        raise click.ClickException(str(error)) from None


def _password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


def _print_client(client: Client, secret: str | None, *, as_json: bool) -> None:
    information = registrations.information(client)
    if secret is not None:
        # RFC 7591 §3.2.1: 0 means that the secret does not expire.
        information |= {"client_secret": secret, "client_secret_expires_at": 0}
    if as_json:
        click.echo(json.dumps(information))
        return
    for name, value in information.items():
        click.echo(f"{name}: {' '.join(value) if isinstance(value, list) else value}")
