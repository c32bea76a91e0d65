"""The inspector in one tab, the flow in another, in a real browser: messages appear as they happen."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Locator, Page, expect
from support.chromium import launched_chromium
from support.processes import Running, running_legs

from inspector.store import Store

pytestmark = pytest.mark.processes

STEPS_OF_A_CONNECTION = ["A1", "A2", "A3", "A4", "A5", "A6", "A7", "T1", "T2", "R1", "R2", "R3"]


@pytest.fixture(scope="module")
def legs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_legs(tmp_path_factory.mktemp("legs")) as legs:
        yield legs


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with launched_chromium() as chromium:
        yield chromium


@pytest.fixture
def window(chromium: Chromium, legs: Running) -> Iterator[BrowserContext]:
    """A window with tabs; nothing has been recorded yet, and no script of a page fails in it."""
    window = chromium.new_context(base_url=legs.client_app_url)
    errors: list[str] = []
    window.on("weberror", lambda error: errors.append(str(error.error)))
    window.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    recording(legs).clear()
    yield window
    window.close()
    assert errors == []


def recording(legs: Running) -> Store:
    """What the legs share."""
    return Store(Path(legs.env["TRIPOD_INSTANCE_PATH"]) / "inspector.db")


def connect(tab: Page) -> None:
    """As alice, from the first click to the album."""
    tab.goto("/")
    tab.get_by_role("link", name="Connect your photos").click()
    tab.get_by_label("Username").fill("alice")
    tab.get_by_label("Password").fill("wonderland")
    tab.get_by_role("button", name="Sign in").click()
    if tab.get_by_role("button", name="Allow").count():
        tab.get_by_role("button", name="Allow").click()
    expect(tab.get_by_role("heading", level=1)).to_contain_text("Alice")


def arrow(tab: Page, label: str) -> Locator:
    return tab.locator(".sequence a.step").and_(tab.get_by_role("link", name=label)).first


def test_a_flow_in_one_tab_appears_in_the_other_as_it_happens(window: BrowserContext) -> None:
    inspector, shop = window.new_page(), window.new_page()
    inspector.goto("/inspector")
    expect(inspector.get_by_text("Nothing recorded yet")).to_be_visible()

    shop.goto("/connect")
    inspector.bring_to_front()
    expect(arrow(inspector, "A3: Tripod ID answers Browser")).to_be_visible()
    expect(arrow(inspector, "POST /oauth/token")).to_have_count(0)

    shop.bring_to_front()
    connect(shop)
    inspector.bring_to_front()

    expect(arrow(inspector, "R2: Photo API to Tripod ID, POST /oauth/introspect")).to_be_visible()
    for step in STEPS_OF_A_CONNECTION:
        expect(inspector.locator(".sequence .number", has_text=re.compile(f"^{step}$")).first).to_be_visible()


def test_a_message_opens_beside_the_diagram_and_stays_open_while_others_come(window: BrowserContext) -> None:
    inspector, shop = window.new_page(), window.new_page()
    connect(shop)
    inspector.goto("/inspector")
    inspector.bring_to_front()
    arrow(inspector, "R2: Photo API to Tripod ID, POST /oauth/introspect").click()
    opened = inspector.locator("details.message[open]")

    expect(opened).to_have_count(1)
    expect(opened.get_by_text("POST /oauth/introspect HTTP/1.1")).to_be_visible()
    expect(opened.get_by_text("Whether the token is good right now.")).to_be_visible()
    assert "message=" in inspector.url

    shop.bring_to_front()
    shop.get_by_role("button", name="Disconnect").click()
    inspector.bring_to_front()

    expect(arrow(inspector, "E1: Print Shop to Tripod ID, POST /oauth/revoke")).to_be_visible()
    expect(opened.get_by_text("POST /oauth/introspect HTTP/1.1")).to_be_visible()
    expect(inspector.get_by_text("The grant has ended, and with it its tokens: revoked by the client.")).to_be_visible()


def test_an_opened_message_stays_open_when_an_earlier_one_comes_in_late(window: BrowserContext, legs: Running) -> None:
    """A browser's request is recorded when it ends, after those that servers made meanwhile; then all numbers move on."""
    inspector = window.new_page()
    connect(window.new_page())
    inspector.goto("/inspector")
    inspector.bring_to_front()
    arrow(inspector, "R2: Photo API to Tripod ID, POST /oauth/introspect").click()
    opened, before = inspector.locator("details.message[open]"), inspector.url
    begin = next(one for one in recording(legs).exchanges() if one.path == "/connect")

    recording(legs).add(replace(begin, path="/late", started_at=begin.started_at - 1, ended_at=begin.started_at))

    expect(inspector.get_by_role("link", name="Browser to Print Shop, GET /late")).to_be_visible()
    expect(opened).to_have_count(1)
    expect(opened.get_by_text("POST /oauth/introspect HTTP/1.1")).to_be_visible()
    expect(inspector.locator(".step[aria-current]").first).to_have_attribute("aria-label", re.compile("introspect"))
    assert inspector.url != before
    inspector.reload()
    expect(opened.get_by_text("POST /oauth/introspect HTTP/1.1")).to_be_visible()


def test_the_keyboard_opens_a_message(window: BrowserContext) -> None:
    inspector, shop = window.new_page(), window.new_page()
    connect(shop)
    inspector.goto("/inspector")
    arrow(inspector, "T1: Print Shop to Tripod ID, POST /oauth/token").focus()
    inspector.keyboard.press("Enter")

    expect(inspector.locator("details.message[open]").get_by_text("POST /oauth/token HTTP/1.1")).to_be_visible()


def test_without_javascript_an_arrow_leads_to_its_message(chromium: Chromium, legs: Running) -> None:
    window = chromium.new_context(base_url=legs.client_app_url, java_script_enabled=False)
    tab = window.new_page()
    connect(tab)
    tab.goto("/inspector")
    arrow(tab, "T1: Print Shop to Tripod ID, POST /oauth/token").click()

    expect(tab.locator("details.message[open]").get_by_text("POST /oauth/token HTTP/1.1")).to_be_visible()
    window.close()


def test_on_a_phone_the_diagram_is_a_list(chromium: Chromium, legs: Running) -> None:
    window = chromium.new_context(base_url=legs.client_app_url, viewport={"width": 390, "height": 844})
    tab = window.new_page()
    connect(tab)
    tab.goto("/inspector")

    expect(tab.locator(".sequence")).to_be_hidden()
    tab.get_by_text("T1, T2 POST /oauth/token").click()
    expect(tab.locator("details.message[open]").get_by_text("POST /oauth/token HTTP/1.1")).to_be_visible()
    window.close()
