"""Tables in Markdown, whose columns are also aligned in a terminal."""

from collections.abc import Sequence

Row = Sequence[str]


def format_table(head: Row, rows: Sequence[Row]) -> str:
    """Return a Markdown table. The first column is aligned left, the others right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    widths = [max(width, 2) for width in widths]
    rule = [f"{'-' * (width - 1)}:" for width in widths]
    rule[0] = "-" * widths[0]
    return "\n".join(_format_row(row, widths) for row in (head, rule, *rows))


def format_number(value: float) -> str:
    """Return the number with about three digits: 0.123, 1.23, 12.3, 1,234."""
    if value < 1:
        return f"{value:.3f}"
    if value < 10:
        return f"{value:.2f}"
    if value < 100:
        return f"{value:.1f}"
    return f"{value:,.0f}"


def _format_row(row: Row, widths: Sequence[int]) -> str:
    cells = [row[0].ljust(widths[0])]
    cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
    return f"| {' | '.join(cells)} |"
