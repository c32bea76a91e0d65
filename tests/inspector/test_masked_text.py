"""On a page, equal masked values have the same colour, and different values different ones."""

import re

import pytest
from flask import Flask

from inspector.draw.masked_text import COLOURS, coloured


@pytest.fixture
def app() -> Flask:
    """Return an application, because the colours belong to an application context."""
    return Flask("page")


def masked(n: int) -> str:
    """Return a masked value with the fingerprint `n`."""
    return f"••••••••~{n:06x}"


def colours(text: str) -> list[int]:
    """Return the number of each colour in the text."""
    return [int(number) for number in re.findall(r'class="fp fp-(\d+)"', coloured(text))]


def test_equal_values_have_the_same_colour_on_a_page(app: Flask) -> None:
    with app.app_context():
        assert colours(f"{masked(1)} {masked(2)} {masked(1)}") == [0, 1, 0]
        assert colours(f"{masked(3)} {masked(2)}") == [2, 1]


def test_colours_repeat_after_the_last_one(app: Flask) -> None:
    with app.app_context():
        assert colours(" ".join(masked(n) for n in range(COLOURS + 1))) == [*range(COLOURS), 0]


def test_text_around_a_mask_is_kept(app: Flask) -> None:
    with app.app_context():
        assert coloured(f"<b>{masked(1)}</b>") == (
            '&lt;b&gt;••••••••<span class="fp fp-0">000001</span>&lt;/b&gt;'
        )
