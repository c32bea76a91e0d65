"""The three legs with the recorder around each, as the demo has them."""

from pathlib import Path

import pytest
from world.legs import Legs

from client_app.page_access import current_access
from inspector import open_pages, open_store, watch
from inspector.lab.setup import add_lab
from inspector.record.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A recording of its own."""
    return Store(tmp_path / "inspector.db")


@pytest.fixture
def watched(legs: Legs) -> Store:
    """What is recorded of the three legs."""
    for leg in (legs.auth_server, legs.client_app, legs.resource_api):
        watch(leg, leg.extensions["tripod.settings"])
    return open_store(legs.client_app.extensions["tripod.settings"])


@pytest.fixture
def inspected(legs: Legs, watched: Store) -> Legs:
    """The legs as the demo has them: recorded, and with the inspector's pages at Print Shop."""
    settings = legs.client_app.extensions["tripod.settings"]
    open_pages(
        legs.client_app, settings, treat_as_expired=lambda: current_access().treat_as_expired()
    )
    add_lab(legs.client_app, settings, watched)
    return legs
