"""The lab in a real browser, against three real servers."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect
from world.chromium import launched_chromium
from world.processes import Running, running_legs

from inspector.record.store import Store

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
    """Open the lab's page, and fail the test if a script raises an error."""
    context = chromium.new_context(base_url=legs.client_app_url)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    page = context.new_page()
    page.goto("/inspector/lab")
    yield page
    context.close()
    assert errors == []


@pytest.fixture
def run_elsewhere(chromium: Chromium, legs: Running) -> Iterator[Callable[[str], None]]:
    """Return a function that runs an attack in another browser."""
    context = chromium.new_context(base_url=legs.client_app_url, java_script_enabled=False)
    page = context.new_page()

    def run(slug: str) -> None:
        page.goto("/inspector/lab")
        page.locator(f"#run-{slug}").click()
        page.wait_for_url(f"**/inspector/lab#{slug}")

    yield run
    context.close()


def test_run_all_shows_each_result_live(lab: Page) -> None:
    lab.get_by_role("button", name="Run all 24").click()

    expect(lab.get_by_role("status")).to_contain_text("23 run, 23 stopped", timeout=60_000)
    expect(lab.get_by_text("It got through.")).to_have_count(1)
    expect(lab.locator(".honest").get_by_text("It got through.")).to_be_visible()


def test_a_card_links_to_its_messages_and_its_check(lab: Page) -> None:
    card = lab.locator("#code-replay")
    card.get_by_role("button", name="Run").click()
    expect(card.get_by_text("Tripod ID refused it.")).to_be_visible()
    expect(card.get_by_text("code was redeemed before")).to_be_visible()

    card.get_by_role("link", name="See the messages").click()
    expect(lab.locator(".flows summary")).to_contain_text("Use a code twice")
    expect(
        lab.locator("details.message[open]").get_by_text("The attacker", exact=True)
    ).to_be_visible()
    expect(lab.locator(".sequence a.leg-danger").first).to_be_visible()

    lab.go_back()
    card.get_by_role("link", name="The code that stops it").click()
    expect(lab.get_by_text("def redeem_code(")).to_be_visible()


def test_the_attack_succeeds_on_the_plain_server(lab: Page) -> None:
    card = lab.locator("#forged-consent")
    card.get_by_role("button", name="Compare with a plain server").click()

    expect(card.get_by_text("It got through on a plain server")).to_be_visible()
    expect(card.get_by_role("link", name="web/form_tokens.py, line")).to_be_visible()


def test_an_unchanged_page_is_not_sent_again_to_the_script(lab: Page) -> None:
    with lab.expect_response(lambda response: response.status == 304) as response:
        pass

    assert response.value.url == lab.url
    assert response.value.request.resource_type == "fetch"


def test_new_results_keep_open_details_and_the_focus(
    lab: Page, legs: Running, run_elsewhere: Callable[[str], None]
) -> None:
    """The new result is stored directly, since a card has no details while its attack runs."""
    slug = "code-without-verifier"
    store = Store(Path(legs.env["TRIPOD_INSTANCE_PATH"]) / "inspector.db")
    card = lab.locator(f"#{slug}")
    run_elsewhere(slug)
    lab.reload()
    card.get_by_text("Request", exact=True).click()
    expect(card.locator("details")).to_have_attribute("open", "")
    lab.locator(f"#compare-{slug}").focus()

    store.save_result(slug, store.results()[slug] | {"consequence": "This is a newer result."})

    expect(card.get_by_text("This is a newer result.")).to_be_visible()
    expect(card.locator("details")).to_have_attribute("open", "")
    expect(lab.locator(f"#compare-{slug}")).to_be_focused()


def test_the_page_continues_after_a_server_failure(
    lab: Page, run_elsewhere: Callable[[str], None]
) -> None:
    with lab.expect_event("requestfailed"):
        lab.route("**/inspector/lab", lambda route: route.abort())
    lab.unroute("**/inspector/lab")

    run_elsewhere("mix-up")

    expect(lab.locator("#mix-up").get_by_text("Print Shop refused it.")).to_be_visible()


def test_a_second_run_is_rejected_and_the_page_stays_live(
    lab: Page, run_elsewhere: Callable[[str], None]
) -> None:
    """The first run is an attack that waits for seconds, so it is still running."""
    run_elsewhere("expired-access-token")
    lab.locator("#run-mix-up").click()

    expect(lab.get_by_text("Another run has not ended yet.")).to_be_visible()
    expect(
        lab.locator("#expired-access-token").get_by_text("Photo API refused it.")
    ).to_be_visible()


def test_without_javascript_an_attack_shows_its_result(chromium: Chromium, legs: Running) -> None:
    context = chromium.new_context(base_url=legs.client_app_url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/inspector/lab")
    page.locator("#pkce-none").get_by_role("button", name="Run").click()

    expect(page.locator("#pkce-none").get_by_text("Tripod ID refused it.")).to_be_visible()
    context.close()
