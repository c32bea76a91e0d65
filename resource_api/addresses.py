"""Absolute URLs in this leg's responses, always with the canonical host.

A program may use any spelling of the host in its request; the URLs that it gets use the one in the
settings.
"""

from flask import url_for

from web.leg_settings import current_settings


def absolute_url(view: str, **values: str | int) -> str:
    """Return the URL of a view of this leg, with `values` in its path and its query."""
    return current_settings().url + url_for(f"resource_api.{view}", **values)  # type: ignore[arg-type]
