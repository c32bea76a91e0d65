"""The operator of an authorization server: its commands, run in this process."""

import json
from threading import Lock
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy.exc import OperationalError

from auth_server import clients
from auth_server.client_metadata import ClientMetadata
from auth_server.models import Client
from web.database import Database

#: A command takes over the standard streams of this process, so they run one after the other.
_one_command = Lock()


class CommandFailed(AssertionError):
    """An operation failed. The message is the output of the command, or the error."""


class Operator:
    """Who runs `flask --app app:create_auth_server …` for the server `app`."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def run(self, *arguments: str, stdin: str = "") -> str:
        """Run a command and return its output.

        :raises CommandFailed: when it fails.
        """
        with _one_command:
            result = self._app.test_cli_runner().invoke(args=arguments, input=stdin)
        if result.exit_code != 0:
            raise CommandFailed(result.output) from result.exception
        return str(result.stdout)

    def create_client(self, name: str, *options: str) -> dict[str, Any]:
        """Register a client, and return its registration with the secret."""
        created = self.run("clients", "create", "--name", name, *options, "--json")
        registration: dict[str, Any] = json.loads(created)
        return registration

    def set_scope(self, client_id: str, scope: str) -> None:
        """Change the scope of a client, as its developer does.

        :raises CommandFailed: when the database does not answer.
        """
        database: Database = self._app.extensions["tripod.database"]
        try:
            with self._app.app_context(), database.writing() as db:
                registered = db.get_one(Client, client_id)
                metadata = ClientMetadata(
                    name=registered.name, redirect_uris=registered.redirect_uris, scope=scope
                )
                clients.update_client(db, registered, metadata)
        except (OperationalError, psycopg.OperationalError) as error:
            raise CommandFailed(str(error)) from error
