"""The lab in a real browser, against three real servers."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect
from support.chromium import launched_chromium
from support.processes import Running, running_legs

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def legs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_legs(tmp_path_factory.mktemp("legs"), TRIPOD_ACCESS_TOKEN_LIFETIME="3") as legs:
        yield legs


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with launched_chromium() as chromium:
        yield chromium


@pytest.fixture
def lab(chromium: Chromium, legs: Running) -> Iterator[Page]:
    """The lab's page, on which no script fails."""
    window = chromium.new_context(base_url=legs.client_app_url)
    errors: list[str] = []
    window.on("weberror", lambda error: errors.append(str(error.error)))
    page = window.new_page()
    page.goto("/inspector/lab")
    yield page
    window.close()
    assert errors == []


def test_run_all_shows_every_attack_stopped_as_it_happens(lab: Page) -> None:
    lab.get_by_role("button", name="Run all 24").click()

    expect(lab.get_by_role("status")).to_contain_text("23 run, 23 stopped", timeout=60_000)
    expect(lab.get_by_text("It got through.")).to_have_count(1)
    expect(lab.locator(".honest").get_by_text("It got through.")).to_be_visible()


def test_an_attack_leads_to_its_messages_and_to_the_lines_that_stop_it(lab: Page) -> None:
    card = lab.locator("#code-replay")
    card.get_by_role("button", name="Run").click()
    expect(card.get_by_text("Tripod ID refused.")).to_be_visible()
    expect(card.get_by_text("code was redeemed before")).to_be_visible()

    card.get_by_role("link", name="See the messages").click()
    expect(lab.get_by_text("Lab: code replay").first).to_be_visible()
    expect(lab.locator(".sequence a.leg-danger").first).to_be_visible()

    lab.go_back()
    card.get_by_role("link", name="The lines that stop it").click()
    expect(lab.get_by_text("def redeem_code(")).to_be_visible()


def test_a_plain_server_lets_through_what_these_lines_stop(lab: Page) -> None:
    card = lab.locator("#forged-consent")
    card.get_by_role("button", name="Compare with a plain server").click()

    expect(card.get_by_text("On a plain server it got through")).to_be_visible()
    expect(card.get_by_role("link", name="auth_server/__init__.py, line")).to_be_visible()


def test_without_javascript_an_attack_shows_its_outcome(chromium: Chromium, legs: Running) -> None:
    window = chromium.new_context(base_url=legs.client_app_url, java_script_enabled=False)
    page = window.new_page()
    page.goto("/inspector/lab")
    page.locator("#pkce-none").get_by_role("button", name="Run").click()

    expect(page.locator("#pkce-none").get_by_text("Tripod ID refused.")).to_be_visible()
    window.close()
