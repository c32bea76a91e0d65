"""The demo uses changed code and templates at once, and an error in them does not end it."""

import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from world.browser import Browser
from world.cast import Person
from world.processes import ROOT, Running, environment, run, running
from world.sockets import Sockets

pytestmark = pytest.mark.processes

#: What the demo consists of. Its folder is changed, so each test has a copy.
DEMO = (
    "app.py",
    "config.py",
    "auth_server",
    "client_app",
    "inspector",
    "migrations",
    "resource_api",
    "static",
    "templates",
    "web",
    "tests/client_app",
    "tests/test_accessibility.py",
)
AGAIN = "The programs are ready again."
#: In seconds.
PATIENCE = 30


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in DEMO:
        target = tmp_path / "project" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target)
        else:
            shutil.copy(ROOT / name, target)
    return tmp_path / "project"


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_changes_take_effect_and_keep_the_sessions_and_the_recording(
    project: Path, tmp_path: Path
) -> None:
    env = environment(tmp_path / "instance", TRIPOD_RELOAD="1")
    app = str(project / "app.py")
    with running(app, env=env, log=tmp_path / "output") as demo:
        demo.wait_until_it_prints("Ctrl-C")
        alice = Person("alice", "wonderland", Browser(Sockets()))
        alice.go_through(f"{demo.client_app_url}/connect")

        assert "A new heading" in show_changed_template(project, demo)
        assert run(app, "new", "page", "whoami", env=env).returncode == 0
        demo.wait_until_it_prints(AGAIN)
        assert "You are Alice Liddell." in page_of(alice, demo, "/whoami")
        assert "No messages are recorded yet" not in page_of(alice, demo, "/inspector")

        view = project / "client_app" / "views" / "whoami.py"
        written = view.read_text()
        view.write_text(written + "\ndef (:\n")
        demo.wait_until_it_prints("Correct the error above, and save the file.")
        assert demo.process.poll() is None
        assert "whoami.py" in demo.output
        view.write_text(written + "\n# Corrected.\n")
        wait_for(lambda: demo.output.count(AGAIN) == 2)
        assert "You are Alice Liddell." in page_of(alice, demo, "/whoami")
        status = demo.stop(signal.SIGINT)

    assert status == 0
    assert demo.servers() == {}


def show_changed_template(project: Path, demo: Running) -> str:
    """Change the home page's template, and return the page. No process starts again for it."""
    template = project / "templates" / "client_app" / "home.html"
    requests.get(demo.client_app_url, timeout=10)
    template.write_text(template.read_text().replace("Prints of your photos,", "A new heading,"))
    changed = requests.get(demo.client_app_url, timeout=10).text
    assert "start again" not in demo.output
    return changed


def page_of(person: Person, demo: Running, path: str) -> str:
    return person.browser.open(f"{demo.client_app_url}{path}").text
