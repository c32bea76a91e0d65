"""This project's legs, set up as `docs/production.md` says: without the demo and its recorder."""

import json
import secrets
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import requests
from world.browser import Browser
from world.cast import Person
from world.processes import environment, run
from world.registered_client import RegisteredClient, Tokens
from world.sockets import Sockets

from benchmarks.contenders.contender import ROOT, Contender
from benchmarks.contenders.serving import serve
from benchmarks.load import CONCURRENCY
from benchmarks.messages import make_basic
from benchmarks.processes import Server, is_healthy
from benchmarks.works import (
    ALBUM,
    PHOTO_COUNT,
    PHOTOS,
    SCOPE,
    Endpoints,
    Work,
    make_album_work,
    make_photos_work,
    make_works,
)

AUTH_SERVER, CLIENT_APP, RESOURCE_API = "auth server", "Print Shop", "Photo API"
PASSWORD = "a long pass phrase"
#: No token expires during the benchmark.
LIFETIMES = {"TRIPOD_ACCESS_TOKEN_LIFETIME": "7200"}
CALENDAR_URI = "https://calendar.example/callback"
FULL_SCOPE = "profile photos:read photos:write"
FACTORIES = {
    AUTH_SERVER: ("asgi_auth_server", "TRIPOD_AUTH_SERVER_URL"),
    RESOURCE_API: ("asgi_resource_api", "TRIPOD_RESOURCE_API_URL"),
    CLIENT_APP: ("asgi_client_app", "TRIPOD_CLIENT_APP_URL"),
}
PICTURE = ROOT / "resource_api" / "demo_photos" / "fjord-blue-hour.webp"


class Installation:
    """An installation outside the demo: its settings, a user and the clients."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self._folder = folder
        self.env = environment(
            folder / "instance",
            TRIPOD_DEMO="0",
            TRIPOD_SECRET_KEY=secrets.token_urlsafe(32),
            **LIFETIMES,
            **settings,
        )
        shop = ("--name", "Print Shop", "--redirect-uri", self.redirect_uri, "--scope", FULL_SCOPE)
        self.client = self._create_client(*shop)
        calendar = ("--redirect-uri", CALENDAR_URI, "--scope", SCOPE)
        self.calendars = [
            self._create_client("--name", f"Calendar {number}", *calendar)
            for number in range(CONCURRENCY)
        ]
        self.api = self._create_client("--name", "Photo API", "--resource-server")
        self._run("users", "create", "alice", "--name", "Alice Liddell", stdin=PASSWORD)
        self.env |= {
            "TRIPOD_CLIENT_ID": self.client["client_id"],
            "TRIPOD_CLIENT_SECRET": self.client["client_secret"],
            "TRIPOD_INTROSPECTION_CLIENT_ID": self.api["client_id"],
            "TRIPOD_INTROSPECTION_CLIENT_SECRET": self.api["client_secret"],
        }

    @property
    def redirect_uri(self) -> str:
        """The redirect URI of Print Shop."""
        return self.url(CLIENT_APP) + "/callback"

    def url(self, leg: str) -> str:
        """Return the address of a leg."""
        return self.env[FACTORIES[leg][1]]

    def port(self, leg: str) -> int:
        """Return the port of a leg."""
        return int(self.url(leg).rpartition(":")[2])

    def make_server(self, leg: str, *, workers: int = 1) -> Server:
        """Return the server of a leg, which is not started yet."""
        factory = FACTORIES[leg][0]
        command = serve(f"app:{factory}", self.port(leg), like=factory, workers=workers)
        probe = partial(is_healthy, self.port(leg))
        return Server(command, self.env, [probe], ROOT, self._folder / f"{leg}.txt")

    @cached_property
    def alice(self) -> Person:
        """The user, in a browser."""
        return Person("alice", PASSWORD, Browser(Sockets(), home=self.url(AUTH_SERVER)))

    def connect(self, scope: str, client: dict[str, Any] | None = None) -> Tokens:
        """Let alice allow `client` or Print Shop this scope, and return the client's tokens."""
        client = client or self.client
        http = requests.Session()
        http.trust_env = False
        identity = (client["client_id"], client["redirect_uris"][0], client["client_secret"])
        registered = RegisteredClient(self.url(AUTH_SERVER), *identity, http)
        return self.alice.connect(registered, scope=scope)

    def endpoints(self, client: dict[str, Any] | None = None) -> Endpoints:
        """Return the endpoints for `client` or Print Shop, after alice has allowed it."""
        client = client or self.client
        self.connect(SCOPE, client)
        return Endpoints(
            port=self.port(AUTH_SERVER),
            authorize="/oauth/authorize",
            token="/oauth/token",
            introspect="/oauth/introspect",
            client_id=client["client_id"],
            client_secret=client["client_secret"],
            redirect_uri=client["redirect_uris"][0],
            cookie=self.cookie("tripod_auth_server"),
            api=make_basic(self.api["client_id"], self.api["client_secret"]),
        )

    def make_works(self, server: Server) -> dict[str, Work]:
        """Return the works of the authorization server.

        Each connection makes its round trips for a client of its own, since a new grant can end
        the client's oldest, even one of a moment ago.
        """
        calendars = [self.endpoints(calendar) for calendar in self.calendars]
        return make_works(server, self.endpoints(), calendars)

    def cookie(self, name: str) -> str:
        """Return the Cookie header for one of the cookies of alice's browser."""
        return f"{name}={self.alice.browser.cookies()[name]}"

    def _create_client(self, *options: str) -> dict[str, Any]:
        created: dict[str, Any] = json.loads(self._run("clients", "create", *options, "--json"))
        return created

    def _run(self, *command: str, stdin: str = "") -> str:
        finished = run(
            "-m", "flask", "--app", "app:create_auth_server", *command, env=self.env, stdin=stdin
        )
        finished.check_returncode()
        return finished.stdout


class Tripod(Contender):
    """The three legs on SQLite."""

    name = "Tripod"

    def set_up(self) -> None:
        """Start the legs, store ten photos, and connect Print Shop."""
        self.installation = Installation(self.folder)
        servers = {leg: self.start(leg, self.installation.make_server(leg)) for leg in FACTORIES}
        auth_server, api = servers[AUTH_SERVER], servers[RESOURCE_API]
        tokens = self.installation.connect(FULL_SCOPE)
        self._add_photos(tokens.access_token)
        self.works = self.installation.make_works(auth_server)
        self.works[PHOTOS] = make_photos_work(
            self.installation.port(RESOURCE_API), tokens.access_token, [auth_server, api]
        )
        self.installation.alice.browser.open(f"{self.installation.url(CLIENT_APP)}/connect")
        self.works[ALBUM] = make_album_work(
            self.installation.port(CLIENT_APP),
            self.installation.cookie("tripod_client_app"),
            list(servers.values()),
        )

    def _add_photos(self, access_token: str) -> None:
        for number in range(PHOTO_COUNT):
            answer = requests.post(
                f"{self.installation.url(RESOURCE_API)}/photos",
                headers={"Authorization": f"Bearer {access_token}"},
                data={"title": f"Photo {number}"},
                files={"image": ("photo.webp", PICTURE.read_bytes(), "image/webp")},
                timeout=30,
            )
            answer.raise_for_status()
