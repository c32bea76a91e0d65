"""The other projects' servers, installed once from lock files into `.benchmarks`."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / "benchmarks" / "peers"
#: Git ignores it.
INSTALLED = ROOT / ".benchmarks"


class InstallationError(Exception):
    """A package manager failed. The message has the end of its output."""


def install_packages_of_node() -> Path:
    """Install what `package-lock.json` pins, and return the folder."""
    names = ("package.json", "package-lock.json", ".npmrc")
    return _install_once("node", names, _run_npm)


def install_packages_of_python() -> Path:
    """Install what `requirements.txt` pins, and return the interpreter."""
    return _install_once("python", ("requirements.txt",), _make_environment) / "bin" / "python"


def _install_once(kind: str, names: Sequence[str], install: Callable[[Path], None]) -> Path:
    """Return the folder for exactly these files; install into it if it does not exist.

    An interrupted installation leaves no such folder.
    """
    digest = hashlib.sha256(b"".join((PEERS / name).read_bytes() for name in names))
    folder = INSTALLED / f"{kind}-{digest.hexdigest()[:12]}"
    if (folder / "complete").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in names:
        shutil.copy(PEERS / name, folder)
    print(f"Installing the {kind} packages of the peers (only once) ...", flush=True)
    install(folder)
    (folder / "complete").touch()
    return folder


def _run_npm(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise InstallationError("npm is not installed")
    _run([npm, "ci", "--silent"], folder)


def _make_environment(folder: Path) -> None:
    _run([sys.executable, "-m", "venv", folder], folder)
    options = "--quiet --disable-pip-version-check --require-hashes -r requirements.txt"
    _run([folder / "bin" / "python", "-m", "pip", "install", *options.split()], folder)


def _run(command: Sequence[str | Path], folder: Path) -> None:
    finished = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise InstallationError(f"{finished.stdout}\n{finished.stderr}"[-2000:])
