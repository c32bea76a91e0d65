"""The three applications in this process, on one in-memory network with one instance folder."""

import json
import shutil
from pathlib import Path
from typing import Any

import requests
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.wrappers import Request, Response

from auth_server import create_app as create_auth_server
from client_app import create_app as create_client_app
from config import (
    DEMO_INTROSPECTION_CLIENT_ID,
    AuthServerSettings,
    ClientAppSettings,
    ResourceApiSettings,
)
from resource_api import create_app as create_resource_api
from web.back_channel import BackChannel
from web.http_client import HttpClient
from world.events import Events
from world.network import Network, origin_of, transport_over
from world.outside import send_in_memory
from world.registered_client import RegisteredClient


class _Compiled(BytecodeCache):
    """A cache of compiled templates for all tests: compiling takes longer than most tests."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._known:
            bucket.bytecode_from_string(self._known[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


class Legs:
    """The legs as the demo has them, `settings` aside; `events` is what their event logs tell."""

    def __init__(self, instance_path: Path, **settings: str) -> None:
        self.instance_path = instance_path
        self.environment = {
            "TRIPOD_DEMO": "1",
            "TRIPOD_INSTANCE_PATH": str(instance_path),
            **settings,
        }
        self.network = Network()
        self._event_log = Events()
        self._event_log.attach()
        back_channel = BackChannel(adapter=self.network.adapter)
        http = HttpClient(transport_over(self.network.adapter()))
        self.auth_server = create_auth_server(AuthServerSettings.load(self.environment))
        send_in_memory(self.auth_server, self.network.adapter())
        self.client_app = create_client_app(ClientAppSettings.load(self.environment), back_channel)
        self.resource_api = create_resource_api(ResourceApiSettings.load(self.environment), http)
        for leg in (self.auth_server, self.client_app, self.resource_api):
            leg.jinja_env.bytecode_cache = _COMPILED
            self.network.attach(_url(leg), leg)

    @property
    def auth_server_url(self) -> str:
        return _url(self.auth_server)

    @property
    def client_app_url(self) -> str:
        return _url(self.client_app)

    @property
    def resource_api_url(self) -> str:
        return _url(self.resource_api)

    def session(self) -> requests.Session:
        """Return a new session on the network."""
        return self.network.mount(requests.Session())

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events that the legs logged, oldest first."""
        return self._event_log.entries

    def events_named(self, name: str) -> list[dict[str, Any]]:
        """Return the events of this name, oldest first."""
        return self._event_log.named(name)

    def run(self, *arguments: str, stdin: str = "") -> str:
        """Run `flask --app app:create_auth_server ARGUMENTS` and return its output."""
        result = self.auth_server.test_cli_runner().invoke(args=arguments, input=stdin)
        assert result.exit_code == 0, result.output
        return result.stdout

    def register_client(
        self, redirect_uri: str, scope: str, *, public: bool = False
    ) -> RegisteredClient:
        """Register a client at the command line; something answers at its redirect URI."""
        options = [
            "--name",
            origin_of(redirect_uri),
            "--redirect-uri",
            redirect_uri,
            "--scope",
            scope,
            "--json",
        ]
        registration = json.loads(
            self.run("clients", "create", *options, *(["--public"] if public else []))
        )
        return self.client_with(registration)

    def client_with(self, registration: dict[str, Any]) -> RegisteredClient:
        """Return the client of an earlier registration, from its JSON output."""
        redirect_uri = next(iter(registration["redirect_uris"]), "")
        if redirect_uri:
            self.network.attach(origin_of(redirect_uri), _landing)
        return RegisteredClient(
            issuer=self.auth_server_url,
            client_id=registration["client_id"],
            client_secret=registration.get("client_secret"),
            redirect_uri=redirect_uri,
            http=self.session(),
        )

    def resource_server(self) -> RegisteredClient:
        """Return the client that the resource API uses for introspection."""
        secret = ResourceApiSettings.load(self.environment).introspection_client_secret
        identity = {
            "client_id": DEMO_INTROSPECTION_CLIENT_ID,
            "client_secret": secret,
            "redirect_uris": [],
        }
        return self.client_with(identity)

    def close(self) -> None:
        """Close what the legs hold open."""
        self._event_log.detach()
        for leg in (self.auth_server, self.resource_api):
            leg.extensions["tripod.database"].close()
        self.client_app.extensions["tripod.print_shop"].store.records.close()


def copy_of(instance_path: Path, target: Path) -> Path:
    """Copy an instance folder with its file modes. Its legs must not be running."""
    shutil.copytree(instance_path, target)
    return target


def _url(leg: Flask) -> str:
    return str(leg.extensions["tripod.settings"].url)


@Request.application
def _landing(_request: Request) -> Response:
    """Return the page that a third party shows at its redirect URI."""
    return Response("Welcome back.", mimetype="text/html")
