"""`make setup` says what it does, step by step, and stops at a step that fails."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from world.processes import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="make needs a shell")

#: A Python whose `venv` copies it, and whose `pip` says what pip says.
PYTHON = """#!/bin/sh
case "$*" in
  "-m venv --clear .venv") rm -rf .venv; mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
  *requirements-dev.txt) echo "Collecting pytest==9.2.0 (from -r x (line 1))"; exit $DEV_STATUS ;;
  *requirements.txt) echo "Collecting flask==3.1.0"; echo "  Using cached flask"
    echo "Collecting psycopg[binary]"; echo "Successfully installed" ;;
esac
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, tmp_path)
    python = tmp_path / "python"
    python.write_text(PYTHON)
    python.chmod(0o700)
    return tmp_path


def set_up(folder: Path, status: int = 0) -> subprocess.CompletedProcess[str]:
    """Run `make setup` with the Python of the folder. `status` is that of the last step."""
    return subprocess.run(
        ["make", "--no-print-directory", "setup", "PYTHON=./python"],  # noqa: S607 - on the path
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "DEV_STATUS": str(status)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_set_up_names_its_steps_and_packages(folder: Path) -> None:
    first, second = set_up(folder), set_up(folder)

    assert first.stdout.splitlines() == [
        "Set-up, step 1: create .venv with ./python. Set-up is needed only once.",
        "Set-up, step 2: install what the three legs need. It takes up to a minute.",
        " flask psycopg",
        "The three legs are ready to run: make demo",
        "Set-up, step 3: install the development tools. It takes up to a minute.",
        " pytest",
        "The tests are ready to run: make test",
    ]
    assert (first.returncode, first.stderr) == (0, "")
    assert "step" not in second.stdout


def test_a_step_that_fails_is_tried_again(folder: Path) -> None:
    failed, again = set_up(folder, status=1), set_up(folder)

    assert failed.returncode != 0
    assert "make test" not in failed.stdout
    assert again.returncode == 0
    assert "step 1" not in again.stdout
    assert "The tests are ready to run" in again.stdout
