"""Show masked values on a page. Equal values have the same colour."""

import re

from flask import Flask, g
from markupsafe import Markup, escape

COLOURS = 12
_MASKED = re.compile(r"(•{8}~[0-9a-f]{6})")


def init_app(app: Flask) -> None:
    """Add the filter `coloured` to the templates of `app`."""
    app.add_template_filter(coloured)


def coloured(text: str) -> Markup:
    """Return `text` escaped, with the fingerprint of each masked value in its colour."""
    return Markup("").join(_part(part) for part in _MASKED.split(text))


def _part(part: str) -> Markup:
    if not _MASKED.fullmatch(part):
        return escape(part)
    dots, _, fingerprint = part.partition("~")
    colour = _palette().setdefault(fingerprint, len(_palette()) % COLOURS)
    return Markup('{}<span class="fp fp-{}">{}</span>').format(dots, colour, fingerprint)


def _palette() -> dict[str, int]:
    """Return the colours that this page has used, by fingerprint."""
    palette: dict[str, int] = g.setdefault("fingerprint_colours", {})
    return palette
