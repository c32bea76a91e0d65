"""The authorization server under test, on a network of its own.

Tests use it only over HTTP and at its command line. The people and clients come from
`tests/world`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import requests
from click.testing import Result
from flask.testing import FlaskClient
from jinja2 import BytecodeCache
from sqlalchemy import event
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse
from world.browser import SESSION_COOKIE, Browser
from world.cast import Person
from world.network import Network
from world.outside import send_in_memory
from world.registered_client import RegisteredClient

from auth_server import create_app
from auth_server.models import Client
from config import AuthServerSettings
from web.database import Database

ISSUER = "http://127.0.0.1:9000"
OTHER_SPELLINGS = ("http://localhost:9000", "http://[::1]:9000")
API = "http://127.0.0.1:9002"
#: Two addresses of this machine: the demo answers no others.
SOMEWHERE, ELSEWHERE = "127.0.1.1", "127.0.2.1"
NOON = datetime(2031, 3, 4, 12, 0, tzinfo=UTC)
VERIFIER = "the-verifier-that-only-the-client-knows-0123456789"


class RawClient(FlaskClient):
    """Werkzeug's test client, for requests that no browser and no HTTP library would send."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request to the issuer's address."""
        environ = {"REMOTE_ADDR": SOMEWHERE} | kwargs.pop("environ_overrides", {})
        return super().open(*args, **{"base_url": ISSUER} | kwargs, environ_overrides=environ)


class Server:
    """The authorization server with these settings. `network` is new for each test."""

    def __init__(
        self, settings: AuthServerSettings, templates: BytecodeCache | None = None
    ) -> None:
        self.settings = settings
        self.app = create_app(settings)
        self.app.jinja_env.bytecode_cache = templates
        self.reset_network()
        # Tests need no protection from power cuts, and waiting for the disk is slow.
        event.listen(
            self.database.engine,
            "connect",
            lambda connection, _: connection.execute("PRAGMA synchronous=OFF"),
        )

    def reset_network(self) -> None:
        """Put the server on a new network, so that nothing from an earlier test is on it."""
        self.network = Network()
        for origin in (ISSUER, self.settings.auth_server_url, *OTHER_SPELLINGS):
            self.network.attach(origin, self.app)
        send_in_memory(self.app, self.network.adapter())

    def browser(self, address: str = SOMEWHERE) -> Browser:
        """Return a new browser whose requests come from `address`."""
        return Browser(self.network, address, home=ISSUER)

    def person(self, username: str, password: str) -> Person:
        """Return this person at a new browser."""
        return Person(username, password, self.browser())

    def session(self) -> requests.Session:
        """Return a program's session, which no cookie gets into from a browser."""
        return self.network.mount(requests.Session())

    def client(
        self,
        client_id: str,
        secret: str | None,
        redirect_uri: str = "",
        scope: str = "profile photos:read",
    ) -> RegisteredClient:
        """Return the client that is registered with these values."""
        return RegisteredClient(
            issuer=ISSUER,
            client_id=client_id,
            redirect_uri=redirect_uri,
            client_secret=secret,
            http=self.session(),
            scope=scope,
            state="af0ifjsldkj",
            verifier=VERIFIER,
        )

    def raw_client(self, session_cookie: str = "") -> "RawClient":
        """Return a client that sends each byte unchanged, with the cookie of `browser` if given."""
        client = RawClient(self.app)
        if session_cookie:
            client.set_cookie(SESSION_COOKIE, session_cookie, domain="127.0.0.1")
        return client

    def post(self, path: str, data: Mapping[str, Any] | bytes, **options: Any) -> requests.Response:
        """Send a program's POST request, without cookies."""
        return self.browser().post(path, data, **options)

    def run(self, *arguments: str, stdin: Any = None) -> Result:
        """Run `flask --app app:create_auth_server` with these arguments."""
        return self.app.test_cli_runner().invoke(args=list(arguments), input=stdin)

    @property
    def database(self) -> Database:
        """The server's database."""
        database: Database = self.app.extensions["tripod.database"]
        return database

    def replace_redirect_uris(self, client: RegisteredClient, *redirect_uris: str) -> None:
        """Store redirect URIs that an earlier version has registered."""
        with self.database.writing() as db:
            registered = db.get(Client, client.client_id)
            assert registered is not None
            registered.redirect_uris = list(redirect_uris)

    def reading(self) -> Session:
        """Return a session that reads the tables, for what no response shows."""
        return self.database.session(writing=False)
