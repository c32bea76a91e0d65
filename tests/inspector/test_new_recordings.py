"""Starting the three legs begins a new recording. A single leg continues the existing one."""

from pathlib import Path

import pytest
import requests
from world.processes import Running, running, running_legs

pytestmark = pytest.mark.processes


def start_a_flow(legs: Running) -> None:
    """Start a flow, so that messages are recorded."""
    assert requests.get(f"{legs.client_app_url}/connect", timeout=10).status_code == 200


def has_recorded(legs: Running) -> bool:
    """Return whether the inspector shows any message."""
    page = requests.get(f"{legs.client_app_url}/inspector", timeout=10).text
    return "No messages are recorded yet" not in page


def test_starting_the_three_legs_begins_an_empty_recording(tmp_path: Path) -> None:
    with running_legs(tmp_path) as legs:
        start_a_flow(legs)
        assert has_recorded(legs)

    with running_legs(tmp_path) as legs:
        assert not has_recorded(legs)


def test_restarting_one_leg_keeps_the_recording(tmp_path: Path) -> None:
    with running_legs(tmp_path) as legs:
        start_a_flow(legs)

    with running("app.py", "client-app", env=legs.env, log=tmp_path / "again.txt") as again:
        again.wait_until_ready(again.client_app_url)

        assert has_recorded(again)
