"""The comparison: all contenders side by side, one work at a time."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.contenders.bare import BareRoute
from benchmarks.contenders.contender import Contender
from benchmarks.contenders.django_toolkit import DjangoToolkit
from benchmarks.contenders.oidc_provider import OidcProvider, OidcProviderOnSqlite
from benchmarks.contenders.tripod import Tripod
from benchmarks.contenders.tripod_on_postgres import TripodOnPostgres
from benchmarks.figures import Figures
from benchmarks.rounds import Results, measure_all
from benchmarks.tables import format_number, format_table

CONTENDERS: dict[str, type[Contender]] = {
    "bare": BareRoute,
    "tripod": Tripod,
    "postgres": TripodOnPostgres,
    "oidc-provider": OidcProvider,
    "oidc-provider-sqlite": OidcProviderOnSqlite,
    "django": DjangoToolkit,
}


class Plan(NamedTuple):
    """What to measure, how often and for how long."""

    contenders: Sequence[str]
    works: Sequence[str]
    rounds: int
    seconds: float
    warm_up: float


class Processes(NamedTuple):
    """A server's memory in MiB after the load, and its seconds to start."""

    contender: str
    server: str
    memory: float
    start: float


class Comparison(NamedTuple):
    """The figures of all works, and the processes."""

    results: Results
    processes: list[Processes]


def compare(plan: Plan, report: Callable[[str], None]) -> Comparison:
    """Set the contenders up, measure the works in rounds, and stop the contenders."""
    with _set_up(plan.contenders, report) as contenders:
        results = measure_all(
            contenders,
            plan.works,
            rounds=plan.rounds,
            seconds=plan.seconds,
            warm_up=plan.warm_up,
            report=report,
        )
        processes = [
            Processes(contender.name, name, server.memory, server.seconds_to_start)
            for contender in contenders
            for name, server in contender.servers.items()
        ]
    return Comparison(results, processes)


@contextmanager
def _set_up(names: Sequence[str], report: Callable[[str], None]) -> Iterator[list[Contender]]:
    with TemporaryDirectory(prefix="benchmark-") as folder, ExitStack() as running:
        contenders = []
        for name in names:
            contender = CONTENDERS[name](Path(folder) / name)
            running.callback(contender.close)
            report(f"Setting {contender.name} up")
            contender.set_up()
            contenders.append(contender)
        yield contenders


def format_results(results: Results) -> str:
    """Return a table for each work."""
    return "\n\n".join(
        f"**{work}**\n\n{_format_work(by_contender)}" for work, by_contender in results.items()
    )


def _format_work(by_contender: dict[str, Figures]) -> str:
    head = ("contender", "CPU, ms", "requests/s", "p50, ms", "p99, ms", "load generator, ms")
    rows = [
        (
            name,
            format_number(figures.cpu),
            format_number(figures.rate),
            format_number(figures.p50),
            format_number(figures.p99),
            format_number(figures.own_cpu),
        )
        for name, figures in by_contender.items()
    ]
    return format_table(head, rows)


def format_processes(processes: Sequence[Processes]) -> str:
    """Return a table of memory and start-up."""
    rows = [
        (f"{one.contender}: {one.server}", f"{one.memory:.0f}", f"{one.start:.2f}")
        for one in processes
    ]
    return format_table(("server", "memory, MiB", "start, s"), rows)
