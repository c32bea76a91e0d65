"""Tripod ID and the header of every page in a real browser, on a desk and on a phone."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page, expect
from world.chromium import launched_chromium
from world.processes import Running, free_ports

pytestmark = pytest.mark.processes

DESK, PHONE = 1280, 390
MENU = ["Connected apps", "Activity", "Password", "Developer"]
BACKGROUND = "getComputedStyle(document.body).backgroundColor"
LIGHT, DARK = "rgb(250, 250, 251)", "rgb(13, 14, 18)"
#: The links and buttons of the header that stick out of the window or are covered.
CUT_OFF = """() => [...document.querySelectorAll(".site-header a, .site-header button")]
    .filter(node => node.checkVisibility())
    .filter(node => {
        const {left, right, top, bottom} = node.getBoundingClientRect();
        const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
        return left < 0 || right > innerWidth || !node.contains(hit);
    }).map(node => node.textContent.trim())"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with launched_chromium() as chromium:
        yield chromium


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def context(chromium: Chromium, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport={"width": request.param, "height": 800})
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def sign_in(page: Page, legs: Running, username: str = "alice", path: str = "/") -> None:
    passwords = {"alice": "wonderland", "bob": "builder"}
    page.goto(f"{legs.auth_server_url}/login?next={path}")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(passwords[username])
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_every_page_shows_the_user_a_menu_and_sign_out(page: Page, legs_on_ports: Running) -> None:
    """The page of a wrong address keeps them, and nothing of the header is cut off."""
    sign_in(page, legs_on_ports)
    for path in ("/", "/account/activity", "/developer/connect", "/nowhere"):
        page.goto(legs_on_ports.auth_server_url + path)
        menu = page.get_by_role("navigation", name="Tripod ID")

        expect(menu.get_by_role("link")).to_have_text(MENU)
        expect(page.get_by_text("Signed in as Alice Liddell (alice)")).to_be_visible()
        assert page.evaluate(CUT_OFF) == [], path

    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This is Tripod ID")


def test_the_three_sites_are_labelled(page: Page, legs_on_ports: Running) -> None:
    for url in legs_on_ports.urls:
        page.goto(url)
        names = page.get_by_role("list", name="The three sites").locator(".name")

        expect(names).to_have_text(["Print Shop", "Tripod ID", "Photo API"])
        for name in names.all():
            expect(name).to_be_visible()
        assert page.evaluate(CUT_OFF) == [], url


def choose(page: Page, theme: str) -> None:
    page.get_by_text("Theme", exact=True).click()
    with page.expect_response("**/theme"):
        page.get_by_role("button", name=theme).click()


def test_a_theme_is_chosen_for_all_three_sites(page: Page, legs_on_ports: Running) -> None:
    """The page changes at once, without being loaded again."""
    page.emulate_media(color_scheme="light")
    page.goto(legs_on_ports.client_app_url)
    before = page.evaluate(BACKGROUND)
    page.evaluate("window.isTheSamePage = true")
    choose(page, "Dark")

    assert (before, page.evaluate(BACKGROUND)) == (LIGHT, DARK)
    assert page.evaluate("window.isTheSamePage")
    for url in legs_on_ports.urls:
        page.goto(url)
        assert page.evaluate(BACKGROUND) == DARK, url
    choose(page, "System")
    assert page.evaluate(BACKGROUND) == LIGHT


def test_a_light_page_on_a_dark_system_can_be_chosen_without_javascript(
    chromium: Chromium, legs_on_ports: Running
) -> None:
    context = chromium.new_context(java_script_enabled=False, color_scheme="dark")
    page = context.new_page()
    page.goto(f"{legs_on_ports.auth_server_url}/login?next=/account/apps")
    page.get_by_text("Theme", exact=True).click()
    page.get_by_role("button", name="Light").click()

    expect(page).to_have_url(f"{legs_on_ports.auth_server_url}/login?next=/account/apps")
    expect(page.locator("html")).to_have_css("color-scheme", "light")
    expect(page.locator("body")).to_have_css("background-color", LIGHT)
    context.close()


def test_removing_an_app_can_be_cancelled(page: Page, legs_on_ports: Running) -> None:
    sign_in(page, legs_on_ports)
    page.goto(f"{legs_on_ports.client_app_url}/connect")
    allow = page.get_by_role("button", name="Allow")
    if allow.count():
        allow.click()
    page.goto(f"{legs_on_ports.auth_server_url}/account/apps")
    page.get_by_role("button", name="Remove access of Print Shop").click()
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("link", name="Sign out and remove all apps").click()
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("button", name="Remove access of Print Shop").click()
    page.get_by_role("button", name="Remove access").click()

    expect(page.get_by_role("status")).to_contain_text("You removed Print Shop’s access.")


def test_a_page_for_one_scope_does_not_offer_to_untick(page: Page, legs_on_ports: Running) -> None:
    sign_in(page, legs_on_ports, "bob")
    page.goto(f"{legs_on_ports.client_app_url}/connect?scope=profile")
    expect(page.get_by_text("You decide whether it may do this.")).to_be_visible()
    expect(page.get_by_text("Untick")).to_have_count(0)

    page.goto(f"{legs_on_ports.client_app_url}/connect?scope=profile+photos:read")
    expect(page.get_by_text("Untick anything that you do not want to allow.")).to_be_visible()


def test_a_program_for_developers_receives_the_browser(
    page: Page, legs_on_ports: Running, tmp_path: Path
) -> None:
    """The program is copied from the page, and ends with the title of a photo."""
    sign_in(page, legs_on_ports, path="/developer/apps/new")
    page.get_by_label("Name").fill("A listener")
    page.get_by_label("Redirect URIs").fill("http://127.0.0.1:{}/back".format(*free_ports(1)))
    page.get_by_label("See your photos").check()
    page.get_by_role("button", name="Register").click()
    (tmp_path / "program.py").write_text(page.locator("#snippet-authlib").text_content() or "")
    with subprocess.Popen(
        [sys.executable, "-u", "program.py"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout
        page.goto(program.stdout.readline().removeprefix("Open ").strip())
        page.get_by_role("button", name="Allow").click()
        expect(page.get_by_text("You can close this page.")).to_be_visible()
        output = program.stdout.read()

    assert program.returncode == 0
    assert output.startswith("Your newest photo: ")


def test_a_wrong_password_is_listed_in_the_activity(page: Page, legs_on_ports: Running) -> None:
    page.goto(f"{legs_on_ports.auth_server_url}/login?next=/account/activity")
    for password in ("a guess", "builder"):
        page.get_by_label("Username").fill("bob")
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in", exact=True).click()

    failure = page.get_by_role("listitem").filter(has_text="Someone typed a wrong password")
    expect(failure.first).to_contain_text("from 127.0.0.1")
