"""Percentiles, medians, and the tables that show them."""

import pytest

from benchmarks.figures import Figures, find_percentile, take_medians
from benchmarks.tables import format_number, format_table


@pytest.mark.parametrize(("percent", "expected"), [(50, 50), (99, 99), (100, 100), (0, 1)])
def test_a_percentile_is_a_value_that_was_measured(percent: float, expected: float) -> None:
    assert find_percentile(range(1, 101), percent) == expected


def test_the_percentile_of_one_value_is_that_value() -> None:
    assert find_percentile([7.0], 99) == 7.0


def test_each_figure_has_its_own_median() -> None:
    rounds = [
        Figures(cpu=1, cpu_by_server=(1, 9), rate=30, p50=1, p99=5, own_cpu=2),
        Figures(cpu=3, cpu_by_server=(3, 7), rate=10, p50=2, p99=4, own_cpu=3),
        Figures(cpu=2, cpu_by_server=(2, 8), rate=20, p50=3, p99=6, own_cpu=1),
    ]

    assert take_medians(rounds) == Figures(2, (2, 8), 20, 2, 5, 2)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1234, "0.123"), (1.234, "1.23"), (12.34, "12.3"), (123.4, "123"), (12345.6, "12,346")],
)
def test_numbers_have_about_three_digits(value: float, text: str) -> None:
    assert format_number(value) == text


def test_a_table_is_aligned_and_valid_markdown() -> None:
    assert format_table(("server", "ms"), [("one", "0.123"), ("another", "45.6")]) == (
        "| server  |    ms |\n| ------- | ----: |\n| one     | 0.123 |\n| another |  45.6 |"
    )
