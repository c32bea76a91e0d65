"""The command: measure everything, print the tables, and write `docs/performance.md`."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence

from benchmarks.comparison import CONTENDERS, Plan
from benchmarks.growth import SIZES
from benchmarks.installing import InstallationError
from benchmarks.load import UnexpectedAnswerError
from benchmarks.measured import PARTS, measure_parts
from benchmarks.page import format_blocks, write_page
from benchmarks.postgres import NotInstalledError
from benchmarks.processes import DidNotStartError
from benchmarks.works import NAMES

#: These are reported without a traceback.
CANNOT_MEASURE = (DidNotStartError, InstallationError, NotInstalledError, UnexpectedAnswerError)


def main(arguments: Sequence[str]) -> None:
    """Measure what the arguments select. Without arguments, measure everything and write."""
    chosen = read_arguments(arguments)
    begun_at = time.perf_counter()
    # With it, Python would compile the project at each start. Users keep the compiled files.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

    def report(line: str) -> None:
        print(f"{time.perf_counter() - begun_at:6.1f} s  {line}", file=sys.stderr, flush=True)

    plan = Plan(chosen.contenders, chosen.only, chosen.rounds, chosen.seconds, chosen.warm_up)
    try:
        measured = measure_parts(chosen.parts, plan, chosen.sizes, report)
    except CANNOT_MEASURE as error:
        sys.exit(f"{type(error).__name__}: {error}")
    for block in format_blocks(measured).values():
        print(block, end="\n\n")
    if chosen.write or not arguments:
        write_page(measured)
    report("Done")


def read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the arguments select. Names of works or contenders alone select the works."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--parts", type=_list_of(PARTS), help=f"some of {', '.join(PARTS)}")
    parser.add_argument("--only", type=_list_of(NAMES), help=f"some of {', '.join(NAMES)}")
    parser.add_argument(
        "--contenders", type=_list_of(tuple(CONTENDERS)), help=f"some of {', '.join(CONTENDERS)}"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.2, help="of each work in each round")
    parser.add_argument("--warm-up", type=float, default=2.5, help="seconds for each work")
    parser.add_argument("--sizes", type=_read_sizes, default=SIZES, help="stored tokens")
    parser.add_argument("--write", action="store_true", help="write the page")
    chosen = parser.parse_args(arguments)
    if chosen.parts is None:
        chosen.parts = PARTS
        if chosen.only or chosen.contenders:
            chosen.parts = ("works",)
    chosen.only = chosen.only or NAMES
    chosen.contenders = chosen.contenders or tuple(CONTENDERS)
    return chosen


def _list_of(known: Sequence[str]) -> Callable[[str], list[str]]:
    """Return a function that reads names, separated by commas."""

    def read(text: str) -> list[str]:
        names = [name.strip() for name in text.split(",")]
        if unknown := set(names) - set(known):
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}")
        return names

    return read


def _read_sizes(text: str) -> list[int]:
    return [int(size) for size in text.split(",")]


if __name__ == "__main__":
    main(sys.argv[1:])
