"""The authorization server without the other legs, set up as `docs/just-the-server.md` says."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from world.browser import Browser
from world.cast import Person
from world.processes import ROOT, free_ports, is_healthy, stop_with_workers
from world.registered_client import RegisteredClient
from world.sockets import Sockets

pytestmark = pytest.mark.processes

RECIPE = (ROOT / "docs" / "just-the-server.md").read_text()
SET_UP, SERVE = re.findall(r"```sh\n(.*?)```", RECIPE, re.DOTALL)


class JustTheServer:
    """The recipe's commands with a free port, the path of the interpreter and a new folder."""

    def __init__(self, folder: Path) -> None:
        self.server, application = (f"127.0.0.1:{port}" for port in free_ports(2))
        self._replacements = {
            ".venv/bin/": f"{Path(sys.executable).parent}/",
            "127.0.0.1:9000": self.server,
            "--port 9000": f"--port {self.server.rpartition(':')[2]}",
            "127.0.0.1:8000": application,
            "$PWD/tripod-instance": str(folder / "instance"),
        }
        environ = {
            name: value for name, value in os.environ.items() if not name.startswith("TRIPOD_")
        }
        finished = subprocess.run(
            ["/bin/sh", "-ec", self.adapt(SET_UP) + "\nenv | grep ^TRIPOD_"],
            cwd=ROOT,
            env=environ,
            capture_output=True,
            text=True,
            check=True,
        )
        lines = finished.stdout.splitlines()
        self.application, self.api = (json.loads(line) for line in lines if line.startswith("{"))
        self.environ = environ | dict(
            line.split("=", 1) for line in lines if line.startswith("TRIPOD_")
        )

    def adapt(self, text: str) -> str:
        """Replace the recipe's addresses and paths in `text`."""
        for printed, actual in self._replacements.items():
            text = text.replace(printed, actual)
        return text

    def client(self, registration: dict[str, Any]) -> RegisteredClient:
        """Return the client of a registration that a command printed."""
        return RegisteredClient(
            issuer=f"http://{self.server}",
            client_id=registration["client_id"],
            client_secret=registration["client_secret"],
            redirect_uri=next(iter(registration["redirect_uris"]), ""),
            http=requests.Session(),
        )


def test_an_application_and_an_api_can_use_the_server_alone(tmp_path: Path) -> None:
    recipe = JustTheServer(tmp_path)
    with (tmp_path / "log").open("wb") as log:
        serving = subprocess.Popen(
            shlex.split(recipe.adapt(SERVE)),
            cwd=ROOT,
            env=recipe.environ,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until_healthy(f"http://{recipe.server}")
        application, api = recipe.client(recipe.application), recipe.client(recipe.api)
        carol = Person("carol", "a long pass phrase", Browser(Sockets()))
        request = application.authorization_request(scope="profile")
        code = allow_as_carol(carol, request.url)
        tokens = application.redeem(code, request.verifier).json()
        answer = api.introspect(tokens["access_token"]).json()
    finally:
        stop_with_workers(serving)

    assert answer["active"] is True
    assert answer["token_use"] == "access_token"
    assert answer["username"] == "carol"
    assert answer["aud"] == recipe.environ["TRIPOD_RESOURCE_API_URL"]


def allow_as_carol(carol: Person, url: str) -> str:
    """Sign in and consent as Carol, and return the code that the application receives."""
    carol.browser.open(url)
    carol.sign_in()
    button = carol.browser.current.button(name="decision", value="allow")
    form = carol.browser.current.form_of(button)
    response = carol.browser.fetch(form.action, "POST", data=form.submission(button))
    code = re.search(r"[?&]code=([^&]+)", response.headers["Location"])
    assert code
    return code[1]


def wait_until_healthy(url: str) -> None:
    """Wait until the server answers. Fail after 30 seconds."""
    deadline = time.monotonic() + 30
    while not is_healthy(url):
        if time.monotonic() > deadline:
            pytest.fail(f"{url} is not ready")
        time.sleep(0.05)
