"""The musts, the page and the plot, from figures that were not measured."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.comparison import Comparison, Processes
from benchmarks.figures import Figures
from benchmarks.growth import Stage
from benchmarks.measured import Measured
from benchmarks.musts import Must, format_musts, list_musts
from benchmarks.page import PAGE, NoMarkersError, format_blocks, replace_block, write_page
from benchmarks.plot import draw_plot

SVG = "{http://www.w3.org/2000/svg}"


def figures(cpu: float, *, rate: float = 1000, p99: float = 1) -> Figures:
    """Return figures in which only what a test is about differs."""
    return Figures(cpu, (cpu,), rate, 0.5, p99, 0.02)


RESULTS = {
    "introspection": {"Tripod": figures(0.1, p99=3), "oidc-provider": figures(0.2)},
    "refresh": {"Tripod": figures(0.5), "oidc-provider": figures(1.0)},
    "photos": {"Tripod": figures(1.0), "oidc-provider": figures(0.25)},
}
MEASURED = Measured(
    comparison=Comparison(RESULTS, [Processes("Tripod", "auth server", 50, 0.5)]),
    workers={1: figures(0.1, rate=1000), 2: figures(0.1, rate=1800)},
    starts={"auth server": 0.5, "Photo API": 0.5, "Print Shop": 0.7, "python app.py": 1.2},
    recorder=0.1,
    profile={"introspection": {"packages": {"flask": 1, "web": 3}, "files": {"web/asgi.py": 4}}},
    growth=[
        Stage(1_000, 0.5, {"introspection": figures(0.1), "refresh": figures(0.5)}),
        Stage(10_000_000, 4000, {"introspection": figures(0.11), "refresh": figures(0.75)}),
    ],
)
NOTHING = Measured(None, {}, {}, None, {}, [])


def judge(what: str) -> str:
    """Return how the table ends in the row of one figure."""
    [row] = [row for row in format_musts(list_musts(MEASURED)).splitlines() if what in row]
    return row.rstrip("| ").rpartition("|")[2].strip()


@pytest.mark.parametrize(
    ("what", "result"),
    [
        ("introspection: less CPU", "met"),
        ("refresh: less CPU", "missed by 29%"),
        ("photos", "met"),
        ("introspection: p99", "missed by 50%"),
        ("introspection: CPU with 10,000,000", "met"),
        ("refresh: CPU with 10,000,000", "missed by 15%"),
        ("two workers", "met"),
        ("memory", "met"),
        ("start of the slowest leg", "missed by 17%"),
        ("`make demo`", "met"),
        ("recorder", "met"),
    ],
)
def test_the_table_says_whether_each_must_is_met(what: str, result: str) -> None:
    assert judge(what) == result


def test_a_figure_at_its_limit_meets_the_must() -> None:
    assert Must("at least", 1.6, 1.6, 4, "×", at_least=True).missing == 0
    assert Must("at most", 10, 10, 6, " ms").missing == 0


def test_nothing_is_judged_that_was_not_measured() -> None:
    assert list_musts(NOTHING) == []


def test_a_block_is_replaced_and_the_text_around_it_stays() -> None:
    text = "Before\n<!-- works: written by make bench -->\nold\n<!-- end of works -->\nAfter"

    replaced = replace_block(text, "works", "new")

    assert replaced == (
        "Before\n<!-- works: written by make bench -->\n\nnew\n\n<!-- end of works -->\nAfter"
    )
    assert replace_block(replaced, "works", "new") == replaced


def test_a_page_without_the_markers_is_not_written() -> None:
    with pytest.raises(NoMarkersError):
        replace_block("No markers", "works", "new")


def test_the_page_has_a_place_for_every_block(tmp_path: Path) -> None:
    page, plot = tmp_path / "performance.md", tmp_path / "performance.svg"
    page.write_text(PAGE.read_text())

    write_page(MEASURED, page, plot)

    for block in format_blocks(MEASURED).values():
        assert block in page.read_text()
    assert set(re.findall(r"<!-- (\w+): written", page.read_text())) == set(format_blocks(MEASURED))


def test_the_profile_has_the_shares_of_the_samples() -> None:
    table = format_blocks(MEASURED)["profile"]

    assert re.search(r"\| flask +\| +25% \|", table)
    assert re.search(r"\| web/asgi.py +\| +100% \|", table)


def test_the_plot_has_a_bar_for_each_contender() -> None:
    plot = ElementTree.fromstring(draw_plot(RESULTS))  # noqa: S314 - our own document

    bars = [float(bar.attrib["width"]) for bar in plot.iter(f"{SVG}rect")]
    assert [round(bar / 10) for bar in bars] == [23, 46, 23, 46, 46, 12]


def test_the_plot_has_its_figures_as_text() -> None:
    plot = ElementTree.fromstring(draw_plot(RESULTS))  # noqa: S314 - our own document

    ids = plot.attrib["aria-labelledby"].split()
    texts = {element.attrib.get("id"): element.text or "" for element in plot.iter()}
    assert "refresh: Tripod 0.500 ms, oidc-provider 1.00 ms." in " ".join(texts[i] for i in ids)


def test_the_plot_adapts_to_dark_pages() -> None:
    assert "@media (prefers-color-scheme: dark)" in draw_plot(RESULTS)
