"""TRIPOD_METRICS_BIND: each process answers `GET /metrics`, in the format of Prometheus."""

import re
import secrets
import socket
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families
from world.browser import Browser
from world.cast import Person
from world.processes import (
    READY_WITHIN,
    Running,
    environment,
    free_ports,
    run,
    running,
    running_legs,
)
from world.sockets import Sockets

from auth_server.demo import ACCOUNTS

pytestmark = pytest.mark.processes

LEGS = ("auth_server", "client_app", "resource_api")
#: The name of a sample, and its labels.
Sample = tuple[str, frozenset[tuple[str, str]]]


class Metrics:
    """What every process reports, added up. `text` is what they sent."""

    def __init__(self, *ports: int) -> None:
        self.text = ""
        self.samples: dict[Sample, float] = {}
        for port in ports:
            text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
            self.text += text
            for family in text_string_to_metric_families(text):
                for sample in family.samples:
                    key = (sample.name, frozenset(sample.labels.items()))
                    self.samples[key] = self.samples.get(key, 0) + sample.value

    def total(self, name: str, **labels: str) -> float:
        """Return the sum of the samples with this name that have these labels."""
        return sum(
            value
            for (sample, own), value in self.samples.items()
            if sample == name and labels.items() <= own
        )

    def events(self, event: str, reason: str = "") -> float:
        """Return how often the authorization server counted this event."""
        return self.total("tripod_events_total", leg="auth_server", event=event, reason=reason)

    def requests(self, **labels: str) -> float:
        """Return how many requests with these labels were answered."""
        return self.total("tripod_http_request_duration_seconds_count", **labels)


@pytest.fixture(scope="module")
def first_port() -> int:
    """Return a port after which two more are free."""
    for port in free_ports(20):
        with socket.socket() as second, socket.socket() as third:
            try:
                second.bind(("127.0.0.1", port + 1))
                third.bind(("127.0.0.1", port + 2))
            except OSError:
                continue
            return port
    raise AssertionError("no three free ports in a row")


@pytest.fixture(scope="module")
def legs(tmp_path_factory: pytest.TempPathFactory, first_port: int) -> Iterator[Running]:
    """Run the demo with metrics. Alice connects, refreshes, and sends a wrong password once."""
    folder = tmp_path_factory.mktemp("legs")
    with running_legs(folder, TRIPOD_METRICS_BIND=f"127.0.0.1:{first_port}") as legs:
        browser = Browser(Sockets())
        alice = Person("alice", "wonderland", browser)
        browser.open(f"{legs.auth_server_url}/login")
        Person("alice", "not the password", browser).sign_in()
        alice.go_through(f"{legs.client_app_url}/connect")
        browser.open(f"{legs.client_app_url}/photos")
        browser.press("Refresh now")
        requests.get(f"{legs.auth_server_url}/nowhere/{'x' * 40}", timeout=5)
        requests.request("BREW", legs.auth_server_url, timeout=5)
        requests.post(f"{legs.auth_server_url}/oauth/token", {"grant_type": "none"}, timeout=5)
        yield legs


def wait_for_processes(first_port: int, count: int) -> list[int]:
    """Wait until so many processes report metrics, and return their ports.

    Other programs can use ports between them.
    """
    deadline = time.monotonic() + READY_WITHIN
    ports: list[int] = []
    while len(ports) < count:
        assert time.monotonic() < deadline, f"only {ports} report metrics"
        time.sleep(0.05)
        ports = [port for port in range(first_port, first_port + 10) if reports_metrics(port)]
    return ports


def reports_metrics(port: int) -> bool:
    try:
        return "tripod_http" in requests.get(f"http://127.0.0.1:{port}/metrics", timeout=1).text
    except requests.RequestException:
        return False


@pytest.fixture
def metrics(legs: Running, first_port: int) -> Metrics:
    return Metrics(*range(first_port, first_port + 3))


def test_each_process_has_a_port_of_its_own(metrics: Metrics) -> None:
    legs = {dict(labels).get("leg") for _, labels in metrics.samples}

    assert legs == {*LEGS, None}
    assert metrics.text.count("# TYPE process_cpu_seconds_total counter") == len(LEGS)


def test_requests_are_counted_by_method_route_and_status(metrics: Metrics) -> None:
    assert metrics.requests(leg="auth_server", route="/login", method="POST", status="403") == 1
    assert metrics.requests(leg="auth_server", route="/oauth/token", status="200") == 2
    assert metrics.requests(leg="auth_server", route="/oauth/token", status="400") == 1
    assert metrics.requests(leg="client_app", route="/photos/<photo_id>/image") == 0
    assert metrics.requests(leg="resource_api", route="/photos", status="200") >= 1


def test_unknown_paths_and_methods_are_one_value_each(metrics: Metrics) -> None:
    assert metrics.requests(leg="auth_server", route="unknown", method="GET") == 1
    assert metrics.requests(leg="auth_server", method="unknown") == 1
    assert "nowhere" not in metrics.text
    assert "BREW" not in metrics.text


def test_events_are_counted_with_their_reason(metrics: Metrics) -> None:
    assert metrics.events("authorization_code_issued") == 1
    assert metrics.events("code_redeemed") == 1
    assert metrics.events("tokens_refreshed") == 1
    assert metrics.events("token_introspected") >= 1
    assert metrics.events("signed_in") == 1
    assert metrics.events("sign_in_refused") == 1
    assert metrics.events("request_refused", reason="unsupported_grant_type") == 1


def test_connections_and_running_requests_are_counted(metrics: Metrics) -> None:
    connections = {
        state: metrics.total("tripod_database_connections", leg="auth_server", state=state)
        for state in ("in_use", "idle", "kept_by_threads")
    }

    assert connections["in_use"] == 0
    assert connections["idle"] >= 1
    assert connections["kept_by_threads"] >= 1
    assert metrics.total("tripod_http_requests_in_progress") == 0


def test_a_request_that_has_to_wait_for_the_database_is_counted_once(
    legs: Running, first_port: int
) -> None:
    """The event loop begins with it, and a thread answers it."""
    database = Path(legs.env["TRIPOD_INSTANCE_PATH"]) / "auth_server.db"
    asked = partial(
        requests.post, f"{legs.auth_server_url}/oauth/revoke", {"client_id": "x", "token": "x"}
    )
    with ThreadPoolExecutor(1) as threads, closing(sqlite3.connect(database)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        answer = threads.submit(asked, timeout=10)
        time.sleep(0.3)
        writer.rollback()
        assert answer.result().status_code == 401

    metrics = Metrics(first_port, first_port + 1, first_port + 2)
    assert metrics.requests(route="/oauth/revoke", status="401") == 1
    assert metrics.requests(route="/oauth/revoke", status="500") == 0
    assert metrics.total("tripod_http_requests_in_progress") == 0


def test_no_label_holds_a_name_an_address_or_a_secret(legs: Running, metrics: Metrics) -> None:
    labels = {pair for _, labels in metrics.samples for pair in labels}
    words = [*ACCOUNTS, "wonderland", "Alice", "print-shop", "photo-api", "127.0.0.1"]
    files = list(Path(legs.env["TRIPOD_INSTANCE_PATH"]).glob("*secret*"))
    words += [path.read_text() for path in files]

    assert len(files) == 3
    assert {name for name, _ in labels} <= {
        *("leg", "method", "route", "status", "event", "reason", "state", "le")
    }
    assert [value for _, value in labels if any(word in value for word in words)] == []
    assert [value for _, value in labels if re.search(r"[A-Za-z0-9_-]{40}", value)] == []


def test_a_second_worker_of_a_leg_takes_the_next_port(tmp_path: Path, first_port: int) -> None:
    """Each of gunicorn's workers has figures of its own."""
    env = environment(tmp_path, TRIPOD_DEMO="1", TRIPOD_METRICS_BIND=f"127.0.0.1:{first_port + 3}")
    port = urlsplit(env["TRIPOD_AUTH_SERVER_URL"]).port
    command = f"-m gunicorn --bind 127.0.0.1:{port} --workers 2 app:create_auth_server()"

    with running(*command.split(), env=env, log=tmp_path / "log") as leg:
        leg.wait_until_ready(leg.auth_server_url)
        ports = wait_for_processes(first_port + 3, 2)
        for _ in range(5):
            requests.get(f"{leg.auth_server_url}/livez", timeout=5)
        metrics = Metrics(*ports)

    assert metrics.requests(route="/livez") == 5


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("9100", "tripod: TRIPOD_METRICS_BIND must be host:port, such as 127.0.0.1:9000"),
        ("192.0.2.1:9100", "tripod: TRIPOD_METRICS_BIND: cannot listen on 192.0.2.1 port 9100: "),
    ],
)
def test_an_unusable_address_stops_the_start_with_one_line(
    value: str, line: str, tmp_path: Path
) -> None:
    env = environment(
        tmp_path, TRIPOD_METRICS_BIND=value, TRIPOD_SECRET_KEY=secrets.token_urlsafe(32)
    )
    command = "-m gunicorn --bind 127.0.0.1:0 app:create_auth_server()"

    result = run(*command.split(), env=env)

    assert result.returncode == 4
    assert result.stderr.count(line) == 1
    assert "Traceback" not in result.stderr


def test_the_demo_serves_no_metrics_off_loopback(tmp_path: Path) -> None:
    result = run("app.py", env=environment(tmp_path, TRIPOD_METRICS_BIND="0.0.0.0:9100"))

    assert result.returncode == 4
    assert result.stderr.splitlines() == [
        "tripod: TRIPOD_DEMO=1 is refused: TRIPOD_METRICS_BIND is not on loopback."
    ]


def test_a_command_beside_the_legs_serves_no_metrics(legs: Running) -> None:
    command = "-m flask --app app:create_auth_server users list"
    result = run(*command.split(), env=legs.env)

    assert result.returncode == 0, result.stderr


def test_without_the_setting_the_library_is_not_imported(tmp_path: Path) -> None:
    env = environment(tmp_path, TRIPOD_DEMO="1")
    code = "import app, sys; app.create_auth_server(); print('prometheus_client' in sys.modules)"
    with running("-c", code, env=env, log=tmp_path / "log") as process:
        assert process.process.wait(30) == 0

    assert process.output.splitlines()[-1] == "False"
