"""Legs of the lab's own, for `python app.py lab`: on free ports, with a folder that is gone afterwards."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import requests

from config import PROJECT_ROOT, ClientAppSettings

#: Seconds; one attack waits for an access token to run out.
ACCESS_TOKEN_LIFETIME = 3
#: Seconds until the legs must answer, and until they must have stopped.
PATIENCE = 60.0
_URLS = ("TRIPOD_AUTH_SERVER_URL", "TRIPOD_CLIENT_APP_URL", "TRIPOD_RESOURCE_API_URL")


class DidNotStart(Exception):
    """The legs did not come up. The message is the last line that they printed."""


@contextmanager
def legs(surroundings: Mapping[str, str]) -> Iterator[ClientAppSettings]:
    """Three legs as the code has them now; of `surroundings`, the environment, no setting of Tripod's counts.

    :raises DidNotStart: when they do not answer.
    """
    with TemporaryDirectory(prefix="tripod-lab-") as folder:
        environment = _environment(surroundings, Path(folder) / "instance")
        settings = ClientAppSettings.load(environment)
        with _serving(environment, Path(folder) / "output.txt"):
            yield settings


def _environment(surroundings: Mapping[str, str], instance_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in surroundings.items() if not name.startswith("TRIPOD_")}
    urls = {
        name: f"http://127.0.0.1:{port}"
        for name, port in zip(_URLS, _free_ports(len(_URLS)), strict=True)
    }
    ours = {
        "TRIPOD_DEMO": "1",
        "TRIPOD_INSTANCE_PATH": str(instance_path),
        "TRIPOD_ACCESS_TOKEN_LIFETIME": str(ACCESS_TOKEN_LIFETIME),
    }
    return {**kept, **urls, **ours}


def _free_ports(count: int) -> list[int]:
    with ExitStack() as sockets:
        taken = [sockets.enter_context(socket.socket()) for _ in range(count)]
        for one in taken:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in taken]


@contextmanager
def _serving(environment: Mapping[str, str], output: Path) -> Iterator[None]:
    command = [sys.executable, str(PROJECT_ROOT / "app.py")]
    with output.open("wb") as file:
        process = subprocess.Popen(
            command, env=environment, stdout=file, stderr=subprocess.STDOUT, cwd=PROJECT_ROOT
        )
    try:
        if not _all_answer(process, [environment[name] for name in _URLS]):
            raise DidNotStart(output.read_text().strip().rpartition("\n")[2])
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)


def _all_answer(process: subprocess.Popen[bytes], urls: list[str]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        if all(map(_answers, urls)):
            return True
        time.sleep(0.1)
    return False


def _answers(url: str) -> bool:
    try:
        return bool(requests.get(f"{url}/healthz", timeout=5).ok)
    except requests.RequestException:
        return False
