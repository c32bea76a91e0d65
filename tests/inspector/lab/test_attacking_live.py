"""The lab in a real browser, against three real servers."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Locator, Page, expect
from world.chromium import launched_chromium
from world.processes import Running, running_legs

from inspector.record.store import Store

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def legs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Serve the demo, whose access tokens live for two minutes."""
    with running_legs(tmp_path_factory.mktemp("legs")) as legs:
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
        page.goto(f"/inspector/lab?attack={slug}")
        page.locator(f"#run-{slug}").click()
        page.wait_for_url(f"**/inspector/lab?attack={slug}#{slug}")

    yield run
    context.close()


def open_attack(lab: Page, title: str) -> Locator:
    """Open the attack in the table, and return what it shows."""
    link = lab.get_by_role("link", name=title, exact=True)
    link.click()
    expect(link).to_have_attribute("aria-expanded", "true")
    return lab.locator("tr.details")


def test_run_all_fills_the_table_in_place(lab: Page) -> None:
    """The attack that waits has servers of its own, so nothing waits for two minutes."""
    lab.get_by_role("button", name="Run all and compare").click()

    expect(lab.get_by_role("progressbar")).to_be_visible()
    expect(lab.get_by_role("status")).to_contain_text(" left.")
    expect(lab.get_by_role("status")).to_contain_text(
        "29 of 29 attacks run: 28 stopped, 1 got through.", timeout=90_000
    )
    expect(lab.get_by_role("progressbar")).to_have_count(0)
    expect(lab.locator("td:nth-child(2) .verdict.stopped")).to_have_count(28)
    expect(lab.locator("td:nth-child(2) .verdict.through")).to_have_count(1)
    expect(lab.locator("td:nth-child(3) .verdict.stopped")).to_have_count(14)
    expect(lab.locator("td:nth-child(3) .verdict.through")).to_have_count(5)
    shown = open_attack(lab, "Use an expired access token")
    expect(shown.get_by_role("region", name="What was sent")).to_contain_text("GET /photos")
    expect(shown.get_by_text("the access token has expired", exact=True)).to_be_visible()


@pytest.mark.parametrize(("width", "height"), [(1280, 2450), (390, 4100)])
def test_the_whole_table_fits_the_window(lab: Page, width: int, height: int) -> None:
    lab.set_viewport_size({"width": width, "height": 800})

    page_size = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    assert lab.evaluate(page_size)[0] <= width
    assert lab.evaluate(page_size)[1] < height
    expect(lab.get_by_role("img", name="Mallory attacks Print Shop with 7")).to_be_visible()
    for name in ("Attack", "This server", "Authlib’s defaults"):
        expect(lab.get_by_role("columnheader", name=name)).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_an_open_attack_shows_what_was_sent_and_the_answer(
    lab: Page, width: int, run_elsewhere: Callable[[str], None]
) -> None:
    run_elsewhere("code-without-verifier")
    lab.set_viewport_size({"width": width, "height": 800})
    shown = open_attack(lab, "Redeem a stolen code without its verifier")

    sent = shown.get_by_role("region", name="What was sent")
    answer = shown.get_by_role("region", name="The answer")
    expect(sent).to_contain_text("grant_type=authorization_code")
    expect(answer).to_contain_text('"error": "invalid_grant"')
    first, second = sent.bounding_box(), answer.bounding_box()
    assert first
    assert second
    is_beside = first["x"] + first["width"] <= second["x"]
    assert is_beside == (width == 1280)
    assert lab.evaluate("document.documentElement.scrollWidth") <= width


def test_an_opened_row_stays_where_it_is_while_another_one_closes(lab: Page) -> None:
    open_attack(lab, "Use a code twice")
    row = lab.locator("#mix-up")
    row.scroll_into_view_if_needed()
    before = row.bounding_box()

    open_attack(lab, "Mix up the authorization servers")

    expect(lab.locator("#open-code-replay")).to_have_attribute("aria-expanded", "false")
    after = row.bounding_box()
    assert before
    assert after
    assert abs(before["y"] - after["y"]) <= 1
    lab.go_back()
    expect(lab.locator("#open-code-replay")).to_have_attribute("aria-expanded", "true")


def test_an_attack_links_to_its_messages_and_its_check(lab: Page) -> None:
    shown = open_attack(lab, "Use a code twice")
    shown.get_by_role("button", name="Run").click()
    expect(shown.get_by_text("Tripod ID refused it")).to_be_visible()
    expect(shown.get_by_text("code was redeemed before")).to_be_visible()

    to_messages = shown.get_by_role("link", name="See the messages")
    expect(to_messages).to_have_attribute("href", re.compile("#exchange-"))
    to_messages.click()
    expect(lab.locator(".flows summary")).to_contain_text("Use a code twice")
    expect(
        lab.locator("details.message[open]").get_by_text("The attacker", exact=True)
    ).to_be_visible()
    expect(lab.locator(".sequence a.leg-danger").first).to_be_visible()

    lab.go_back()
    shown.get_by_role("link", name="The code that stops it").click()
    expect(lab.get_by_text("def redeem_code(")).to_be_visible()
    lab.get_by_role("link", name="Back to “Use a code twice”").click()
    expect(shown.get_by_text("Tripod ID refused it")).to_be_visible()


def test_the_attack_succeeds_on_the_plain_server(lab: Page) -> None:
    shown = open_attack(lab, "Forge the consent from another site")
    shown.get_by_role("button", name="Run").click()

    expect(lab.locator("#forged-consent .verdict")).to_have_text(["Stopped", "Got through"])
    expect(shown.get_by_role("link", name="web/form_tokens.py, line")).to_be_visible()


def test_an_unchanged_page_is_not_sent_again_to_the_script(lab: Page) -> None:
    with lab.expect_response(lambda response: response.status == 304) as response:
        pass

    assert response.value.url == lab.url
    assert response.value.request.resource_type == "fetch"


def test_new_results_keep_the_focus(
    lab: Page, legs: Running, run_elsewhere: Callable[[str], None]
) -> None:
    slug = "code-without-verifier"
    store = Store(Path(legs.env["TRIPOD_INSTANCE_PATH"]) / "inspector.db")
    run_elsewhere(slug)
    shown = open_attack(lab, "Redeem a stolen code without its verifier")
    lab.locator(f"#run-{slug}").focus()

    store.save_result(slug, store.results()[slug] | {"consequence": "This is a newer result."})

    expect(shown.get_by_text("This is a newer result.")).to_be_visible()
    expect(lab.locator(f"#run-{slug}")).to_be_focused()


def test_the_page_continues_after_a_server_failure(
    lab: Page, run_elsewhere: Callable[[str], None]
) -> None:
    with lab.expect_event("requestfailed"):
        lab.route("**/inspector/lab", lambda route: route.abort())
    lab.unroute("**/inspector/lab")

    run_elsewhere("mix-up")

    expect(lab.locator("#mix-up .verdict.stopped")).to_be_visible()


def test_without_javascript_the_page_reloads_itself_until_the_run_has_ended(
    chromium: Chromium, legs: Running
) -> None:
    context = chromium.new_context(base_url=legs.client_app_url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/inspector/lab?attack=expired-access-token")
    page.locator("#run-expired-access-token").click()
    expect(page.get_by_text("It is running.")).to_be_visible()

    expect(page.get_by_text("Photo API refused it")).to_be_visible(timeout=90_000)
    context.close()
