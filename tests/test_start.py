"""A process imports only what it needs, so that the legs start quickly and stay small."""

import subprocess
import sys
from pathlib import Path

import pytest
from world.processes import ROOT, environment

pytestmark = pytest.mark.processes

SERVE_NOTHING = """
from web import serving

def serve(programs, before_start, on_ready, sources):
    before_start()
    on_ready()

serving.serve = serve
import app
app.main([])
"""


def packages_imported_by(code: str, env: dict[str, str]) -> set[str]:
    """Return the packages that a Python process has imported after it has run `code`."""
    report = "import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    finished = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(finished.stdout.splitlines()[-1].split())


def test_the_process_that_starts_the_legs_imports_no_framework(tmp_path: Path) -> None:
    imported = packages_imported_by(SERVE_NOTHING, environment(tmp_path, TRIPOD_DEMO="1"))

    assert imported & {"alembic", "asyncio", "click", "flask", "sqlalchemy", "werkzeug"} == set()


@pytest.mark.parametrize("factory", ["create_auth_server", "create_resource_api"])
def test_a_leg_imports_alembic_only_to_upgrade_its_database(tmp_path: Path, factory: str) -> None:
    env = environment(tmp_path, TRIPOD_DEMO="1")
    start = f"import app; app.{factory}()"

    first, second = (packages_imported_by(start, env) for _ in range(2))

    assert "alembic" in first
    assert second & {"alembic", "mako", "pygments"} == set()
