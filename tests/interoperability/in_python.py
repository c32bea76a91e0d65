"""Run a relying party that is written in Python."""

import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from world.node import READY_WITHIN, running_command
from world.sockets import is_listening
from world.virtual_environment import install_requirements

SERVE = Path(__file__).with_name("serve.py")


@contextmanager
def running_python(
    folder: Path, peer: Path, cache: pytest.Cache, env: Mapping[str, str]
) -> Iterator[None]:
    """Run `program.py` of the folder `peer` in a copy, with the packages of its requirements.

    Without requirements it is a Flask application, which runs with this project's packages.
    """
    for source in (peer / "program.py", SERVE):
        shutil.copy(source, folder)
    port = urlsplit(env["ORIGIN"]).port
    command = [sys.executable, "-m", "flask", "--app", "program", "run", "--port", str(port)]
    if (peer / "requirements.txt").exists():
        interpreter = install_requirements(peer / "requirements.txt", cache)
        command = [str(interpreter), "program.py"]
    with running_command(folder, command, {**env, "PYTHONUNBUFFERED": "1"}):
        assert port
        wait_until_listening(port)
        yield


def wait_until_listening(port: int) -> None:
    """Wait until a server listens. Some print a line before."""
    deadline = time.monotonic() + READY_WITHIN
    while not is_listening(port):
        assert time.monotonic() < deadline, f"nothing listens at {port}"
        time.sleep(0.02)
