"""Another project uses Tripod as a test fixture, as docs/fixtures.md says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from world.processes import Running, is_healthy

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parent.parent
RECIPE = (ROOT / "docs" / "fixtures.md").read_text()


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", RECIPE, re.DOTALL)
    assert found
    return found[1]


def test_the_recipe_runs_in_another_project(tmp_path: Path) -> None:
    """Run the printed configuration and the printed test."""
    (tmp_path / "pyproject.toml").write_text(block("toml").replace("../tripod", str(ROOT)))
    (tmp_path / "test_mine.py").write_text(block("python"))

    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert finished.returncode == 0, finished.stdout
    assert "1 passed" in finished.stdout


def test_every_fixture_that_the_recipe_names_exists() -> None:
    named = re.findall(r"`([a-z_]+)`", " ".join(re.findall(r"^\| (`.*?) \|", RECIPE, re.MULTILINE)))
    fixtures = (ROOT / "tests" / "world" / "fixtures.py").read_text()

    assert [name for name in named if f"\ndef {name}(" not in fixtures] == []


def test_the_legs_on_ports_answer(legs_on_ports: Running) -> None:
    urls = (
        legs_on_ports.auth_server_url,
        legs_on_ports.client_app_url,
        legs_on_ports.resource_api_url,
    )

    assert all(map(is_healthy, urls))
