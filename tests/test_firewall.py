"""The rules for nftables in `docs/production.md`, in a network namespace."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from world.processes import ROOT

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(sys.platform != "linux", reason="nftables is part of Linux"),
]

GUIDE = (ROOT / "docs" / "production.md").read_text()
#: Loads the rules in the file that is the argument, and prints how many of 220 connections of an
#: address are accepted, and then whether one of another address is.
CONNECT = """
import fcntl, json, socket, struct, subprocess, sys

IS_UP = struct.pack("16sh", b"lo", 1)
SET_FLAGS = 0x8914
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, SET_FLAGS, IS_UP)
subprocess.run([sys.argv[1], "--file", sys.argv[2]], check=True)

def is_accepted(client, server, family):
    connection = socket.socket(family)
    kept.append(connection)
    connection.bind((client, 0))
    return connection.connect_ex((server, 443)) == 0

found, kept = {}, []
for family, server, client, other in (
    (socket.AF_INET, "127.0.0.1", "127.0.0.1", "127.0.0.2"),
    (socket.AF_INET6, "::1", "::1", None),
):
    listener = socket.create_server((server, 443), family=family, backlog=512)
    kept.append(listener)
    found[server] = sum(is_accepted(client, server, family) for _ in range(220))
    if other:
        found[other] = is_accepted(other, server, family)
print(json.dumps(found))
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """Return a file with the printed rules."""
    [block] = re.findall(r"^```nft\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    path = tmp_path / "nftables.conf"
    path.write_text(block)
    return path


def run_in_network_namespace(*command: str) -> str:
    """Run a command that may change the network, and return its output."""
    isolated = ["unshare", "--net"]
    if os.geteuid() != 0:
        isolated.insert(1, "--map-root-user")
    rules = [*isolated, find_nft(), "list", "ruleset"]
    if subprocess.run(rules, capture_output=True, check=False).returncode != 0:
        pytest.skip("this account cannot create a network namespace, or this Linux has no nftables")
    finished = subprocess.run([*isolated, *command], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def find_nft() -> str:
    path = shutil.which("nft") or shutil.which("nft", path="/usr/sbin")
    if path is None and not os.environ.get("CI"):
        pytest.skip("nft is not installed: apt install nftables")
    assert path, "nft is not installed"
    return path


def test_nftables_accepts_the_rules(rules: Path) -> None:
    assert run_in_network_namespace(find_nft(), "--check", "--file", str(rules)) == ""


def test_an_address_has_200_connections_and_others_are_served(rules: Path) -> None:
    output = run_in_network_namespace(sys.executable, "-c", CONNECT, find_nft(), str(rules))

    assert json.loads(output) == {"127.0.0.1": 200, "127.0.0.2": True, "::1": 200}
