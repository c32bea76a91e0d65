"""What is served stops as one, whichever way the end comes. Two real programs that hardly do anything."""

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from support.processes import ROOT, URLS, Running, environment, running

Serve = Callable[..., AbstractContextManager[Running]]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """Serves two programs by the names of their factories."""

    def serve(one: str, two: str = "healthy") -> AbstractContextManager[Running]:
        env = environment(tmp_path) | {"PYTHONPATH": str(ROOT)}
        ports = [env[name].rpartition(":")[2] for name in URLS]
        return running(
            "tests/web/tiny_programs.py",
            one,
            ports[0],
            two,
            ports[1],
            env=env,
            log=tmp_path / "output",
        )

    return serve


def test_each_is_announced_and_then_everybody_is_invited(serve: Serve) -> None:
    with serve("healthy") as programs:
        programs.wait_until_it_prints("Come in")
        status = programs.stop(signal.SIGTERM)

    assert status == 0
    assert programs.output.splitlines() == ["One is there", "Two is there", "Come in"]
    assert programs.servers() == {}


def test_a_signal_during_the_start_leaves_nobody_behind(serve: Serve) -> None:
    """A worker that is only just starting does not hear the first one."""
    with serve("healthy") as programs:
        while not programs.servers() and programs.process.poll() is None:
            time.sleep(0.01)
        status = programs.stop()

    assert status == 0
    assert programs.servers() == {}


def test_when_one_dies_the_others_are_stopped(serve: Serve) -> None:
    with serve("healthy") as programs:
        programs.wait_until_it_prints("Come in")
        os.kill(min(programs.servers()), signal.SIGKILL)
        status = programs.process.wait(10)

    assert status == 1
    assert programs.output.splitlines()[-1] == "One stopped unexpectedly with exit status -9."
    assert programs.servers() == {}


def test_when_one_cannot_be_made_the_others_are_stopped(serve: Serve) -> None:
    with serve("healthy", "stillborn") as programs:
        status = programs.process.wait(10)

    assert status == 1
    assert programs.output.splitlines()[-1] == "Two stopped unexpectedly with exit status 1."
    assert programs.servers() == {}


def test_one_that_never_gets_ready_is_not_waited_for_for_ever(serve: Serve) -> None:
    with serve("ailing") as programs:
        status = programs.process.wait(10)

    assert status == 1
    assert "One is not ready after 1 seconds." in programs.output
    assert programs.servers() == {}


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells a child that its parent has been killed"
)
def test_nobody_outlives_a_parent_that_is_killed(serve: Serve) -> None:
    with serve("healthy") as programs:
        programs.wait_until_it_prints("Come in")
        programs.stop(signal.SIGKILL)
        programs.wait_until_nobody_serves()

    assert programs.servers() == {}
