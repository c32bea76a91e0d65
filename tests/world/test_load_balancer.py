"""nginx in front of two nodes that fail, configured as docs/production.md says."""

import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Thread

import pytest
import requests

from world.load_balancer import CONFIGURATION, LEG, SERVER, running_nginx
from world.processes import ROOT, free_ports

pytestmark = pytest.mark.processes


class BrokenNode:
    """A node that stops as soon as it has received a request."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.requests = 0
        self._thread = Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection:
                if not connection.recv(65536):
                    return
                self.requests += 1

    def close(self) -> None:
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._thread.join()
        self._socket.close()


@pytest.fixture
def nodes() -> Iterator[list[BrokenNode]]:
    """Return two nodes that fail."""
    with ExitStack() as stack:
        nodes = [BrokenNode(), BrokenNode()]
        for node in nodes:
            stack.callback(node.close)
        yield nodes


@pytest.mark.parametrize(("method", "presentations"), [("POST", 1), ("GET", 2)])
def test_only_a_request_without_effects_is_repeated(
    method: str, presentations: int, nodes: list[BrokenNode], tmp_path: Path
) -> None:
    [port] = free_ports(1)
    with running_nginx(tmp_path / "nginx", {port: [node.port for node in nodes]}):
        response = requests.request(method, f"http://127.0.0.1:{port}/", data=b"a=1", timeout=10)

    assert response.status_code == 502
    assert sum(node.requests for node in nodes) == presentations


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_request_that_one_node_cannot_receive_goes_to_the_other(
    method: str, nodes: list[BrokenNode], tmp_path: Path
) -> None:
    [port, closed] = free_ports(2)
    with running_nginx(tmp_path / "nginx", {port: [closed, nodes[0].port]}):
        requests.request(method, f"http://127.0.0.1:{port}/", timeout=10)

    assert nodes[0].requests == 1


def test_the_configuration_is_the_documented_one() -> None:
    page = (ROOT / "docs" / "production.md").read_text()
    section = page.split("## Several nodes")[1].split("\n## ")[0]
    [printed] = re.findall(r"```nginx\n(.*?)```", section, re.DOTALL)
    used = CONFIGURATION + LEG + SERVER

    directives = re.findall(r"^ *(proxy_\w+|keepalive) (.+?);", printed, re.MULTILINE)
    assert len(directives) >= 5
    assert [name for name, value in directives if f"{name} {value};" not in used] == ["proxy_pass"]
    assert "max_fails=1 fail_timeout=1s" in printed
    assert "max_fails=1 fail_timeout=1s" in SERVER
