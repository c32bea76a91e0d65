"""Programs for Node.js, and the packages of npm that they use."""

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

OLDEST_NODE = 20
#: What decides which packages npm installs.
PINS = ("package.json", "package-lock.json", ".npmrc")
#: In seconds.
READY_WITHIN = 20.0


def cannot_run(reason: str) -> NoReturn:
    """Skip the test, or fail in CI, where everything must be installed."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def find_program(name: str) -> str:
    """Return the path of this program."""
    return shutil.which(name) or cannot_run(f"there is no {name}")


def find_node() -> str:
    """Return the path of a Node.js that is new enough."""
    node = find_program("node")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.lstrip("v").partition(".")[0]) < OLDEST_NODE:
        cannot_run(f"the packages need node {OLDEST_NODE} or newer, and this is {version.strip()}")
    return node


def install_packages(pins: Path, cache: pytest.Cache) -> Path:
    """Return the `node_modules` that the files in `pins` describe, installed once per checkout."""
    content = b"".join((pins / name).read_bytes() for name in PINS)
    installed = cache.mkdir("node") / hashlib.sha256(content).hexdigest()[:16]
    if not installed.exists():
        _install(pins, installed)
    return installed / "node_modules"


def prepare_program(folder: Path, program: Path, pins: Path, cache: pytest.Cache) -> None:
    """Copy a program into `folder`, with the packages that the files in `pins` describe."""
    (folder / "node_modules").symlink_to(install_packages(pins, cache))
    shutil.copy(program, folder)


def _install(pins: Path, target: Path) -> None:
    """Create `target` atomically, since another process may do the same."""
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        draft = Path(folder) / "draft"
        draft.mkdir()
        for name in PINS:
            shutil.copy(pins / name, draft)
        finished = subprocess.run(
            [find_program("npm"), "ci"], cwd=draft, capture_output=True, text=True, check=False
        )
        if finished.returncode:
            cannot_run(f"npm ci failed: {' '.join(finished.stderr.splitlines()[:5])}")
        try:
            draft.rename(target)
        except OSError:
            assert target.exists()


@contextmanager
def running_program(
    folder: Path, program: str, env: Mapping[str, str] | None = None
) -> Iterator[Path]:
    """Run `program` in `folder` until the block ends. Yield the file of its output.

    The block begins when the program has printed a line.
    """
    with running_command(folder, [find_node(), program], env) as output:
        yield output


@contextmanager
def running_command(
    folder: Path, command: Sequence[str | Path], env: Mapping[str, str] | None = None
) -> Iterator[Path]:
    """Do the same with any command."""
    output, errors = folder / "output.txt", folder / "errors.txt"
    with output.open("wb") as stdout, errors.open("wb") as stderr:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | dict(env or {}),
            stdout=stdout,
            stderr=stderr,
        )
    try:
        deadline = time.monotonic() + READY_WITHIN
        while "\n" not in output.read_text():
            assert process.poll() is None, errors.read_text()
            assert time.monotonic() < deadline, f"{command} has not started"
            time.sleep(0.02)
        yield output
    finally:
        process.terminate()
        process.wait(10)
