"""The programs of `docs/agents.md` run as they are printed: an agent, and a protected server."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from mcp.shared.auth import OAuthClientInformationFull
from world.browser import Browser
from world.cast import Person
from world.processes import ROOT, Running, free_ports, run, running_legs
from world.sockets import Sockets, is_listening

from tests.agents import REDIRECT_URI, Agent, Memory

pytestmark = pytest.mark.processes

GUIDE = (ROOT / "docs" / "agents.md").read_text()
AGENT, SERVER = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
[REGISTRATION] = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)


@dataclass
class Guide:
    """The guide with free ports in place of its own."""

    legs: Running
    folder: Path
    callback: int
    notes: int

    def adapt(self, text: str) -> str:
        """Replace the guide's addresses and paths in `text`."""
        replacements = {
            ".venv/bin/": f"{Path(sys.executable).parent}/",
            "http://127.0.0.1:9000": self.legs.auth_server_url,
            "http://127.0.0.1:9002": self.legs.resource_api_url,
            "33418": str(self.callback),
            "8000": str(self.notes),
        }
        for printed, actual in replacements.items():
            text = text.replace(printed, actual)
        return text

    def write(self, name: str, program: str) -> str:
        """Write a program of the guide into a file, and return its path."""
        path = self.folder / name
        path.write_text(self.adapt(program))
        return str(path)


@pytest.fixture(scope="module")
def legs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_legs(tmp_path_factory.mktemp("legs")) as legs:
        yield legs


@pytest.fixture
def alice(legs: Running) -> Person:
    return Person("alice", "wonderland", Browser(Sockets(), home=legs.auth_server_url))


@pytest.fixture
def guide(legs: Running, tmp_path: Path) -> Guide:
    return Guide(legs, tmp_path, *free_ports(2))


def test_the_agent_of_the_guide_renames_a_photo(guide: Guide, alice: Person) -> None:
    command = [sys.executable, guide.write("agent.py", AGENT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as agent:
        assert agent.stdout
        printed = []
        for line in agent.stdout:
            printed.append(line.strip())
            if line.startswith("Open this address"):
                alice.go_through(line.split()[-1])

    assert agent.returncode == 0
    assert [line.partition(":")[0] for line in printed] == [
        "Open this address in your browser",
        "The newest photo",
        "Open this address in your browser",
        "Its new title",
    ]
    assert printed[-1].endswith("(seen by an agent)")


@pytest.fixture
def notes(guide: Guide) -> Iterator[str]:
    """Run the server of the guide, and return the address of its endpoint."""
    created = subprocess.run(
        shlex.split(guide.adapt(REGISTRATION)),
        cwd=ROOT,
        env=dict(guide.legs.env),
        capture_output=True,
        text=True,
        check=True,
    )
    account = json.loads(created.stdout)
    environ = os.environ | {
        "NOTES_CLIENT_ID": account["client_id"],
        "NOTES_CLIENT_SECRET": account["client_secret"],
    }
    command = [sys.executable, guide.write("notes.py", SERVER)]
    with subprocess.Popen(command, env=environ) as server:
        wait_until_it_listens(guide.notes)
        yield f"http://127.0.0.1:{guide.notes}/mcp"
        server.terminate()


def wait_until_it_listens(port: int) -> None:
    """Wait until a server listens at the port. Fail after 30 seconds."""
    deadline = time.monotonic() + 30
    while not is_listening(port):
        assert time.monotonic() < deadline, f"nothing listens at {port}"
        time.sleep(0.05)


@pytest.fixture
def registered(legs: Running) -> OAuthClientInformationFull:
    """Return a public client that the operator registered for all that the guide needs."""
    command = ["-m", "flask", "--app", "app:create_auth_server", "clients", "create", "--public"]
    options = ["--name", "Note agent", "--redirect-uri", REDIRECT_URI, "--json"]
    created = run(*command, *options, "--scope", "profile photos:read", env=legs.env)
    return OAuthClientInformationFull.model_validate_json(created.stdout)


def test_the_server_of_the_guide_knows_the_user(
    notes: str, alice: Person, registered: OAuthClientInformationFull
) -> None:
    agent = Agent(notes, alice, Memory(client=registered))
    [read] = agent.call(("read_notes", {}))

    assert read.structured_content == {"result": "The notes of Alice Liddell."}
    assert [one["resource"] for one in agent.asked] == [notes]


def test_the_server_of_the_guide_refuses_a_token_for_photo_api(
    notes: str, legs: Running, alice: Person, registered: OAuthClientInformationFull
) -> None:
    agent = Agent(f"{legs.resource_api_url}/mcp", alice, Memory(client=registered))
    agent.call(("list_photos", {}))
    assert agent.memory.tokens
    headers = {"Authorization": f"Bearer {agent.memory.tokens.access_token}"}
    response = requests.post(notes, json={}, headers=headers, timeout=10)

    assert response.status_code == 401
