"""Two workers against one: how many more introspections a second worker answers."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.contenders.tripod import AUTH_SERVER, Installation
from benchmarks.figures import Figures, take_medians
from benchmarks.rounds import measure
from benchmarks.tables import format_number, format_table
from benchmarks.works import INTROSPECTION, Work, make_works

ROUNDS = 3
COUNTS = (1, 2)


def measure_workers(seconds: float, report: Callable[[str], None]) -> dict[int, Figures]:
    """Return the figures of introspection for one worker and for two, measured in turn."""
    with TemporaryDirectory(prefix="benchmark-") as folder, ExitStack() as running:
        works: dict[int, Work] = {}
        for count in COUNTS:
            report(f"Starting {count} workers")
            own = Path(folder) / str(count)
            own.mkdir()
            installation = Installation(own)
            server = installation.make_server(AUTH_SERVER, workers=count)
            running.callback(server.stop)
            server.start()
            works[count] = make_works(server, installation.endpoints())[INTROSPECTION]
        taken: dict[int, list[Figures]] = {count: [] for count in COUNTS}
        for number in range(ROUNDS + 1):
            for count, work in works.items():
                found = measure(work, seconds)
                if number > 0:  # the first one warms up
                    taken[count].append(found)
    return {count: take_medians(found) for count, found in taken.items()}


def format_workers(figures: Mapping[int, Figures]) -> str:
    """Return a table with a row for each number of workers."""
    head = ("workers", "introspections/s", "CPU, ms", "p99, ms", "load generator, ms")
    rows = [
        (
            str(count),
            format_number(found.rate),
            format_number(found.cpu),
            format_number(found.p99),
            format_number(found.own_cpu),
        )
        for count, found in figures.items()
    ]
    return format_table(head, rows)
