"""Temporary legs for the lab, on free ports and with a temporary folder."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import requests

from config import PROJECT_ROOT, ClientAppSettings
from inspector.lab.local_server import serving
from inspector.lab.proxy import proxy_to
from inspector.lab.stage import Stage, stage_for
from web.child_servers import stop_with_parent

#: Seconds. It is short, because one attack waits until an access token has expired.
ACCESS_TOKEN_LIFETIME = 3
#: Seconds in which the legs must start, and in which they must stop.
TIMEOUT = 60.0
_URLS = ("TRIPOD_AUTH_SERVER_URL", "TRIPOD_CLIENT_APP_URL", "TRIPOD_RESOURCE_API_URL")


class DidNotStart(Exception):
    """The legs did not start. The message is the last line that they printed."""


@contextmanager
def legs(
    environment: Mapping[str, str],
    when_stopped: Callable[[ClientAppSettings], None] = lambda _: None,
) -> Iterator[Stage]:
    """Start the three legs behind Mallory's proxy, yield their stage, and stop them.

    The settings of Tripod in `environment` are ignored. `when_stopped` is called with the settings
    of Print Shop before the folder is deleted.

    :raises DidNotStart: when they do not answer.
    """
    ports = _find_free_ports(len(_URLS))
    proxy = proxy_to(f"http://127.0.0.1:{ports[0]}")
    with (
        TemporaryDirectory(prefix="tripod-lab-") as folder,
        serving(proxy, threaded=True) as front,
    ):
        own = _own_environment(environment, Path(folder) / "instance", ports, front)
        settings = ClientAppSettings.load(own)
        with _serving(own, Path(folder) / "output.txt"):
            yield stage_for(settings, proxy)
        when_stopped(settings)


def _own_environment(
    environment: Mapping[str, str], instance_path: Path, ports: list[int], front: str
) -> dict[str, str]:
    """Return the environment of the legs. `front` is the proxy before the first of them."""
    kept = {name: value for name, value in environment.items() if not name.startswith("TRIPOD_")}
    urls = {name: f"http://127.0.0.1:{port}" for name, port in zip(_URLS, ports, strict=True)}
    settings = {
        "TRIPOD_DEMO": "1",
        "TRIPOD_AUTH_SERVER_URL": front,
        "TRIPOD_AUTH_SERVER_BIND": f"127.0.0.1:{ports[0]}",
        "TRIPOD_INSTANCE_PATH": str(instance_path),
        "TRIPOD_ACCESS_TOKEN_LIFETIME": str(ACCESS_TOKEN_LIFETIME),
    }
    return {**kept, **urls, **settings}


def _find_free_ports(count: int) -> list[int]:
    with ExitStack() as sockets:
        opened = [sockets.enter_context(socket.socket()) for _ in range(count)]
        for each in opened:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in opened]


@contextmanager
def _serving(environment: Mapping[str, str], output: Path) -> Iterator[None]:
    command = [sys.executable, str(PROJECT_ROOT / "app.py")]
    with output.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603 (the command is the project's own)
            command,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=PROJECT_ROOT,
            preexec_fn=stop_with_parent(),
        )
    try:
        if not _wait_for_all(process, [environment[name] for name in _URLS]):
            raise DidNotStart(output.read_text().strip().rpartition("\n")[2])
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(TIMEOUT)


def _wait_for_all(process: subprocess.Popen[bytes], urls: list[str]) -> bool:
    deadline = time.monotonic() + TIMEOUT
    while process.poll() is None and time.monotonic() < deadline:
        if all(map(_is_healthy, urls)):
            return True
        time.sleep(0.1)
    return False


def _is_healthy(url: str) -> bool:
    try:
        return bool(requests.get(f"{url}/healthz", timeout=5).ok)
    except requests.RequestException:
        return False
