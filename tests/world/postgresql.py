"""A private PostgreSQL server for tests, run by Debian's programs and reached by a Unix socket."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from web.child_servers import PR_SET_PDEATHSIG

PROGRAMS = Path("/usr/lib/postgresql")
#: The owner of the databases, and the account of Debian: PostgreSQL refuses to run as root.
OWNER = "postgres"
READY_WITHIN = 30.0
#: The parameters of a fixture for tests that must pass on both databases.
ON_BOTH_DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.processes)]
#: Nothing has to survive a crash of the machine, and a deadlock is reported at once.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "deadlock_timeout": "20ms",
    "log_min_messages": "warning",
}


@dataclass
class PostgreSQL:
    """A server whose data and socket are in `folder`."""

    programs: Path
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server, and return when it accepts connections."""
        options = [f"--{name}={value}" for name, value in SETTINGS.items()]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", self._data, "-k", self.folder, *options],
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_stop_with_parent,
                user=_account(),
                group=_account(),
            )
        deadline = time.monotonic() + READY_WITHIN
        while not self._is_ready():
            assert self.process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, "PostgreSQL is not ready"
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop the server as `pg_ctl stop -m fast` does: it ends every connection."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(READY_WITHIN)
            self.process = None

    @property
    def is_running(self) -> bool:
        """Whether the server has not stopped."""
        return self.process is not None and self.process.poll() is None

    def create_database(self, name: str, template: str = "template0") -> str:
        """Create a database, as a copy of `template`, and return its URL for this project."""
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return f"postgresql+psycopg://{OWNER}@/{name}?host={self.folder}"

    def drop_database(self, name: str) -> None:
        """Delete a database and end its connections."""
        self._execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    @property
    def deadlocks(self) -> int:
        """The number of deadlocks since the first start."""
        return self._log.read_text().count("deadlock detected")

    def initialize(self) -> None:
        """Create the files of the server."""
        command = [str(self.programs / "initdb"), "-D", str(self._data), "-U", OWNER]
        options = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        subprocess.run(
            [*command, *options], check=True, capture_output=True, user=_account(), group=_account()
        )

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self._address, autocommit=True) as connection:
            connection.execute(statement.encode())

    @property
    def _address(self) -> str:
        return f"host={self.folder} user={OWNER} dbname={OWNER}"

    def _is_ready(self) -> bool:
        try:
            psycopg.connect(self._address).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def running_postgresql(parent: Path | None = None) -> Iterator[PostgreSQL]:
    """Run a server, with its files in a new folder in `parent`, or where temporary files are.

    Skip the test where PostgreSQL is not installed, except in CI.
    """
    programs = sorted(PROGRAMS.glob("*/bin"), key=lambda path: int(path.parent.name))
    if not programs and not os.environ.get("CI"):
        pytest.skip(f"there is nothing in {PROGRAMS}: apt install postgresql")
    assert programs, f"there is nothing in {PROGRAMS}"
    # Not the folder of the test, which the other account could not enter.
    folder = Path(tempfile.mkdtemp(prefix="tripod-postgresql-", dir=parent))
    if os.geteuid() == 0:
        shutil.chown(folder, OWNER)
    server = PostgreSQL(programs[-1], folder)
    try:
        server.initialize()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def _stop_with_parent() -> None:
    """Make Linux stop this process when the tests are killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def _account() -> str | None:
    """Return the account that runs the server, or None for the account of this process."""
    if os.geteuid() == 0:
        return OWNER
    return None
