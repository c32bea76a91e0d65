"""A private Redis server for tests, run by Debian's program on a free port of loopback."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import redis

from web.child_servers import PR_SET_PDEATHSIG
from world.processes import free_ports

PROGRAM = "redis-server"
READY_WITHIN = 30.0
#: Each change is in the log file before its answer is sent, so that it survives a killed server.
SETTINGS = {
    "bind": "127.0.0.1",
    "databases": "1000",
    "save": "",
    "appendonly": "yes",
    "appendfsync": "no",
}


@dataclass
class RedisServer:
    """A server whose data are in `folder`."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    _numbers: Iterator[int] = field(default_factory=count)

    def start(self) -> None:
        """Start the server, and return when it has read its data."""
        options = [word for name, value in SETTINGS.items() for word in (f"--{name}", value)]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "--port", str(self.port), "--dir", str(self.folder), *options],
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_stop_with_parent,
            )
        deadline = time.monotonic() + READY_WITHIN
        while not self._is_ready():
            assert self.process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, "Redis is not ready"
            time.sleep(0.01)

    def stop(self) -> None:
        """Kill the server, even if it is paused."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(READY_WITHIN)
            self.process = None

    def pause(self) -> None:
        """Let the server hang: it accepts connections, and answers nothing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let the server answer again."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def create_database(self) -> str:
        """Return the URL of a database that no other test has used."""
        return f"redis://127.0.0.1:{self.port}/{next(self._numbers)}"

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _is_ready(self) -> bool:
        try:
            with redis.Redis(port=self.port) as connection:
                return bool(connection.ping())
        except redis.RedisError:
            return False


@contextmanager
def running_redis() -> Iterator[RedisServer]:
    """Run a server. Skip the test where Redis is not installed, except in CI."""
    if shutil.which(PROGRAM) is None:
        if not os.environ.get("CI"):
            pytest.skip(f"{PROGRAM} is not installed: apt install redis-server")
        pytest.fail(f"{PROGRAM} is not installed")
    with TemporaryDirectory(prefix="tripod-redis-") as folder:
        (port,) = free_ports(1)
        server = RedisServer(Path(folder), port)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _stop_with_parent() -> None:
    """Make Linux stop this process when the tests are killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
