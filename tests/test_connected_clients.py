"""The table of `docs/connect.md` lists the clients that are tested, with their versions."""

import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / "tests" / "interoperability"
LOCK_FILES = [
    path
    for folder in (ROOT / "tests", ROOT / "benchmarks" / "peers")
    for path in folder.rglob("package-lock.json")
    if "node_modules" not in path.parts
]


class Row(NamedTuple):
    """A row of the table. `tests` is the path of a module."""

    client: str
    version: str
    tests: str


def read_rows() -> list[Row]:
    page = (ROOT / "docs" / "connect.md").read_text()
    section = page.split("## Clients that are tested\n")[1].split("\n## ")[0]
    found = re.findall(r"^\| `(.+?)` \| (\S+) \|.*\| `(\S+)` \|$", section, re.MULTILINE)
    return [Row(*cells) for cells in found]


def find_version(row: Row) -> str:
    """Return the version that the peer's files pin: a lock file of npm, or requirements."""
    lock_file = PEERS / Path(row.tests).stem.removeprefix("test_") / "package-lock.json"
    if lock_file.exists():
        packages = json.loads(lock_file.read_text())["packages"]
        return str(packages[f"node_modules/{row.client}"]["version"])
    own = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]
    text = "\n".join(path.read_text() for path in [*own, *PEERS.glob("*/requirements.txt")])
    pinned = re.search(rf"^{re.escape(row.client)}==([\w.]+)", text, re.MULTILINE)
    assert pinned, f"no file pins {row.client}"
    return pinned[1]


@pytest.mark.parametrize("row", read_rows(), ids=lambda row: row.client)
def test_each_version_is_the_one_that_is_tested(row: Row) -> None:
    assert row.version == find_version(row)
    assert (ROOT / row.tests).exists()


def test_each_peer_has_a_row() -> None:
    modules = {str(path.relative_to(ROOT)) for path in PEERS.glob("test_*.py")}

    assert modules - {row.tests for row in read_rows()} == set()


@pytest.mark.parametrize("path", LOCK_FILES, ids=lambda path: path.parent.name)
def test_a_lock_file_names_no_registry(path: Path) -> None:
    """Each machine configures its own registry for npm."""
    packages = json.loads(path.read_text())["packages"]

    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert all(package["integrity"] for name, package in packages.items() if name)
