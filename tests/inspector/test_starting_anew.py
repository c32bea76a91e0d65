"""A start of the three legs begins a new recording; a leg that is added to others goes on with theirs."""

from pathlib import Path

import pytest
import requests
from support.processes import Running, running, running_legs

pytestmark = pytest.mark.processes


def begin_a_round_trip(legs: Running) -> None:
    """Something to record."""
    assert requests.get(f"{legs.client_app_url}/connect", timeout=10).status_code == 200


def has_recorded(legs: Running) -> bool:
    page = requests.get(f"{legs.client_app_url}/inspector", timeout=10).text
    return "Nothing recorded yet" not in page


def test_the_next_start_begins_with_nothing(tmp_path: Path) -> None:
    with running_legs(tmp_path) as legs:
        begin_a_round_trip(legs)
        assert has_recorded(legs)

    with running_legs(tmp_path) as legs:
        assert not has_recorded(legs)


def test_one_leg_that_starts_again_forgets_nothing(tmp_path: Path) -> None:
    with running_legs(tmp_path) as legs:
        begin_a_round_trip(legs)

    with running("app.py", "client-app", env=legs.env, log=tmp_path / "again.txt") as again:
        again.wait_until_ready(again.client_app_url)

        assert has_recorded(again)
