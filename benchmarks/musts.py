"""The figures that must be reached, and whether they are."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from benchmarks.contenders.oidc_provider import OidcProvider
from benchmarks.contenders.tripod import FACTORIES, Tripod
from benchmarks.figures import Figures
from benchmarks.measured import Measured
from benchmarks.starting import DEMO
from benchmarks.tables import format_number, format_table
from benchmarks.works import INTROSPECTION, PHOTOS, REFRESH, ROUND_TRIP, UNKNOWN_TOKEN

#: For each work, how many times less CPU than the best peer it must and should take.
AGAINST_THE_PEER = {
    INTROSPECTION: (1.6, 4),
    UNKNOWN_TOKEN: (1.1, 3),
    REFRESH: (2.8, 4),
    ROUND_TRIP: (1.2, 2),
}
#: For each work, the p99 in milliseconds that it must and should stay below.
LATENCIES = {INTROSPECTION: (2, 1), REFRESH: (10, 6)}
#: For each work, how many times the CPU with the most tokens may be that with the fewest.
GROWTH = {INTROSPECTION: (1.15, 1), REFRESH: (1.3, 1)}


class Must(NamedTuple):
    """A figure with the limit that it must keep and the one that it should keep."""

    what: str
    value: float
    must: float
    aim: float
    unit: str
    at_least: bool = False

    @property
    def missing(self) -> float:
        """By which part of the limit it is missed; at most 0 when it is met."""
        if self.at_least:
            return 1 - self.value / self.must
        return self.value / self.must - 1


def list_musts(measured: Measured) -> list[Must]:
    """Return those whose figures were measured."""
    musts: list[Must] = []
    if measured.comparison is not None:
        results = measured.comparison.results
        musts += _compare_with_the_peer(results)
        musts += _judge_latencies(results)
    musts += _judge_growth(measured)
    if measured.workers:
        one, two = (measured.workers[count].rate for count in (1, 2))
        musts.append(Must("reads, two workers against one", two / one, 1.7, 1.9, "×", True))
    musts += _judge_processes(measured)
    if measured.recorder is not None:
        musts.append(Must("the recorder, per request", measured.recorder, 0.15, 0.15, " ms"))
    return musts


def _compare_with_the_peer(results: Mapping[str, Mapping[str, Figures]]) -> Iterator[Must]:
    for work, (must, aim) in AGAINST_THE_PEER.items():
        found = results.get(work, {})
        if {Tripod.name, OidcProvider.name} <= set(found):
            ratio = found[OidcProvider.name].cpu / found[Tripod.name].cpu
            yield Must(f"{work}: less CPU than {OidcProvider.name}", ratio, must, aim, "×", True)
    found = results.get(PHOTOS, {})
    if {Tripod.name, OidcProvider.name} <= set(found):
        ratio = found[Tripod.name].cpu / found[OidcProvider.name].cpu
        yield Must(f"{PHOTOS}, both processes, against a check in one", ratio, 5, 3, "×")


def _judge_latencies(results: Mapping[str, Mapping[str, Figures]]) -> Iterator[Must]:
    for work, (must, aim) in LATENCIES.items():
        if Tripod.name in results.get(work, {}):
            yield Must(f"{work}: p99", results[work][Tripod.name].p99, must, aim, " ms")


def _judge_growth(measured: Measured) -> Iterator[Must]:
    if len(measured.growth) < 2:
        return
    first, last = measured.growth[0], measured.growth[-1]
    for work, (must, aim) in GROWTH.items():
        ratio = last.figures[work].cpu / first.figures[work].cpu
        what = f"{work}: CPU with {last.tokens:,} tokens against {first.tokens:,}"
        yield Must(what, ratio, must, aim, "×")


def _judge_processes(measured: Measured) -> Iterator[Must]:
    if measured.comparison is not None:
        memory = [
            one.memory for one in measured.comparison.processes if one.contender == Tripod.name
        ]
        if memory:
            yield Must("memory of the largest leg", max(memory), 75, 60, " MiB")
    if measured.starts:
        slowest = max(measured.starts[leg] for leg in FACTORIES)
        yield Must("start of the slowest leg", slowest, 0.6, 0.4, " s")
        yield Must("`make demo` when warm", measured.starts[DEMO], 1.5, 1, " s")


def format_musts(musts: Sequence[Must]) -> str:
    """Return a table that says which ones are met, and by how much others are missed."""
    rows = []
    for one in musts:
        result = "met"
        if one.missing > 0:
            result = f"missed by {one.missing:.0%}"
        sign = "≤"
        if one.at_least:
            sign = "≥"
        limits = (f"{sign} {limit:g}{one.unit}" for limit in (one.must, one.aim))
        rows.append((one.what, *limits, f"{format_number(one.value)}{one.unit}", result))
    return format_table(("figure", "must", "aim", "measured", "result"), rows)
