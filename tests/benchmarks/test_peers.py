"""The other servers are pinned, with hashes and without the addresses of registries."""

import json
import re
from importlib import metadata

from benchmarks.contenders.serving import serve
from benchmarks.installing import PEERS
from benchmarks.places import ROOT

LOCK = json.loads((PEERS / "package-lock.json").read_text())
REQUIREMENTS = (PEERS / "requirements.txt").read_text()


def test_the_npm_packages_have_exact_versions() -> None:
    wanted = json.loads((PEERS / "package.json").read_text())["dependencies"]

    assert [name for name, version in wanted.items() if not re.fullmatch(r"[\d.]+", version)] == []


def test_the_lock_file_has_hashes_and_no_addresses_of_packages() -> None:
    packages = {name: entry for name, entry in LOCK["packages"].items() if name}

    assert packages
    assert [name for name, entry in packages.items() if "integrity" not in entry] == []
    assert [name for name, entry in packages.items() if "resolved" in entry] == []


def test_the_python_packages_have_versions_and_hashes_and_no_addresses() -> None:
    pinned = re.split(r"\n(?=\w)", REQUIREMENTS.strip())

    assert [one for one in pinned if not re.match(r"[\w.-]+==\S+.*\n +--hash=sha256:", one)] == []
    assert "://" not in REQUIREMENTS


def test_the_toolkit_is_served_by_the_same_version_of_the_server() -> None:
    assert f"granian=={metadata.version('granian')} " in REQUIREMENTS


def test_a_leg_is_served_as_the_guide_says() -> None:
    command = serve("app:asgi_auth_server", 12345, workers=3)

    printed = (ROOT / "docs" / "production.md").read_text()
    [options] = re.findall(r"granian (.+) --workers .* app:asgi_auth_server", printed)
    assert " ".join(command[3:]).startswith(f"{options} ")
    assert command.count("--workers") == 1
    assert "--workers 3 --port 12345" in " ".join(command)
