"""Clients that keep connections open and send almost nothing do not stop a leg.

The servers are those of docs/production.md, each with its command as it is printed there.
"""

import re
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from world.fixtures import Stage
from world.legs import copy_of
from world.load_balancer import running_nginx
from world.processes import ROOT, URLS, Running, environment, free_ports, running

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(sys.platform == "win32", reason="gunicorn does not run on Windows"),
]

CONNECTIONS = 64
#: A health check that takes longer has failed. Beside unfinished requests it took under 0.1 s.
ANSWERED_WITHIN = 10.0
#: The kill timeout of the printed command, and time for a loaded machine.
STOPPED_WITHIN = 30 + 20
LEGS = ("auth_server", "client_app", "resource_api")
PRODUCTION = (ROOT / "docs" / "production.md").read_text()

FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
#: What a client sends of its request before it stops.
UNFINISHED = {
    "nothing": b"",
    "a line": b"GET /healthz HTTP/1.1\r\n",
    "a header": b"GET /healthz HTTP/1.1\r\nHost: {host}\r\nX-Slow: a",
    "a byte": b"POST {path} HTTP/1.1\r\nHost: {host}\r\n"
    + FORM
    + b"Content-Length: 60000\r\n\r\na",
    "a chunk": b"POST {path} HTTP/1.1\r\nHost: {host}\r\n"
    + FORM
    + b"Transfer-Encoding: chunked\r\n\r\n5\r\na",
    "a request": b"GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n",
}
#: A path of each leg that reads a form, before it knows who sent it.
PATHS = {
    "auth_server": (b"/login", b"/oauth/token"),
    "client_app": (b"/refresh",),
    "resource_api": (b"/photos",),
}


def printed_command(server: str, factory: str) -> list[str]:
    """Return the command of docs/production.md that runs `server` with the authorization server."""
    found = re.search(rf"\.venv/bin/({server} [^`\n]*{factory}_auth_server(\(\))?)", PRODUCTION)
    assert found, f"docs/production.md has no {server} command"
    return ["-m", *found.group(1).replace("'", "").split()]


def command_for(leg: str, port: int, command: Sequence[str]) -> list[str]:
    """Return the command for another leg at another port."""
    return [part.replace("auth_server", leg).replace("9000", str(port)) for part in command]


@contextmanager
def serving_all(
    command: Sequence[str], ports: Sequence[int], env: dict[str, str], folder: Path
) -> Iterator[Running]:
    """Serve each leg with a server of its own."""
    with ExitStack() as stack:
        for leg, port in zip(LEGS, ports, strict=True):
            own = command_for(leg, port, command)
            legs = stack.enter_context(running(*own, env=env, log=folder / leg))
            legs.wait_until_ready(f"http://127.0.0.1:{port}")
        yield legs


@contextmanager
def under_app(env: dict[str, str], folder: Path) -> Iterator[Running]:
    """Serve the legs by `python app.py`."""
    with running("app.py", env=env, log=folder / "output") as legs:
        legs.wait_until_ready(*legs.urls)
        yield legs


@contextmanager
def under_granian(env: dict[str, str], folder: Path) -> Iterator[Running]:
    """Serve the legs by the printed granian command."""
    command = printed_command("granian", "asgi")
    with serving_all(command, [urlsplit(env[url]).port or 0 for url in URLS], env, folder) as legs:
        yield legs


@contextmanager
def under_gunicorn(env: dict[str, str], folder: Path) -> Iterator[Running]:
    """Serve the legs by the printed gunicorn command, which needs no proxy."""
    command = printed_command("gunicorn", "asgi")
    with serving_all(command, [urlsplit(env[url]).port or 0 for url in URLS], env, folder) as legs:
        yield legs


@contextmanager
def behind_nginx(env: dict[str, str], folder: Path) -> Iterator[Running]:
    """Serve the legs by the printed gunicorn command for WSGI, behind nginx."""
    ports, env["TRIPOD_TRUSTED_PROXIES"] = free_ports(3), "1"
    command = printed_command("gunicorn", "create")
    proxied = {urlsplit(env[url]).port or 0: [port] for url, port in zip(URLS, ports, strict=True)}
    with serving_all(command, ports, env, folder) as legs, running_nginx(folder / "nginx", proxied):
        legs.wait_until_ready(*legs.urls)
        yield legs


SERVERS = {
    "python app.py": under_app,
    "granian": under_granian,
    "gunicorn": under_gunicorn,
    "gunicorn behind nginx": behind_nginx,
}


@pytest.fixture(scope="module", params=SERVERS)
def legs(
    request: pytest.FixtureRequest, stage: Stage, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """Serve the three legs under each server."""
    folder = tmp_path_factory.mktemp("served")
    env = environment(copy_of(stage.instance_path, folder / "instance"), TRIPOD_DEMO="1")
    serve: Callable[..., Iterator[Running]] = SERVERS[request.param]
    with serve(env, folder) as legs:
        yield legs


@contextmanager
def connections(url: str, sent: bytes) -> Iterator[None]:
    """Open connections that each send only this."""
    address = urlsplit(url)
    with ExitStack() as stack:
        for _ in range(CONNECTIONS):
            connection = socket.create_connection((address.hostname, address.port), timeout=10)
            stack.enter_context(connection).sendall(sent)
        yield


def check_health(url: str) -> int:
    """Return the status of the health check."""
    address = urlsplit(url)
    request = f"GET /healthz HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n\r\n"
    target = (address.hostname, address.port)
    with socket.create_connection(target, timeout=ANSWERED_WITHIN) as connection:
        connection.sendall(request.encode())
        return int(connection.recv(64).split(b" ")[1])


@pytest.mark.parametrize("unfinished", UNFINISHED)
def test_unfinished_requests_do_not_stop_a_leg(unfinished: str, legs: Running) -> None:
    for leg, url in zip(LEGS, legs.urls, strict=True):
        for path in PATHS[leg]:
            host = urlsplit(url).netloc.encode()
            sent = UNFINISHED[unfinished].replace(b"{host}", host).replace(b"{path}", path)
            with connections(url, sent):
                assert [check_health(url) for _ in range(3)] == [200] * 3, leg


@contextmanager
def waiting_for(unfinished: str, stage: Stage, folder: Path) -> Iterator[Running]:
    """Serve the authorization server by the printed granian command, with such requests open."""
    env = environment(copy_of(stage.instance_path, folder / "instance"), TRIPOD_DEMO="1")
    address = urlsplit(env["TRIPOD_AUTH_SERVER_URL"])
    command = command_for("auth_server", address.port or 0, printed_command("granian", "asgi"))
    sent = UNFINISHED[unfinished].replace(b"{host}", address.netloc.encode())
    with running(*command, env=env, log=folder / "output") as server:
        server.wait_until_ready(server.auth_server_url)
        with connections(server.auth_server_url, sent.replace(b"{path}", b"/login")):
            yield server


def test_servers_stop_although_requests_are_unfinished(stage: Stage, tmp_path: Path) -> None:
    """Two servers stop at the same time, since granian waits up to 30 seconds for each kind."""
    with ExitStack() as stack:
        servers = {
            unfinished: stack.enter_context(waiting_for(unfinished, stage, tmp_path / unfinished))
            for unfinished in ("a header", "a byte")
        }
        begun_at = time.monotonic()
        for server in servers.values():
            server.process.send_signal(signal.SIGTERM)
        for server in servers.values():
            server.process.wait(STOPPED_WITHIN)

    assert time.monotonic() - begun_at < STOPPED_WITHIN
