"""How long the legs need to start, each alone and all three with `python app.py`."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from world.processes import URLS, environment

from benchmarks.contenders.contender import ROOT
from benchmarks.contenders.tripod import FACTORIES, Installation
from benchmarks.processes import Server, is_healthy
from benchmarks.tables import format_table

STARTS = 3
DEMO = "python app.py"

#: The median of the seconds, for each leg and for the demo.
Seconds = dict[str, float]


def measure_starts(report: Callable[[str], None]) -> Seconds:
    """Start each program several times, and return the seconds until it answers.

    All have been started before, so that their databases and Python's compiled files exist.
    """
    report("Starting the legs")
    with TemporaryDirectory(prefix="benchmark-") as folder:
        installation = Installation(Path(folder))
        servers = {leg: installation.make_server(leg) for leg in FACTORIES}
        servers[DEMO] = _make_demo(Path(folder))
        return {name: _measure(server) for name, server in servers.items()}


def _make_demo(folder: Path) -> Server:
    env = environment(folder / "demo")
    ports = [int(env[name].rpartition(":")[2]) for name in URLS]
    probes = [partial(is_healthy, port) for port in ports]
    return Server([sys.executable, "app.py"], env, probes, ROOT, folder / "demo.txt")


def _measure(server: Server) -> float:
    taken = []
    for number in range(STARTS + 1):
        server.start()
        server.stop()
        if number > 0:
            taken.append(server.seconds_to_start)
    return median(taken)


def format_starts(seconds: Seconds) -> str:
    """Return a table with a row for each program."""
    rows = [(name, f"{value:.2f}") for name, value in seconds.items()]
    return format_table(("program", "start, s"), rows)
