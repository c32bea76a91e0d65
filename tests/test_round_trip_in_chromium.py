"""In a real browser, at two widths: how a round trip starts, step mode, and the album."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, Response, StorageState, expect
from world.chromium import launched_chromium
from world.processes import Running

pytestmark = pytest.mark.processes

STEP = re.compile("/inspector/step/")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """Start a real browser."""
    with launched_chromium() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def cookies(chromium: Chromium, legs_on_ports: Running) -> StorageState:
    """Return the cookies of a browser in which Alice is connected."""
    context = chromium.new_context(base_url=legs_on_ports.client_app_url)
    connect(context.new_page())
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(params=[(1280, True), (390, False)], ids=["1280 with scripts", "390 without"])
def page(
    request: pytest.FixtureRequest, chromium: Chromium, legs_on_ports: Running
) -> Iterator[Page]:
    """Return a browser without cookies, with scripts at one width and without at the other."""
    width, has_scripts = request.param
    context = chromium.new_context(
        base_url=legs_on_ports.client_app_url,
        viewport={"width": width, "height": 800},
        java_script_enabled=has_scripts,
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def album(page: Page, cookies: StorageState) -> Page:
    """Return the browser at the album of Alice."""
    page.context.add_cookies(cookies.get("cookies", []))  # type: ignore[arg-type]
    page.goto("/photos")
    return page


def answer(page: Page) -> None:
    """Sign in as Alice and allow, where Tripod ID asks for it."""
    if page.get_by_label("Password").count():
        page.get_by_label("Username").fill("alice")
        page.get_by_label("Password").fill("wonderland")
        page.get_by_role("button", name="Sign in").click()
    if page.get_by_role("button", name="Allow").count():
        page.get_by_role("button", name="Allow").click()


def connect(page: Page) -> None:
    """Connect, and allow changes."""
    page.goto("/connect?scope=profile+photos:read+photos:write")
    answer(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Alice’s album")


def start(page: Page, way: str) -> None:
    """Start a round trip at the inspector."""
    page.goto("/inspector")
    page.get_by_text("New round trip").click()
    page.get_by_role("link", name=way).click()


def is_as_wide_as_the_window(page: Page) -> bool:
    """Return whether the page does not scroll sideways."""
    box = page.locator("html").bounding_box()
    return box is not None and box["width"] <= (page.viewport_size or {"width": 0})["width"]


def test_a_round_trip_starts_in_three_ways_and_returns_to_the_inspector(page: Page) -> None:
    connect(page)
    start(page, "Silent")
    expect(page).to_have_url(re.compile("/inspector$"))
    expect(page.get_by_text("You were already signed in at Tripod ID. You allowed")).to_be_visible()

    start(page, "Consent only")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Let Print Shop")
    answer(page)
    expect(page.get_by_text("You were already signed in at Tripod ID.")).to_be_visible()
    expect(page.get_by_text("You allowed this on")).to_have_count(0)

    start(page, "With sign-in and consent")
    expect(page.get_by_label("Password")).to_be_visible()
    answer(page)
    expect(page).to_have_url(re.compile("/inspector$"))
    expect(page.get_by_text("You were already signed in")).to_have_count(0)
    assert is_as_wide_as_the_window(page)


def test_step_mode_walks_through_the_flow(page: Page, legs_on_ports: Running) -> None:
    received: list[bytes] = []
    page.on("response", lambda response: received.append(content_of(response)))
    page.goto("/inspector")
    page.get_by_text("New round trip").click()
    page.get_by_role("button", name="Turn step mode on").click()
    page.goto("/connect")
    headings = []
    while STEP.search(page.url):
        headings.append(page.get_by_role("heading", level=1).inner_text())
        expect(page.locator(".lines li").last).to_have_attribute("aria-current", "step")
        assert is_as_wide_as_the_window(page)
        assert "code=" not in page.url
        page.get_by_role("button", name="Send", exact=True).click()
        answer(page)

    expect(page).to_have_url(re.compile("/photos$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Alice’s album")
    assert headings[-4:] == [
        "Print Shop asks for access",
        "Print Shop redeems the code",
        "Print Shop calls Photo API",
        "Print Shop calls Photo API",
    ]
    secret = Path(legs_on_ports.env["TRIPOD_INSTANCE_PATH"]) / "client_secret"
    assert len(received) >= 4
    assert secret.read_text().strip().encode() not in b"".join(received)


def content_of(response: Response) -> bytes:
    """Return the body of a step's page, or nothing."""
    if response.status != 200 or not STEP.search(response.url):
        return b""
    return response.body()


def test_the_order_bar_is_shown_when_a_photo_is_chosen(album: Page) -> None:
    """On a phone, the card of the connection comes after the photos."""
    card, last = album.locator("aside").bounding_box(), album.locator(".photo").last.bounding_box()
    assert card is not None
    assert last is not None
    is_phone = (album.viewport_size or {"width": 0})["width"] == 390
    assert (card["y"] > last["y"]) == is_phone
    bar, first = album.locator("#order-bar"), album.get_by_role("checkbox").first
    expect(bar).to_be_hidden()
    first.check()
    expect(bar).to_be_visible()
    expect(bar.get_by_text("chosen")).to_be_visible()
    first.uncheck()
    expect(bar).to_be_hidden()


def test_the_order_bar_covers_nothing_after_an_error(album: Page) -> None:
    album.get_by_role("checkbox").first.check()
    album.get_by_label("Copies").fill("0")
    album.locator("#copies").evaluate("field => field.removeAttribute('min')")
    album.get_by_role("button", name="Order prints").click()
    expect(album.get_by_role("alert")).to_contain_text("Copies of each must be a number")
    expect(album.locator("#order-bar")).to_have_css("position", "static")


def test_an_order_sheet_can_be_printed(album: Page) -> None:
    album.get_by_role("checkbox").first.check()
    album.get_by_role("button", name="Order prints").click()
    button = album.get_by_role("button", name="Print", exact=True)
    has_scripts = album.locator("html.no-js").count() == 0
    expect(button).to_be_visible(visible=has_scripts)
    if has_scripts:
        album.evaluate("window.print = () => { document.title = 'printed'; }")
        button.click()
        expect(album).to_have_title("printed")
    album.emulate_media(media="print")
    for hidden in (".site-header", ".site-footer", ".notice", ".back"):
        expect(album.locator(hidden).first).to_be_hidden()
    expect(album.locator(".sheet")).to_be_visible()


def test_each_success_says_what_happened_and_links_to_its_messages(album: Page) -> None:
    album.get_by_text("Rename").first.click()
    album.get_by_role("button", name="Save").first.click()
    expect(album.get_by_role("status").get_by_text("The photo was renamed.")).to_be_visible()

    album.get_by_role("button", name="Refresh now").click()
    sentence = "New access token; the old refresh token is spent."
    expect(album.get_by_role("status").get_by_text(sentence)).to_be_visible()
    assert is_as_wide_as_the_window(album)

    album.get_by_role("link", name="See the two messages").click()
    opened = album.locator("details.message[open] > summary")
    expect(opened).to_contain_text("POST /oauth/token")
    expect(opened).to_be_in_viewport(ratio=1)
