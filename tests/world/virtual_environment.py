"""Programs in Python with packages that this project does not have, and may not have."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from world.node import cannot_run


def install_requirements(requirements: Path, cache: pytest.Cache) -> Path:
    """Return an interpreter that has the packages in the file, installed once per checkout.

    Every package in it is pinned.
    """
    content = requirements.read_bytes() + sys.version.encode()
    installed = cache.mkdir("python") / hashlib.sha256(content).hexdigest()[:16]
    if not installed.exists():
        _install(requirements, installed)
    return installed / "bin" / "python"


def _install(requirements: Path, target: Path) -> None:
    """Create `target` at once when everything is installed, since another process may do it too."""
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        draft = Path(folder) / "draft"
        subprocess.run([sys.executable, "-m", "venv", draft], check=True)
        # An environment cannot be moved by its scripts, but its interpreter finds the packages.
        finished = subprocess.run(
            [draft / "bin" / "python", "-m", "pip", "install", "-q", "-r", requirements],
            capture_output=True,
            text=True,
            check=False,
        )
        if finished.returncode:
            cannot_run(f"pip failed: {' '.join(finished.stderr.splitlines()[-5:])}")
        try:
            draft.rename(target)
        except OSError:
            assert target.exists()
            shutil.rmtree(draft)
