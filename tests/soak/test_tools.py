"""The tools of `make soak`: its arguments, its figures, its clocks, and what it calls broken."""

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
import requests
from world.unreliable import Unreliable
from world.watched_grant import Promises

from benchmarks.soak.__main__ import MINUTES, read_arguments
from benchmarks.soak.clocks import READ_WITHIN, Clocks
from benchmarks.soak.figures import PAGE, Figures, format_broken, format_figures, write_figures

FIGURES = Figures(90, {200: 900, 502: 3, 0: 2}, {"a node killed": 4}, 1234, ["second", "second"])


def test_without_arguments_it_takes_ten_minutes() -> None:
    chosen = read_arguments([])

    assert (chosen.minutes, chosen.write, chosen.faults) == (MINUTES, False, "")
    assert MINUTES == 10


def test_the_table_has_requests_faults_and_promises() -> None:
    table = format_figures(FIGURES)

    for name, number in [
        ("minutes", "1.5"),
        ("requests", "905"),
        ("refused or not answered", "5"),
        ("fault: a node killed", "4"),
        ("promises checked", "1,234"),
        ("promises broken", "2"),
    ]:
        assert re.search(rf"^\| {name} +\| +{number} \|$", table, re.MULTILINE), table


def test_the_page_has_a_place_for_the_figures(tmp_path: Path) -> None:
    page = tmp_path / "security.md"
    page.write_text(PAGE.read_text())

    write_figures(FIGURES, page)

    assert format_figures(FIGURES) in page.read_text()


def test_a_broken_promise_is_printed_once_with_its_number() -> None:
    assert format_broken(FIGURES) == "2 × second"


def test_the_model_allows_for_a_clock_that_was_moved_until_all_requests_are_over(
    tmp_path: Path,
) -> None:
    clocks = Clocks(tmp_path, 2)
    exact = clocks.now()
    clocks.move(1, -20)
    clocks.move(1, 0)
    span = clocks.now()

    assert exact.earliest == exact.latest
    assert (span.latest - span.earliest).total_seconds() == 20


def test_a_process_follows_its_clock_while_it_runs(tmp_path: Path) -> None:
    clocks = Clocks(tmp_path, 1)
    program = "import sys, time\nfor _ in sys.stdin: print(time.time(), flush=True)"
    [environment] = clocks.environment()
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def ask() -> float:
            """Return by how many seconds the clock of the process differs."""
            process.stdin.write("\n")
            process.stdin.flush()
            return float(process.stdout.readline()) - datetime.now(UTC).timestamp()

        before = ask()
        clocks.move(0, 3600)
        moved = ask()
        clocks.move(0, 0)
        after = ask()
        process.stdin.close()

    assert READ_WITHIN < 1
    assert [round(offset / 60) for offset in (before, moved, after)] == [0, 60, 0]


@pytest.fixture
def serve() -> Callable[[int, dict[str, str]], str]:
    """Return a function that serves one answer, and returns the address of the server."""

    def serve(status: int, headers: dict[str, str]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Print nothing."""

        server = HTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=lambda: (server.handle_request(), server.server_close())).start()
        return f"http://127.0.0.1:{server.server_port}"

    return serve


@pytest.mark.parametrize(
    ("status", "headers", "is_lost", "is_failure"),
    [
        (200, {}, False, False),
        (503, {"Retry-After": "5"}, True, False),
        (503, {}, True, True),
        (502, {}, True, False),
        (500, {}, False, True),
    ],
)
def test_a_refusal_is_a_lost_answer_and_a_failure_is_reported(
    serve: Callable[[int, dict[str, str]], str],
    status: int,
    headers: dict[str, str],
    is_lost: bool,
    is_failure: bool,
) -> None:
    network = Unreliable()
    with network.session() as session:
        try:
            session.get(serve(status, headers))
        except requests.RequestException:
            assert is_lost
        else:
            assert not is_lost

    assert bool(network.failures) == is_failure
    assert network.refused == is_lost


def test_promises_outside_of_the_model_are_counted_too() -> None:
    promises = Promises()

    promises.expect(True, "")
    promises.expect(False, "a deleted photo: 200")

    assert (promises.checked, promises.broken) == (2, ["a deleted photo: 200"])
