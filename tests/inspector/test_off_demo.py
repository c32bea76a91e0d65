"""Outside the demo there is no inspector: no route, no recording, and no import."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
LEGS = ("auth_server", "client_app", "resource_api")
SETTINGS = {
    "TRIPOD_SECRET_KEY": "a key that is long enough for a test",
    "TRIPOD_CLIENT_ID": "print-shop",
    "TRIPOD_CLIENT_SECRET": "a client secret",
    "TRIPOD_INTROSPECTION_CLIENT_ID": "photo-api",
    "TRIPOD_INTROSPECTION_CLIENT_SECRET": "an api secret",
}
ADDRESSES = {
    "GET": [
        "/inspector",
        "/inspector/",
        "/inspector/lab",
        "/inspector?flow=1",
        "/inspector/replay/1",
        "/inspector/export/1.html",
        "/inspector/export/1.har",
        "/inspector/export/1.mmd",
    ],
    "POST": [
        "/inspector/clear",
        "/inspector/expire",
        "/inspector/lab",
        "/inspector/reveal",
        "/inspector/replay/1",
    ],
}
#: Creates the three applications as `app.py` does, requests every address, prints the results.
PROGRAM = f"""
import json, sys, app
legs = {{leg: getattr(app, f"create_{{leg}}")() for leg in {LEGS!r}}}
def send(leg, method, address):
    url = legs[leg].extensions["tripod.settings"].url
    return legs[leg].test_client().open(address, method=method, base_url=url)
statuses = [
    send(leg, method, address).status_code
    for leg in legs for method, addresses in {ADDRESSES!r}.items() for address in addresses
]
all_rules = [rule.rule for leg in legs.values() for rule in leg.url_map.iter_rules()]
rules = [rule for rule in all_rules if rule.startswith("/inspector")]
home = send("client_app", "GET", "/").text
modules = [name for name in sys.modules if name.partition(".")[0] == "inspector"]
print(json.dumps({{"statuses": statuses, "rules": rules, "home": home, "modules": modules}}))
"""


def run(instance: Path, demo: str) -> dict[str, Any]:
    """Run the program, and return its output and the names of the files that it created."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("TRIPOD_")
    }
    environment = (
        inherited | SETTINGS | {"TRIPOD_DEMO": demo, "TRIPOD_INSTANCE_PATH": str(instance)}
    )
    command = [sys.executable, "-c", PROGRAM]
    output = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    ).stdout
    return {**json.loads(output), "files": {path.name for path in instance.iterdir()}}


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the result of a run with TRIPOD_DEMO=0."""
    return run(tmp_path_factory.mktemp("outside"), "0")


@pytest.mark.processes
def test_outside_the_demo_no_inspector_address_exists(outside: dict[str, Any]) -> None:
    assert outside["rules"] == []
    assert outside["statuses"] == [404] * len(LEGS) * sum(map(len, ADDRESSES.values()))


@pytest.mark.processes
def test_outside_the_demo_no_page_links_to_the_inspector(outside: dict[str, Any]) -> None:
    assert "Connect your photos" in outside["home"]
    assert "inspector" not in outside["home"].lower()


@pytest.mark.processes
def test_outside_the_demo_nothing_is_recorded(outside: dict[str, Any]) -> None:
    assert "auth_server.db" in outside["files"]
    assert [name for name in outside["files"] if "inspector" in name] == []


@pytest.mark.processes
def test_outside_the_demo_the_inspector_is_not_imported(outside: dict[str, Any]) -> None:
    assert outside["modules"] == []


@pytest.mark.processes
def test_the_demo_has_the_inspector(tmp_path: Path) -> None:
    """This shows that the tests above can fail. Only Print Shop has the pages."""
    inside = run(tmp_path / "inside", "1")
    per_leg = sum(map(len, ADDRESSES.values()))

    assert {"/inspector", "/inspector/clear", "/inspector/expire"} <= set(inside["rules"])
    assert {"/inspector/reveal", "/inspector/replay/<int:exchange_id>"} <= set(inside["rules"])
    assert inside["statuses"][0] == 404
    assert inside["statuses"][per_leg] == 200
    assert "/inspector" in inside["home"]
    assert "inspector.db" in inside["files"]
    assert {"inspector", "inspector.record.recorder", "inspector.views"} <= set(inside["modules"])


def imported(path: Path) -> set[str]:
    """Return the packages that a file imports, anywhere in it."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    named = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    named += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in named}


@pytest.mark.parametrize("package", [*LEGS, "web"])
def test_no_leg_imports_the_inspector(package: str) -> None:
    files = sorted((ROOT / package).rglob("*.py"))

    assert len(files) > 5
    assert [path.name for path in files if "inspector" in imported(path)] == []


def test_the_composition_root_imports_the_inspector() -> None:
    """This shows that the test above can fail."""
    assert "inspector" in imported(ROOT / "app.py")
