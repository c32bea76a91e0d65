"""A private PostgreSQL server on loopback, with Debian's programs. It is deleted at the end."""

import os
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg
from world.processes import free_ports

from benchmarks.processes import Server

PROGRAMS = "/usr/lib/postgresql/*/bin"
#: The user who runs it when this process is root's, which PostgreSQL refuses.
SYSTEM_USER = "postgres"
NAME = "tripod"


class NotInstalledError(Exception):
    """PostgreSQL's programs are missing."""


class Cluster:
    """A new cluster with a database. `server` is not started yet."""

    def __init__(self, log: Path) -> None:
        programs = find_programs()
        [port] = free_ports(1)
        password = secrets.token_hex(16)
        self._owner = find_owner()
        self._folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
        data = self._folder / "data"
        self._initialize(programs / "initdb", data, password)
        self._admin_url = f"postgresql://{NAME}:{password}@127.0.0.1:{port}/postgres"
        self.url = f"postgresql+psycopg://{NAME}:{password}@127.0.0.1:{port}/{NAME}"
        options = f"-c listen_addresses=127.0.0.1 -c unix_socket_directories= -p {port}"
        command: list[str | Path] = [programs / "postgres", "-D", data, *options.split()]
        self.server = Server(
            command, os.environ, [self._can_connect], self._folder, log, self._owner
        )

    def create_database(self) -> None:
        """Create the database of `url`."""
        with psycopg.connect(self._admin_url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {NAME}")

    def delete(self) -> None:
        """Delete its files, after it was stopped."""
        shutil.rmtree(self._folder)

    def _initialize(self, initdb: Path, data: Path, password: str) -> None:
        password_file = self._folder / "password"
        password_file.write_text(password)
        if self._owner is not None:
            shutil.chown(self._folder, self._owner)
            shutil.chown(password_file, self._owner)
        options = f"--auth scram-sha-256 --username {NAME} --encoding UTF8 --locale C.UTF-8"
        subprocess.run(
            [initdb, "-D", data, "--pwfile", password_file, *options.split()],
            cwd=self._folder,
            user=self._owner,
            stdout=subprocess.DEVNULL,
            check=True,
        )

    def _can_connect(self) -> bool:
        try:
            psycopg.connect(self._admin_url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


def find_programs() -> Path:
    """Return the folder of the newest version's programs.

    :raises NotInstalledError: when there is none.
    """
    found = sorted(Path("/").glob(PROGRAMS.removeprefix("/")))
    if not found:
        raise NotInstalledError(f"no {PROGRAMS}: install Debian's package postgresql")
    return found[-1]


def find_owner() -> str | None:
    """Return the system's user for the server, or None for this user."""
    if os.geteuid() == 0:
        return SYSTEM_USER
    return None
