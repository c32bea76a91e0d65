"""`make bench` measures what the recorder costs per request."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.processes
def test_the_benchmark_prints_the_cost_with_and_without_the_recorder() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks.recorder", "3"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])},
        capture_output=True,
        text=True,
        check=True,
    )

    assert re.fullmatch(
        r"without the recorder +\d+\.\d{3} ms\n"
        r"with the recorder +\d+\.\d{3} ms\n"
        r"difference +-?\d+\.\d{3} ms\n",
        finished.stdout,
    )
