"""The rounds: every work at every contender, in turn, so that all meet the same disturbances."""

import time
from collections.abc import Callable, Mapping, Sequence

from benchmarks import load
from benchmarks.contenders.contender import Contender
from benchmarks.figures import Figures, find_percentile, take_medians
from benchmarks.works import Work

#: The figures for each work and each contender's name.
Results = dict[str, dict[str, Figures]]


def measure_all(
    contenders: Sequence[Contender],
    names: Sequence[str],
    *,
    rounds: int,
    seconds: float,
    warm_up: float,
    report: Callable[[str], None],
) -> Results:
    """Return the medians over some rounds, after each work has run `warm_up` seconds."""
    for contender in contenders:
        report(f"Warming {contender.name} up")
        for name in _select(names, contender.works):
            measure(contender.works[name], warm_up)
    taken: dict[str, dict[str, list[Figures]]] = {}
    for number in range(1, rounds + 1):
        report(f"Round {number} of {rounds}")
        for name in names:
            for contender in contenders:
                if name in contender.works:
                    found = taken.setdefault(name, {}).setdefault(contender.name, [])
                    found.append(measure(contender.works[name], seconds))
    return {
        name: {contender: take_medians(found) for contender, found in by_contender.items()}
        for name, by_contender in taken.items()
    }


def measure(work: Work, seconds: float) -> Figures:
    """Do the work for some seconds, and return the figures."""
    before = [server.cpu_seconds for server in work.servers]
    own_before = time.process_time()
    done = load.run(work.port, work.conversations, seconds, steps=work.steps)
    own = time.process_time() - own_before
    after = [server.cpu_seconds for server in work.servers]
    count = len(done.latencies)
    by_server = tuple(
        (end - begin) / count * 1000 for begin, end in zip(before, after, strict=True)
    )
    return Figures(
        cpu=sum(by_server),
        cpu_by_server=by_server,
        rate=count / done.seconds,
        p50=find_percentile(done.latencies, 50) * 1000,
        p99=find_percentile(done.latencies, 99) * 1000,
        own_cpu=own / count * 1000,
    )


def _select(names: Sequence[str], works: Mapping[str, Work]) -> list[str]:
    return [name for name in names if name in works]
