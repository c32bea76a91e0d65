"""Fixtures for the lab against the three legs in this process, with a clock that tests control."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest
import requests
from world.clock import Clock, turnable_clock
from world.fixtures import Stage as Prepared
from world.hashing import cheap_hashing
from world.legs import Legs, copy_of

from inspector.lab.attack import Attack
from inspector.lab.outcome import Failure, Outcome, to_document
from inspector.lab.proxy import Proxy
from inspector.lab.run import run_all
from inspector.lab.stage import Addresses, Stage
from inspector.record.store import Store
from tests.inspector.conftest import add_inspector, record


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


class Run(NamedTuple):
    """A run of all attacks that has ended, with its outcomes by attack."""

    legs: Legs
    watched: Store
    outcomes: dict[str, Outcome | Failure]


@pytest.fixture(scope="module")
def complete_run(stage: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Run all attacks once, for the tests of a module that only look at what they left behind."""
    outcomes: dict[str, Outcome | Failure] = {}
    with turnable_clock() as clock, cheap_hashing():
        legs = Legs(copy_of(stage.instance_path, tmp_path_factory.mktemp("run") / "instance"))
        watched = record(legs)
        add_inspector(legs)

        def report(attack: Attack, outcome: Outcome | Failure) -> None:
            outcomes[attack.slug] = outcome
            watched.save_result(attack.slug, to_document(outcome))

        run_all(stage_for(legs, clock), report)
    yield Run(legs, watched, outcomes)
    legs.close()


@pytest.fixture
def lab(clock: Clock, legs: Legs) -> Stage:
    """Return the stage of a run."""
    return stage_for(legs, clock)
