"""What a run measured, and the medians over several rounds."""

import math
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple


class Figures(NamedTuple):
    """The figures of one work at one contender.

    `cpu` is in milliseconds per unit of work, for all servers together; `cpu_by_server` splits it.
    `p50` and `p99` are latencies in milliseconds. `own_cpu` is that of the load generator.
    """

    cpu: float
    cpu_by_server: tuple[float, ...]
    rate: float
    p50: float
    p99: float
    own_cpu: float


def take_medians(rounds: Sequence[Figures]) -> Figures:
    """Return the median of each figure."""
    by_server = tuple(
        median(values) for values in zip(*(one.cpu_by_server for one in rounds), strict=True)
    )
    return Figures(
        cpu=median(one.cpu for one in rounds),
        cpu_by_server=by_server,
        rate=median(one.rate for one in rounds),
        p50=median(one.p50 for one in rounds),
        p99=median(one.p99 for one in rounds),
        own_cpu=median(one.own_cpu for one in rounds),
    )


def find_percentile(ordered: Sequence[float], percent: float) -> float:
    """Return the smallest value that at least `percent` of the ordered values do not exceed."""
    rank = math.ceil(len(ordered) * percent / 100)
    return ordered[max(rank, 1) - 1]
