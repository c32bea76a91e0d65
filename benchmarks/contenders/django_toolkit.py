"""django-oauth-toolkit on SQLite."""

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from world.processes import free_ports

from benchmarks.contenders.contender import Contender
from benchmarks.installing import PEERS, install_packages_of_python
from benchmarks.processes import Server, is_healthy
from benchmarks.works import PHOTOS, Endpoints, issue_tokens, make_photos_work, make_works

REDIRECT_URI = "https://client.example/callback"
APPLICATION = "toolkit:application"


class DjangoToolkit(Contender):
    """The package in a Django project of its own, served by granian."""

    name = "django-oauth-toolkit"

    def set_up(self) -> None:
        """Create the database, and start the server."""
        [port] = free_ports(1)
        python = install_packages_of_python()
        shutil.copy(PEERS / "toolkit.py", self.folder)
        env = {
            **os.environ,
            "TOOLKIT_DATABASE": str(self.folder / "toolkit.db"),
            "TOOLKIT_SECRET_KEY": secrets.token_hex(32),
        }
        created = self._create_database(python, env)
        options = f"--interface wsgi --http 1 --no-ws --workers 1 --port {port} --log-level error"
        command: list[str | Path] = [python, "-m", "granian", *options.split(), APPLICATION]
        log = self.folder / "output.txt"
        server = Server(command, env, [partial(is_healthy, port)], self.folder, log)
        self.start("server", server)
        at = _describe_endpoints(port, created)
        self.works = make_works(server, at)
        self.works[PHOTOS] = make_photos_work(port, issue_tokens(at)["access_token"], [server])

    def _create_database(self, python: Path, env: Mapping[str, str]) -> dict[str, str]:
        finished = subprocess.run(
            [python, "toolkit.py", REDIRECT_URI],
            cwd=self.folder,
            env=env,
            stdout=subprocess.PIPE,
            check=True,
        )
        created: dict[str, str] = json.loads(finished.stdout)
        return created


def _describe_endpoints(port: int, created: Mapping[str, str]) -> Endpoints:
    return Endpoints(
        port=port,
        authorize="/o/authorize/",
        token="/o/token/",
        introspect="/o/introspect/",
        client_id=created["client_id"],
        client_secret=created["client_secret"],
        redirect_uri=REDIRECT_URI,
        cookie=created["cookie"],
        api=f"Bearer {created['introspection_token']}",
    )
