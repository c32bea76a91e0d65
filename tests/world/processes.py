"""The project as a user starts it: real processes on free loopback ports."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

import requests

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN = 30.0
STOPPED_WITHIN = 10.0
#: Linux assigns none of these to a connection, or to a server that binds port 0.
PORTS = range(20_000, 32_768)
#: Up to this number of pytest workers, no two use the same ports.
WORKERS = 8
URLS = ("TRIPOD_AUTH_SERVER_URL", "TRIPOD_CLIENT_APP_URL", "TRIPOD_RESOURCE_API_URL")


def _own_ports() -> Iterator[int]:
    """Yield the ports of this worker of pytest, from a random one on, again and again."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    ports = PORTS[worker % WORKERS :: WORKERS]
    begin = random.randrange(len(ports))  # noqa: S311 - not a secret
    return cycle([*ports[begin:], *ports[:begin]])


_ports = _own_ports()


def free_ports(count: int) -> list[int]:
    """Return ports on which nothing listens. The kernel assigns them to no other socket."""
    return [next(filter(_is_free, _ports)) for _ in range(count)]


def _is_free(port: int) -> bool:
    with socket.socket() as candidate, suppress(OSError):
        candidate.bind(("127.0.0.1", port))
        return True
    return False


def environment(instance_path: Path, **settings: str) -> dict[str, str]:
    """Return this process's environment without settings, with the legs at free ports."""
    surroundings = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TRIPOD_", "FLASK_"))
    }
    urls = {
        name: f"http://127.0.0.1:{port}" for name, port in zip(URLS, free_ports(3), strict=True)
    }
    # A file that is edited during the tests must not start the legs again.
    fixed = {"TRIPOD_INSTANCE_PATH": str(instance_path), "TRIPOD_RELOAD": "0"}
    return {**surroundings, **urls, **fixed, **settings}


def run(*command: str, env: Mapping[str, str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run one of the interpreter's commands (`app.py`, or `-m flask …`) to its end."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=env,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@dataclass
class Running:
    """A command that serves. `output` is all that it has printed so far."""

    process: subprocess.Popen[bytes]
    env: Mapping[str, str]
    log: Path

    @property
    def output(self) -> str:
        return self.log.read_text()

    @property
    def urls(self) -> list[str]:
        return [self.auth_server_url, self.client_app_url, self.resource_api_url]

    @property
    def auth_server_url(self) -> str:
        return self.env["TRIPOD_AUTH_SERVER_URL"]

    @property
    def client_app_url(self) -> str:
        return self.env["TRIPOD_CLIENT_APP_URL"]

    @property
    def resource_api_url(self) -> str:
        return self.env["TRIPOD_RESOURCE_API_URL"]

    def servers(self) -> dict[int, str]:
        """Return the process ids of the servers and workers with their command lines."""
        return servers_at(urlsplit(url).port for url in self.urls)

    def wait_until_ready(self, *urls: str) -> None:
        """Until each leg at `urls` says that it can serve."""
        deadline = time.monotonic() + READY_WITHIN
        while not all(map(is_healthy, urls)):
            assert self.process.poll() is None, f"it stopped:\n{self.output}"
            assert time.monotonic() < deadline, f"it is not ready:\n{self.output}"
            time.sleep(0.05)

    def wait_until_it_prints(self, text: str) -> None:
        """Until `text` is part of the output."""
        deadline = time.monotonic() + READY_WITHIN
        while text not in self.output:
            assert time.monotonic() < deadline, f"no {text!r} in:\n{self.output}"
            time.sleep(0.05)

    def wait_until_nobody_serves(self) -> None:
        """Until no server is left on its ports."""
        deadline = time.monotonic() + STOPPED_WITHIN
        while self.servers() and time.monotonic() < deadline:
            time.sleep(0.05)

    def stop(self, number: int = signal.SIGINT) -> int:
        """Send a signal, wait for the end, and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(STOPPED_WITHIN)


def stop_with_workers(process: subprocess.Popen[bytes]) -> None:
    """Ask a server and its workers to stop, all in one session of their own, and wait for the end.

    This is repeated, because a worker that is still starting ignores the signal.
    """
    deadline = time.monotonic() + STOPPED_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        os.killpg(process.pid, signal.SIGTERM)
        time.sleep(0.1)
    process.wait(0)


@contextmanager
def running(*command: str, env: Mapping[str, str], log: Path) -> Iterator[Running]:
    """Run a command of the interpreter inside the `with` block; `log` gets its output."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield Running(process, env, log)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(STOPPED_WITHIN)


@contextmanager
def running_legs(folder: Path, **settings: str) -> Iterator[Running]:
    """Serve the three legs by `python app.py` and write all their files under `folder`."""
    env = environment(folder / "instance", **settings)
    with running("app.py", env=env, log=folder / "output.txt") as legs:
        legs.wait_until_ready(*legs.urls)
        yield legs


def is_healthy(url: str) -> bool:
    """Whether the leg at `url` says that it can serve."""
    try:
        return requests.get(f"{url}/healthz", timeout=2).status_code == 200
    except requests.RequestException:
        return False


def servers_at(ports: Iterable[int | None]) -> dict[int, str]:
    """Return the process ids of the servers and workers at these ports, with command lines."""
    words = set(map(str, ports))
    return {
        pid: line
        for pid, line in _command_lines()
        if "granian" in line and set(line.split()) & words
    }


def _command_lines() -> Iterator[tuple[int, str]]:
    """Of every process there is. A bare Linux has no `ps`, and nothing else has `/proc`."""
    if sys.platform == "linux":
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                yield int(path.parent.name), path.read_text().replace("\0", " ")
        return
    listing = subprocess.run(
        ["ps", "-ww", "-eo", "pid=,args="],  # noqa: S607 - the path differs between systems
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for line in listing.splitlines():
        pid, _, command = line.strip().partition(" ")
        yield int(pid), command
