"""Masked values on a page: what is equal has one colour, by its fingerprint."""

import re

from flask import Flask
from markupsafe import Markup, escape

COLOURS = 12
_MASKED = re.compile(r"(•{8}~[0-9a-f]{6})")


def init_app(app: Flask) -> None:
    """Give the templates of `app` the filter `coloured`."""
    app.add_template_filter(coloured)


def coloured(text: str) -> Markup:
    """`text`, escaped, with every fingerprint behind a mask in its colour."""
    parts = _MASKED.split(text)
    return Markup("").join(_span(part) if _MASKED.fullmatch(part) else escape(part) for part in parts)


def _span(masked: str) -> Markup:
    dots, _, fingerprint = masked.partition("~")
    colour = int(fingerprint, 16) % COLOURS
    return Markup('{}<span class="fp fp-{}">{}</span>').format(dots, colour, fingerprint)
