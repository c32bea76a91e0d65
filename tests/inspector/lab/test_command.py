"""`python app.py lab` starts legs, runs every attack, prints a table and sets an exit status."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from world.processes import ROOT

from inspector.lab.attacks import ATTACKS

pytestmark = pytest.mark.processes

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("TRIPOD_")}


def run_lab_command(project: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the command in the folder `project`."""
    command = [sys.executable, "app.py", "lab"]
    return subprocess.run(
        command,
        cwd=project,
        env=ENVIRONMENT | settings,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def changed_project(tmp_path: Path) -> Path:
    """Return a copy of the project that can be changed."""
    folders = [
        "auth_server",
        "client_app",
        "resource_api",
        "inspector",
        "web",
        "templates",
        "static",
        "migrations",
    ]
    for folder in folders:
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    for file in ("app.py", "config.py"):
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


def test_every_attack_runs_against_legs_of_its_own(tmp_path: Path) -> None:
    finished = run_lab_command(
        ROOT, TRIPOD_INSTANCE_PATH=str(tmp_path / "instance"), TRIPOD_CLIENT_APP_URL="nonsense"
    )

    assert (finished.returncode, finished.stderr) == (0, "")
    assert all(attack.title in finished.stdout for attack in ATTACKS)
    assert finished.stdout.endswith(
        "29 attacks: 28 stopped, 1 succeeded."
        " No check stops “Use a stolen token and secret in the grace period”.\n"
    )
    assert not (tmp_path / "instance").exists()


def test_removing_a_check_names_the_attack_that_succeeds(changed_project: Path) -> None:
    file = changed_project / "auth_server" / "issued_tokens.py"
    the_check = "return client.client_id == self.client_id"
    assert the_check in file.read_text()
    file.write_text(file.read_text().replace(the_check, "return True"))

    finished = run_lab_command(changed_project)
    successes = [line for line in finished.stdout.splitlines() if line.startswith("SUCCEEDED")]

    assert finished.returncode == 1
    assert [line[:62].rstrip() for line in successes] == [
        "SUCCEEDED   Redeem a stolen code as another client",
        "SUCCEEDED   Use another client’s refresh token",
    ]
    assert all(
        "auth_server/issued_tokens.py: PresentedCredential.check_client" in line
        for line in successes
    )


def test_a_failed_start_is_reported_in_one_line(changed_project: Path) -> None:
    (changed_project / "auth_server" / "tokens.py").write_text("this is no Python\n")

    finished = run_lab_command(changed_project)

    assert finished.returncode != 0
    assert finished.stderr.startswith("tripod: the legs for the lab did not start: ")


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def find_children(process_id: int) -> set[int]:
    """Return the processes that this one has started, and those that these have started."""
    tasks = Path(f"/proc/{process_id}/task").glob("*/children")
    own = {int(child) for task in tasks for child in task.read_text().split()}
    return own.union(*map(find_children, own))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_no_server_of_the_lab_outlives_the_command_that_is_killed() -> None:
    command = [sys.executable, "app.py", "lab"]
    with subprocess.Popen(command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.DEVNULL) as lab:
        wait_until(lambda: len(find_children(lab.pid)) >= 4)
        children = find_children(lab.pid)
        lab.kill()

    wait_until(lambda: not any(Path(f"/proc/{child}").exists() for child in children))
