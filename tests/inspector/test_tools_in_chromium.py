"""In a real browser, a value is revealed and a message is sent again, on a desk and on a phone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect
from world.chromium import launched_chromium
from world.processes import Running, running_legs

from inspector.record.store import Store
from tests.inspector.sealed_values import recorded

pytestmark = pytest.mark.processes

WIDTHS = {"desk": 1280, "phone": 390}


@pytest.fixture(scope="module")
def legs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Start the three legs as processes."""
    with running_legs(tmp_path_factory.mktemp("legs")) as legs:
        yield legs


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """Start a real browser."""
    with launched_chromium() as chromium:
        yield chromium


@pytest.fixture(params=list(WIDTHS.values()), ids=list(WIDTHS))
def connected(request: pytest.FixtureRequest, chromium: Chromium, legs: Running) -> Iterator[Page]:
    """Connect as Alice in a new window of this width, and open the inspector."""
    size = {"width": request.param, "height": 800}
    with chromium.new_context(base_url=legs.client_app_url, viewport=size) as window:  # type: ignore[arg-type]
        tab = window.new_page()
        tab.goto("/connect")
        tab.get_by_label("Username").fill("alice")
        tab.get_by_label("Password").fill("wonderland")
        tab.get_by_role("button", name="Sign in").click()
        expect(tab.get_by_role("heading", level=1)).not_to_contain_text("Sign in")
        if tab.get_by_role("button", name="Allow").count():
            tab.get_by_role("button", name="Allow").click()
        expect(tab.get_by_role("heading", level=1)).to_contain_text("Alice")
        yield tab


def open_message(tab: Page, legs: Running, path: str) -> None:
    """Open the newest message with this path."""
    store = Store(Path(legs.env["TRIPOD_INSTANCE_PATH"]) / "inspector.db")
    tab.goto(f"/inspector?exchange={recorded(store, path).id}")


def is_too_wide(tab: Page) -> bool:
    """Return whether the page scrolls sideways."""
    return bool(
        tab.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    )


def test_a_redeemed_code_is_revealed_and_a_live_token_is_not(
    connected: Page, legs: Running
) -> None:
    open_message(connected, legs, "/callback")
    connected.locator("[open] .sealed button").first.click()
    heading = connected.get_by_role("heading", level=1)
    expect(heading).to_have_text("Revealed: the code")
    code = connected.locator("#revealed").inner_text()
    assert len(code) >= 40
    assert code not in connected.url
    assert not is_too_wide(connected)

    connected.get_by_role("link", name="Back to the message").click()
    expect(connected.locator("details[open] .sealed")).to_be_visible()
    assert code not in connected.content()

    open_message(connected, legs, "/oauth/token")
    connected.locator("[open]").get_by_role("button", name="Reveal the access token").click()
    expect(heading).to_have_text("This access token stays masked")
    assert not is_too_wide(connected)


def test_a_code_that_is_sent_again_ends_the_grant(connected: Page, legs: Running) -> None:
    open_message(connected, legs, "/oauth/token")
    connected.locator("[open] a", has_text="Send again").click()
    expect(connected.get_by_label("code", exact=True)).to_have_value(re.compile("•{8}~"))
    assert not is_too_wide(connected)
    connected.get_by_role("button", name="Send").click()

    expect(connected.get_by_role("heading", level=1)).to_have_text("The message was sent again")
    expect(connected.locator("main")).to_contain_text("The grant ended: a code was used twice.")
    assert not is_too_wide(connected)

    connected.goto("/photos")
    expect(connected.locator("main")).not_to_contain_text("Alice’s album")
