"""Masked values on a page: what is equal has one colour, and each value that is new on the page the next one."""

import re

from flask import Flask, g
from markupsafe import Markup, escape

COLOURS = 12
_MASKED = re.compile(r"(•{8}~[0-9a-f]{6})")


def init_app(app: Flask) -> None:
    """Give the templates of `app` the filter `coloured`."""
    app.add_template_filter(coloured)


def coloured(text: str) -> Markup:
    """`text`, escaped, with every fingerprint behind a mask in its colour."""
    parts = _MASKED.split(text)
    return Markup("").join(
        _span(part) if _MASKED.fullmatch(part) else escape(part) for part in parts
    )


def _span(masked: str) -> Markup:
    dots, _, fingerprint = masked.partition("~")
    colour = _palette().setdefault(fingerprint, len(_palette()) % COLOURS)
    return Markup('{}<span class="fp fp-{}">{}</span>').format(dots, colour, fingerprint)


def _palette() -> dict[str, int]:
    """The colours that this page has given away."""
    palette: dict[str, int] = g.setdefault("fingerprint_colours", {})
    return palette
