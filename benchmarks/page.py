"""The page: `docs/performance.md` with the tables between its markers, and the plot beside it."""

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.comparison import format_processes, format_results
from benchmarks.growth import format_growth
from benchmarks.measured import Measured
from benchmarks.musts import format_musts, list_musts
from benchmarks.plot import draw_plot
from benchmarks.profiles import format_profiles
from benchmarks.starting import format_starts
from benchmarks.tables import format_number
from benchmarks.workers import format_workers

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance.md"
PLOT = ROOT / "docs" / "performance.svg"


class NoMarkersError(Exception):
    """The page has no place for a block."""


def format_blocks(measured: Measured) -> dict[str, str]:
    """Return the text of each block whose figures were measured."""
    blocks = {"musts": format_musts(list_musts(measured)), "machine": describe_machine()}
    if measured.comparison is not None:
        blocks["works"] = format_results(measured.comparison.results)
        blocks["processes"] = format_processes(measured.comparison.processes)
    if measured.workers:
        blocks["workers"] = format_workers(measured.workers)
    if measured.starts:
        blocks["starts"] = format_starts(measured.starts)
    if measured.recorder is not None:
        blocks["recorder"] = f"The recorder costs {format_number(measured.recorder)} ms a request."
    if measured.profile:
        blocks["profile"] = format_profiles(measured.profile)
    if measured.growth:
        blocks["growth"] = format_growth(measured.growth)
    return blocks


def write_page(measured: Measured, page: Path = PAGE, plot: Path = PLOT) -> None:
    """Replace the blocks of the page, and draw the plot."""
    text = page.read_text()
    for name, block in format_blocks(measured).items():
        text = replace_block(text, name, block)
    page.write_text(text)
    if measured.comparison is not None:
        plot.write_text(draw_plot(measured.comparison.results))


def replace_block(text: str, name: str, block: str, *, by: str = "make bench") -> str:
    """Return the text with this block between its markers, which name the command.

    :raises NoMarkersError: when it has no such markers.
    """
    begin, end = f"<!-- {name}: written by {by} -->", f"<!-- end of {name} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(text):
        raise NoMarkersError(f"{begin} … {end}")
    return pattern.sub(lambda _: f"{begin}\n\n{block}\n\n{end}", text)


def describe_machine() -> str:
    """Return one sentence about the day and the machine of the run."""
    models = re.findall(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    model = next(iter(models), platform.machine())
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} with {os.cpu_count()} cores of {model}, "
        f"Python {platform.python_version()}, Linux {platform.release().partition('-')[0]}."
    )
