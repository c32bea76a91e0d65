"""Everything that one run of the command measured."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.comparison import Comparison, Plan, compare
from benchmarks.contenders.contender import ROOT
from benchmarks.figures import Figures
from benchmarks.growth import Stage, measure_growth
from benchmarks.profiles import Counts, take_profiles
from benchmarks.starting import Seconds, measure_starts
from benchmarks.workers import measure_workers

PARTS = ("works", "workers", "starts", "recorder", "profile", "growth")
REQUESTS_WITH_THE_RECORDER = 500
SECONDS_OF_A_PROFILE = 4.0


class Measured(NamedTuple):
    """The results of the parts; a part that did not run has none."""

    comparison: Comparison | None
    workers: Mapping[int, Figures]
    starts: Seconds
    recorder: float | None
    profile: Counts
    growth: Sequence[Stage]


def measure_parts(
    parts: Sequence[str], plan: Plan, sizes: Sequence[int], report: Callable[[str], None]
) -> Measured:
    """Run the parts, one after the other."""
    comparison = recorder = None
    workers: Mapping[int, Figures] = {}
    starts: Seconds = {}
    profile: Counts = {}
    growth: Sequence[Stage] = []
    if "works" in parts:
        comparison = compare(plan, report)
    if "workers" in parts:
        workers = measure_workers(plan.seconds, report)
    if "starts" in parts:
        starts = measure_starts(report)
    if "recorder" in parts:
        report("Measuring the recorder")
        recorder = measure_recorder()
    if "profile" in parts:
        profile = take_profiles(SECONDS_OF_A_PROFILE, report)
    if "growth" in parts:
        growth = measure_growth(sizes, plan.seconds, report)
    return Measured(comparison, workers, starts, recorder, profile, growth)


def measure_recorder() -> float:
    """Return the milliseconds that the recorder costs per request, from its own command."""
    path = os.pathsep.join([str(ROOT), str(Path(ROOT) / "tests")])
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks.recorder", str(REQUESTS_WITH_THE_RECORDER)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"^difference +(-?[0-9.]+) ms$", finished.stdout, re.MULTILINE)
    if found is None:
        raise ValueError(f"no difference in {finished.stdout!r}")
    return float(found[1])
