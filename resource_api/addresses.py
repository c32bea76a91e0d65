"""The addresses that this leg writes into its answers: absolute, and always in the canonical spelling.

A program may ask on any spelling of the host; what it is told to follow is the one that the settings name.
"""

from flask import current_app, url_for

from config import Settings


def absolute_url(view: str, **values: str | int) -> str:
    """Where `view` of this leg is, as the world calls it; `values` fill in its path and its query."""
    settings: Settings = current_app.extensions["tripod.settings"]
    return settings.url + url_for(f"resource_api.{view}", **values)  # type: ignore[arg-type]
