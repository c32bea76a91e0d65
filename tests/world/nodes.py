"""Two nodes: two processes of each leg behind nginx, which share their databases.

A node is what one machine runs: `python app.py`, without the demo. The nodes have nothing in common
but the settings and what these name: the databases and the store of Print Shop's sessions.
"""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import requests

from auth_server import create_app
from config import AuthServerSettings
from web.database import Database
from world.browser import Browser
from world.cast import Person
from world.load_balancer import Nginx, running_nginx
from world.operator import Operator
from world.processes import READY_WITHIN, ROOT, STOPPED_WITHIN, free_ports, is_healthy, servers_at
from world.registered_client import RegisteredClient
from world.sockets import Sockets

LEGS = ("AUTH_SERVER", "CLIENT_APP", "RESOURCE_API")
PASSWORD = "through the rabbit hole"
SCOPE = "profile photos:read photos:write"


@dataclass
class Node:
    """One machine with a process of each leg; `folder` has what it writes."""

    env: Mapping[str, str]
    ports: Sequence[int]
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the legs, without waiting for them."""
        with (self.folder / "output.txt").open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "app.py"],
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        """Wait until each leg says that it can serve."""
        deadline = time.monotonic() + READY_WITHIN
        while not all(is_healthy(f"http://127.0.0.1:{port}") for port in self.ports):
            assert self.process is not None, "it was not started"
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.05)

    def kill(self) -> None:
        """Stop all processes at once with SIGKILL, as when the machine loses its power."""
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def signal(self, number: int, ports: Sequence[int] = ()) -> None:
        """Send a signal to the servers and workers; only of the legs at `ports`, if given."""
        for pid in servers_at(ports or self.ports):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def stop(self) -> None:
        """Stop the legs as an operator does."""
        if self.process is None:
            return
        self.signal(signal.SIGCONT)  # A stopped process would not end.
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOPPED_WITHIN)
        self.kill()

    @property
    def output(self) -> str:
        """What the legs have printed, their event logs among it."""
        return (self.folder / "output.txt").read_text()


@dataclass
class Nodes:
    """The nodes behind `proxy`, and the operator of their authorization server."""

    nodes: Sequence[Node]
    proxy: Nginx
    operator: Operator
    env: Mapping[str, str]

    @property
    def auth_server_url(self) -> str:
        return self.env["TRIPOD_AUTH_SERVER_URL"]

    @property
    def client_app_url(self) -> str:
        return self.env["TRIPOD_CLIENT_APP_URL"]

    @property
    def resource_api_url(self) -> str:
        return self.env["TRIPOD_RESOURCE_API_URL"]

    @property
    def output(self) -> str:
        """What all nodes have printed."""
        return "".join(node.output for node in self.nodes)

    def create_person(self, name: str, network: Sockets | None = None) -> Person:
        """Create a user, whose browser uses `network`."""
        self.operator.run("users", "create", name, stdin=f"{PASSWORD}\n")
        return Person(name, PASSWORD, Browser(network or Sockets(), home=self.auth_server_url))

    def create_client(self, name: str, network: Sockets | None = None) -> RegisteredClient:
        """Register a confidential client for every scope."""
        redirect_uri = f"https://{name}.example/callback"
        registration = self.operator.create_client(
            name, "--redirect-uri", redirect_uri, "--scope", SCOPE
        )
        return self._client(
            registration["client_id"], registration["client_secret"], redirect_uri, network
        )

    def resource_server(self, network: Sockets | None = None) -> RegisteredClient:
        """Return the client that Photo API uses for introspection."""
        prefix = "TRIPOD_INTROSPECTION_CLIENT"
        return self._client(self.env[f"{prefix}_ID"], self.env[f"{prefix}_SECRET"], "", network)

    def _client(
        self, client_id: str, client_secret: str, redirect_uri: str, network: Sockets | None
    ) -> RegisteredClient:
        return RegisteredClient(
            issuer=self.auth_server_url,
            client_id=client_id,
            client_secret=client_secret,
            redirect_uri=redirect_uri,
            http=(network or Sockets()).mount(requests.Session()),
        )


@contextmanager
def two_nodes(
    folder: Path,
    databases: Mapping[str, str],
    settings: Mapping[str, str] | None = None,
    of_each_node: Sequence[Mapping[str, str]] = ({}, {}),
) -> Iterator[Nodes]:
    """Run two nodes behind nginx, and write all their files under `folder`.

    `databases` are the settings that name what the nodes share. `of_each_node` are more variables
    of the environment for each node.
    """
    public = free_ports(len(LEGS) * 3)
    public, ports = public[: len(LEGS)], public[len(LEGS) :]
    ports_of_nodes = [ports[: len(LEGS)], ports[len(LEGS) :]]
    env = _environment(public, {**databases, **(settings or {})})
    settings_of_server = {
        **env,
        "TRIPOD_INSTANCE_PATH": str(_private(folder / "operator")),
    }
    app = create_app(AuthServerSettings.load(settings_of_server, serving=True))
    operator = Operator(app)
    env = _register(operator, env)
    nodes = []
    for number, own in enumerate(of_each_node):
        place = _private(folder / f"node{number}")
        node_env = {**env, **own, "TRIPOD_INSTANCE_PATH": str(place), "TMPDIR": str(place)}
        for leg, port in zip(LEGS, ports_of_nodes[number], strict=True):
            node_env[f"TRIPOD_{leg}_BIND"] = f"127.0.0.1:{port}"
        nodes.append(Node(node_env, ports_of_nodes[number], place))
    upstream = dict(zip(public, zip(*ports_of_nodes, strict=True), strict=True))
    try:
        with running_nginx(folder / "nginx", upstream) as proxy:
            for node in nodes:
                node.start()
            for node in nodes:
                node.wait_until_ready()
            yield Nodes(nodes, proxy, operator, env)
    finally:
        for node in nodes:
            node.stop()
        database: Database = app.extensions["tripod.database"]
        database.close()


def _environment(ports: Sequence[int], settings: Mapping[str, str]) -> dict[str, str]:
    surroundings = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TRIPOD_", "FLASK_"))
    }
    urls = {
        f"TRIPOD_{leg}_URL": f"http://127.0.0.1:{port}"
        for leg, port in zip(LEGS, ports, strict=True)
    }
    return {
        **surroundings,
        **urls,
        "TRIPOD_DEMO": "0",
        "TRIPOD_SECRET_KEY": secrets.token_urlsafe(32),
        "TRIPOD_TRUSTED_PROXIES": "1",
        **settings,
    }


def _register(operator: Operator, env: Mapping[str, str]) -> dict[str, str]:
    """Register Print Shop and Photo API, and return the environment with their secrets."""
    callback = f"{env['TRIPOD_CLIENT_APP_URL']}/callback"
    shop = operator.create_client("Print Shop", "--redirect-uri", callback, "--scope", SCOPE)
    api = operator.create_client("Photo API", "--resource-server")
    return {
        **env,
        "TRIPOD_CLIENT_ID": shop["client_id"],
        "TRIPOD_CLIENT_SECRET": shop["client_secret"],
        "TRIPOD_INTROSPECTION_CLIENT_ID": api["client_id"],
        "TRIPOD_INTROSPECTION_CLIENT_SECRET": api["client_secret"],
    }


def _private(folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    return folder
