"""The figures of a soak, as a table, and their place in `docs/security.md`."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.page import ROOT, describe_machine, replace_block
from benchmarks.tables import format_table

PAGE = ROOT / "docs" / "security.md"
BLOCK = "soak"
#: Broken promises that are printed.
PRINTED = 20


@dataclass(frozen=True)
class Figures:
    """What happened in `seconds`: statuses of answers (0 is none), faults, and promises."""

    seconds: float
    statuses: Mapping[int, int]
    faults: Mapping[str, int]
    checked: int
    broken: list[str]

    @property
    def refused(self) -> int:
        """The number of requests that were refused or not answered."""
        return sum(self.statuses.get(status, 0) for status in (0, 502, 503, 504))


def format_figures(figures: Figures) -> str:
    """Return the table."""
    requests = sum(figures.statuses.values())
    rows = [
        ["minutes", f"{figures.seconds / 60:.1f}"],
        ["requests", f"{requests:,}"],
        ["refused or not answered", f"{figures.refused:,}"],
        *([f"fault: {name}", f"{count:,}"] for name, count in figures.faults.items()),
        ["promises checked", f"{figures.checked:,}"],
        ["promises broken", f"{len(figures.broken):,}"],
    ]
    return f"{format_table(['figure', 'number'], rows)}\n\n{describe_machine()}"


def format_broken(figures: Figures) -> str:
    """Return the broken promises, the most frequent first."""
    counted = Counter(figures.broken).most_common(PRINTED)
    return "\n".join(f"{count} × {text}" for text, count in counted)


def write_figures(figures: Figures, page: Path = PAGE) -> None:
    """Replace the figures of the page."""
    text = replace_block(page.read_text(), BLOCK, format_figures(figures), by="make soak")
    page.write_text(text)
