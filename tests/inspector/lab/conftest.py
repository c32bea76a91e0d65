"""Fixtures for the lab against the three legs in this process, with a clock that tests control."""

import pytest
import requests
from world.clock import Clock
from world.legs import Legs

from inspector.lab.proxy import Proxy
from inspector.lab.stage import Addresses, Stage


def stage_for(legs: Legs, clock: Clock) -> Stage:
    """Return the stage of a run; waiting moves the clock forward."""
    settings = legs.client_app.extensions["tripod.settings"]

    def session() -> requests.Session:
        session = legs.session()
        session.trust_env = False
        return session

    proxy = Proxy(legs.network.application(legs.auth_server_url))
    legs.network.attach(legs.auth_server_url, proxy)
    return Stage(
        Addresses(legs.auth_server_url, legs.client_app_url, legs.resource_api_url),
        settings.client_id,
        settings.client_secret,
        http=session,
        wait=clock.forward,
        proxy=proxy,
    )


@pytest.fixture
def lab(clock: Clock, legs: Legs) -> Stage:
    """Return the stage of a run."""
    return stage_for(legs, clock)
