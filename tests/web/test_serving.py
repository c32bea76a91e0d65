"""All served programs stop together. The tests run two minimal real programs."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import requests
from world.processes import ROOT, URLS, Running, environment, running

pytestmark = pytest.mark.processes

Serve = Callable[..., AbstractContextManager[Running]]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """Return a function that serves two programs by the names of their factories."""

    def serve(first: str, second: str = "ready") -> AbstractContextManager[Running]:
        env = environment(tmp_path) | {"PYTHONPATH": str(ROOT)}
        ports = [env[name].rpartition(":")[2] for name in URLS]
        return running(
            "tests/web/tiny_programs.py",
            first,
            ports[0],
            second,
            ports[1],
            env=env,
            log=tmp_path / "output",
        )

    return serve


def test_each_program_is_announced_before_the_final_message(serve: Serve) -> None:
    with serve("ready") as programs:
        programs.wait_until_it_prints("All programs are ready")
        status = programs.stop(signal.SIGTERM)

    assert status == 0
    assert programs.output.splitlines() == [
        "One is ready",
        "Two is ready",
        "All programs are ready",
    ]
    assert programs.servers() == {}


def test_a_signal_during_the_start_stops_all_programs(serve: Serve) -> None:
    """A worker that is just starting can miss the first signal."""
    with serve("ready") as programs:
        while not programs.servers() and programs.process.poll() is None:
            time.sleep(0.01)
        status = programs.stop()

    assert status == 0
    assert programs.servers() == {}


def test_the_other_program_stops_when_one_exits(serve: Serve) -> None:
    with serve("ready") as programs:
        programs.wait_until_it_prints("All programs are ready")
        os.kill(min(programs.servers()), signal.SIGKILL)
        status = programs.process.wait(10)

    assert status == 1
    assert programs.output.splitlines()[-1] == "One stopped unexpectedly with exit status -9."
    assert programs.servers() == {}


def test_the_other_program_stops_when_one_cannot_start(serve: Serve) -> None:
    with serve("ready", "failing_at_start") as programs:
        status = programs.process.wait(10)

    assert status == 1
    assert programs.output.splitlines()[-1] == "Two stopped unexpectedly with exit status 1."
    assert programs.servers() == {}


def test_waiting_for_a_program_has_a_limit(serve: Serve) -> None:
    with serve("never_ready") as programs:
        status = programs.process.wait(10)

    assert status == 1
    assert "One is not ready after 1 seconds." in programs.output
    assert programs.servers() == {}


@pytest.fixture
def slow_answer(serve: Serve) -> Iterator[tuple[Running, Future[requests.Response]]]:
    """Serve programs that have received a request, and answer it after seven seconds."""
    with serve("slow") as programs, ThreadPoolExecutor(1) as thread:
        programs.wait_until_it_prints("All programs are ready")
        url = f"{programs.auth_server_url}/slow"
        answer = thread.submit(requests.get, url, timeout=30)
        programs.wait_until_it_prints("/slow was received")
        yield programs, answer


def test_a_request_that_was_received_is_answered_before_the_stop(
    slow_answer: tuple[Running, Future[requests.Response]],
) -> None:
    programs, answer = slow_answer
    programs.process.send_signal(signal.SIGTERM)

    assert answer.result().text == "ok"
    assert programs.process.wait(10) == 0


def test_a_second_signal_stops_at_once(
    slow_answer: tuple[Running, Future[requests.Response]],
) -> None:
    programs, answer = slow_answer
    programs.process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    status = programs.stop(signal.SIGINT)

    assert status == 0
    assert programs.servers() == {}
    with pytest.raises(requests.ConnectionError):
        answer.result()


def test_an_idle_connection_does_not_delay_the_stop(serve: Serve) -> None:
    """A browser keeps its connection open for its next request."""
    with serve("ready") as programs, requests.Session() as browser:
        programs.wait_until_it_prints("All programs are ready")
        browser.get(programs.auth_server_url, timeout=5)
        status = programs.stop(signal.SIGTERM)

    assert status == 0


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux notifies a child when its parent is killed"
)
def test_all_programs_stop_when_the_parent_is_killed(serve: Serve) -> None:
    with serve("ready") as programs:
        programs.wait_until_it_prints("All programs are ready")
        programs.stop(signal.SIGKILL)
        programs.wait_until_nobody_serves()

    assert programs.servers() == {}
