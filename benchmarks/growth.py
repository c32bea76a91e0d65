"""Growth: the same requests while ever more tokens are stored in the authorization server."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.contenders.tripod import AUTH_SERVER, Installation
from benchmarks.figures import Figures, take_medians
from benchmarks.filling import KnownTokens, fill
from benchmarks.load import CONCURRENCY
from benchmarks.processes import Server
from benchmarks.rounds import measure
from benchmarks.tables import format_number, format_table
from benchmarks.works import (
    INTROSPECTION,
    REFRESH,
    Endpoints,
    Work,
    converse,
    introspect_each,
    refresh_each,
)

SIZES = (1_000, 100_000, 1_000_000, 10_000_000)
ROUNDS = 3
MIB = 1024**2


class Stage(NamedTuple):
    """One size: the tokens that were stored before, the file's MiB, and the figures by work."""

    tokens: int
    file_size: float
    figures: dict[str, Figures]


def measure_growth(
    sizes: Sequence[int], seconds: float, report: Callable[[str], None]
) -> list[Stage]:
    """Fill a database for each size, and measure introspection and refresh in turn."""
    with TemporaryDirectory(prefix="benchmark-") as folder, ExitStack() as running:
        databases = []
        for size in sizes:
            report(f"Storing {size:,} tokens")
            databases.append(_Database(Path(folder) / str(size), size, running))
        taken: dict[int, dict[str, list[Figures]]] = {size: {} for size in sizes}
        for number in range(ROUNDS + 1):
            report(f"Growth, round {number} of {ROUNDS}")
            for database in databases:
                for name, work in database.works.items():
                    found = measure(work, seconds)
                    if number > 0:  # the first one warms up
                        taken[database.size].setdefault(name, []).append(found)
    return [
        Stage(
            database.size,
            database.file_size,
            {name: take_medians(found) for name, found in taken[database.size].items()},
        )
        for database in databases
    ]


class _Database:
    """A filled database and the authorization server over it."""

    def __init__(self, folder: Path, size: int, running: ExitStack) -> None:
        folder.mkdir()
        self.size = size
        installation = Installation(folder)
        path = folder / "instance" / "auth_server.db"
        known = fill(path, installation.client["client_id"], size)
        self.file_size = path.stat().st_size / MIB
        server = installation.make_server(AUTH_SERVER)
        running.callback(server.stop)
        server.start()
        self.works = _make_works(server, installation.endpoints(), known)


def _make_works(server: Server, at: Endpoints, known: KnownTokens) -> dict[str, Work]:
    """Return the works, whose requests present the known tokens in a random order."""
    access = converse(introspect_each(at, part) for part in _share(known.access))
    refresh = converse(refresh_each(at, part) for part in _share(known.refresh))
    return {
        INTROSPECTION: Work(at.port, access, [server]),
        REFRESH: Work(at.port, refresh, [server]),
    }


def _share(tokens: Sequence[str]) -> Iterator[list[str]]:
    """Yield the tokens of each connection."""
    shuffled = random.Random(2).sample(tokens, len(tokens))
    return (shuffled[number::CONCURRENCY] for number in range(CONCURRENCY))


def format_growth(stages: Sequence[Stage]) -> str:
    """Return a table with a row for each size."""
    head = (
        "tokens",
        "file, MiB",
        *(
            f"{name}: {figure}"
            for name in (INTROSPECTION, REFRESH)
            for figure in ("CPU, ms", "p50, ms", "p99, ms")
        ),
    )
    rows = [
        (
            f"{stage.tokens:,}",
            f"{stage.file_size:,.1f}",
            *(
                format_number(value)
                for name in (INTROSPECTION, REFRESH)
                for value in (
                    stage.figures[name].cpu,
                    stage.figures[name].p50,
                    stage.figures[name].p99,
                )
            ),
        )
        for stage in stages
    ]
    return format_table(head, rows)
