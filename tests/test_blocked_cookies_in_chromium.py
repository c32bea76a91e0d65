"""Chromium that blocks all cookies: each page names the cause and says what to do."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from world.chromium import ARGUMENTS, PROGRAM
from world.processes import Running

pytestmark = pytest.mark.processes

BLOCKED = {"profile": {"default_content_setting_values": {"cookies": 2}}}


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """Open a window of a browser whose settings block cookies."""
    if not PROGRAM.exists():
        pytest.skip(f"there is no {PROGRAM}: apt install chromium")
    preferences = tmp_path / "Default" / "Preferences"
    preferences.parent.mkdir()
    preferences.write_text(json.dumps(BLOCKED))
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path, executable_path=PROGRAM, args=ARGUMENTS
        )
        yield context.new_page()
        context.close()


def sign_in(page: Page) -> None:
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill("wonderland")
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_each_attempt_to_sign_in_says_what_to_do(page: Page, legs_on_ports: Running) -> None:
    page.goto(f"{legs_on_ports.client_app_url}/connect")
    for _ in range(2):
        sign_in(page)
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("Your browser did not send our cookie")
        expect(alert).to_contain_text(f"Allow cookies for {legs_on_ports.auth_server_url}")

    assert page.context.cookies() == []


def test_the_callback_says_what_to_do(page: Page, legs_on_ports: Running) -> None:
    page.goto(f"{legs_on_ports.client_app_url}/callback?code=c&state=s")

    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Your browser did not send our cookie"
    )
    expect(page.get_by_text(f"Allow cookies for {legs_on_ports.client_app_url}")).to_be_visible()
