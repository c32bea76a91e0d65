"""The plot: CPU per request by work and contender, as SVG that reads well in light and dark."""

from collections.abc import Iterator, Sequence
from html import escape

from benchmarks.contenders.tripod import Tripod
from benchmarks.rounds import Results
from benchmarks.tables import format_number

WIDTH = 760
#: Where the bars begin, and the length of the longest one.
LEFT, LONGEST = 210, 460
ROW, GAP, MARGIN = 22, 34, 16
BAR = 14
TITLE = "CPU time per request"
DESCRIPTION = "Shorter bars are better. Each work has its own scale. The tables have all figures."

_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.work { font-weight: 600; font-size: 15px }
.peer { fill: #8b949e }
.own { fill: #0969da }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .peer { fill: #6e7681 }
  .own { fill: #58a6ff }
}
"""


def draw_plot(results: Results) -> str:
    """Return the SVG document."""
    parts: list[str] = []
    top = MARGIN
    for work, by_contender in results.items():
        values = [(name, figures.cpu) for name, figures in by_contender.items()]
        parts += _draw_work(work, values, top)
        top += GAP + ROW * len(values)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" role="img"'
            ' aria-labelledby="title description">',
            f'<title id="title">{TITLE}</title>',
            f'<desc id="description">{DESCRIPTION} {escape(_describe(results))}</desc>',
            f"<style>{_STYLE}</style>",
            *parts,
            "</svg>\n",
        ]
    )


def _draw_work(work: str, values: Sequence[tuple[str, float]], top: int) -> Iterator[str]:
    yield f'<text class="work" x="{MARGIN}" y="{top + 12}">{escape(work)}</text>'
    largest = max(value for _, value in values) or 1
    for number, (name, value) in enumerate(values):
        y = top + ROW * (number + 1)
        kind = "peer"
        if name.startswith(Tripod.name):
            kind = "own"
        length = max(LONGEST * value / largest, 1)
        label = f"{format_number(value)} ms"
        yield f'<text x="{LEFT - 8}" y="{y + 11}" text-anchor="end">{escape(name)}</text>'
        bar = f'x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR}" rx="2"'
        yield f'<rect class="{kind}" {bar}/>'
        yield f'<text x="{LEFT + length + 6:.1f}" y="{y + 11}">{label}</text>'


def _describe(results: Results) -> str:
    """Return the figures as sentences, for readers who do not see the bars."""
    return " ".join(
        f"{work}: "
        + ", ".join(f"{name} {format_number(found.cpu)} ms" for name, found in by_name.items())
        + "."
        for work, by_name in results.items()
    )
