"""npm's `oidc-provider`, in memory and on SQLite."""

import json
import os
import secrets
import shutil
from collections.abc import Mapping
from functools import partial
from urllib.parse import urljoin

import requests
from world.processes import free_ports

from benchmarks.contenders.contender import Contender
from benchmarks.installing import PEERS, InstallationError, install_packages_of_node
from benchmarks.messages import make_basic
from benchmarks.processes import Server, is_healthy
from benchmarks.works import (
    PHOTOS,
    Endpoints,
    issue_tokens,
    make_authorization_path,
    make_photos_work,
    make_works,
)

REDIRECT_URI = "https://client.example/callback"
MOST_REDIRECTS = 10
PROGRAM = "provider.mjs"


class OidcProvider(Contender):
    """The package with everything in memory."""

    name = "oidc-provider"
    database = ""

    def set_up(self) -> None:
        """Start the server, and sign alice in."""
        [port] = free_ports(1)
        secret, api_secret = secrets.token_hex(16), secrets.token_hex(16)
        server = self._start(port, {"CLIENTS": json.dumps(_describe_clients(secret, api_secret))})
        at = Endpoints(
            port=port,
            authorize="/auth",
            token="/token",
            introspect="/token/introspection",
            client_id="print-shop",
            client_secret=secret,
            redirect_uri=REDIRECT_URI,
            cookie=_sign_in(port),
            api=make_basic("photo-api", api_secret),
        )
        self.works = make_works(server, at)
        self.works[PHOTOS] = make_photos_work(port, issue_tokens(at)["access_token"], [server])

    def _start(self, port: int, env: Mapping[str, str]) -> Server:
        installed = install_packages_of_node()
        for name in (PROGRAM, "storage.mjs"):
            shutil.copy(PEERS / name, installed)
        own = {"PORT": str(port), "NODE_ENV": "production"}
        if self.database:
            own["DATABASE"] = str(self.folder / self.database)
        node = shutil.which("node")
        if node is None:
            raise InstallationError("node is not installed")
        server = Server(
            [node, installed / PROGRAM],
            {**os.environ, **own, **env},
            [partial(is_healthy, port)],
            self.folder,
            self.folder / "output.txt",
        )
        return self.start("server", server)


class OidcProviderOnSqlite(OidcProvider):
    """The package with an adapter for SQLite."""

    name = "oidc-provider on SQLite"
    database = "provider.db"


def _describe_clients(secret: str, api_secret: str) -> list[dict[str, object]]:
    """Return the metadata of a client and of a resource server, which may only introspect."""
    return [
        {
            "client_id": "print-shop",
            "client_secret": secret,
            "redirect_uris": [REDIRECT_URI],
            "grant_types": ["authorization_code", "refresh_token"],
        },
        {
            "client_id": "photo-api",
            "client_secret": api_secret,
            "redirect_uris": [],
            "response_types": [],
            "grant_types": [],
        },
    ]


def _sign_in(port: int) -> str:
    """Follow the redirects of a first authorization request, and return the session's cookies."""
    with requests.Session() as browser:
        browser.trust_env = False
        path = make_authorization_path("/auth", "print-shop", REDIRECT_URI)
        url = f"http://127.0.0.1:{port}{path}"
        for _ in range(MOST_REDIRECTS):
            url = urljoin(url, browser.get(url, allow_redirects=False).headers["Location"])
            if url.startswith(REDIRECT_URI):
                break
        session = {"_session", "_session.sig"}
        found = [f"{cookie.name}={cookie.value}" for cookie in browser.cookies]
        return "; ".join(pair for pair in found if pair.partition("=")[0] in session)
