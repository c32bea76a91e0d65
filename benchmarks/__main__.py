"""The command: measure everything, print the tables, and write `docs/performance.md`."""

import argparse
import sys
import time
from collections.abc import Callable, Sequence

from benchmarks.comparison import CONTENDERS, Plan, compare, format_processes, format_results
from benchmarks.works import NAMES


def main(arguments: Sequence[str]) -> None:
    """Measure what the arguments select, by default everything."""
    chosen = _read(arguments)
    begun_at = time.perf_counter()

    def report(line: str) -> None:
        print(f"{time.perf_counter() - begun_at:6.1f} s  {line}", file=sys.stderr, flush=True)

    plan = Plan(chosen.contenders, chosen.only, chosen.rounds, chosen.seconds, chosen.warm_up)
    found = compare(plan, report)
    print(format_results(found.results))
    print()
    print(format_processes(found.processes))


def _read(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", type=_list_of(NAMES), default=NAMES, help=", ".join(NAMES))
    parser.add_argument(
        "--contenders",
        type=_list_of(tuple(CONTENDERS)),
        default=tuple(CONTENDERS),
        help=", ".join(CONTENDERS),
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.2, help="of each work in each round")
    parser.add_argument("--warm-up", type=float, default=2.5, help="seconds for each work")
    return parser.parse_args(arguments)


def _list_of(known: Sequence[str]) -> Callable[[str], list[str]]:
    """Return a function that reads names, separated by commas."""

    def read(text: str) -> list[str]:
        names = [name.strip() for name in text.split(",")]
        if unknown := set(names) - set(known):
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}")
        return names

    return read


if __name__ == "__main__":
    main(sys.argv[1:])
