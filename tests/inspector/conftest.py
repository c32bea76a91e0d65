"""Fixtures for the three legs with a recorder around each, as in the demo."""

from pathlib import Path

import pytest
from world.legs import Legs

from client_app.page_access import current_access
from inspector.lab.setup import add_lab
from inspector.record.store import Store, open_store
from inspector.setup import open_pages, watch
from inspector.tools import add_tools
from web.back_channel import BackChannel


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return a store for a new recording."""
    return Store(tmp_path / "inspector.db")


def record(legs: Legs) -> Store:
    """Record the three legs from now on, and return the store."""
    for leg in (legs.auth_server, legs.client_app, legs.resource_api):
        watch(leg, leg.extensions["tripod.settings"])
    return open_store(legs.client_app.extensions["tripod.settings"])


def add_inspector(legs: Legs) -> None:
    """Add the pages of the inspector and of the lab to Print Shop, as in the demo."""
    settings = legs.client_app.extensions["tripod.settings"]
    open_pages(
        legs.client_app, settings, treat_as_expired=lambda: current_access().treat_as_expired()
    )
    add_lab(legs.client_app, settings, {})
    add_tools(
        legs.client_app,
        settings,
        legs.resource_api.extensions["tripod.settings"],
        BackChannel(adapter=legs.network.adapter),
    )


@pytest.fixture
def watched(legs: Legs) -> Store:
    """Record the three legs and return the store."""
    return record(legs)


@pytest.fixture
def inspected(legs: Legs, watched: Store) -> Legs:
    """Return the legs as in the demo: recorded, with the inspector's pages at Print Shop."""
    add_inspector(legs)
    return legs
