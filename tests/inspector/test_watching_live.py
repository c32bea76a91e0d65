"""In a real browser, the inspector in one tab shows the messages of a flow in another tab."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Locator, Page, Request, Response, Route, expect
from world.chromium import launched_chromium
from world.processes import Running, running_legs

from inspector.record.exchange import Exchange
from inspector.record.store import Store
from tests.inspector.exchanges import exchange

pytestmark = pytest.mark.processes

STEPS_OF_A_CONNECTION = ["A1", "A2", "A3", "A4", "A5", "A6", "A7", "T1", "T2", "R1", "R2", "R3"]


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


@pytest.fixture
def window(chromium: Chromium, legs: Running) -> Iterator[BrowserContext]:
    """Clear the recording and open a window. The test fails if a script fails."""
    window = chromium.new_context(base_url=legs.client_app_url)
    errors: list[str] = []
    window.on("weberror", lambda error: errors.append(str(error.error)))
    window.on(
        "console", lambda message: errors.append(message.text) if message.type == "error" else None
    )
    open_recording(legs).clear()
    yield window
    window.close()
    assert errors == []


def open_recording(legs: Running) -> Store:
    """Open the recording of the legs."""
    return Store(Path(legs.env["TRIPOD_INSTANCE_PATH"]) / "inspector.db")


def connect(tab: Page) -> None:
    """Connect as Alice, and wait for the album."""
    tab.goto("/")
    tab.get_by_role("link", name="Connect your photos").click()
    tab.get_by_label("Username").fill("alice")
    tab.get_by_label("Password").fill("wonderland")
    tab.get_by_role("button", name="Sign in").click()
    heading = tab.get_by_role("heading", level=1)
    expect(heading).not_to_contain_text("Sign in")
    if tab.get_by_role("button", name="Allow").count():
        tab.get_by_role("button", name="Allow").click()
    expect(heading).to_contain_text("Alice")


@pytest.fixture
def inspector(window: BrowserContext) -> Page:
    """Record a flow, and return the front tab, which shows the inspector."""
    connect(window.new_page())
    inspector = window.new_page()
    inspector.goto("/inspector")
    inspector.bring_to_front()
    return inspector


def arrow(tab: Page, label: str) -> Locator:
    """Return the first arrow of the diagram with this label."""
    return tab.locator(".sequence a.step").and_(tab.get_by_role("link", name=label)).first


INTROSPECTION = "Photo API to Tripod ID, POST /oauth/introspect"


def find_exchange(legs: Running, path: str) -> Exchange:
    """Return the first recorded exchange with this path."""
    return next(one for one in open_recording(legs).exchanges() if one.path == path)


def add(legs: Running, new: Exchange) -> None:
    """Add `new` to the recording."""
    store = open_recording(legs)
    store.add(new, store.run_id)


def add_late_request(legs: Running) -> None:
    """Add a request that began before all others, so that their numbers increase.

    This happens when a browser's request ends after its inner requests.
    """
    begin = find_exchange(legs, "/connect")
    late = replace(begin, path="/late", started_at=begin.started_at - 1, ended_at=begin.started_at)
    add(legs, late)


def shift_into_the_past(seconds: float, legs: Running) -> None:
    """Move the times of all exchanges into the past."""
    exchanges = open_recording(legs).exchanges()
    open_recording(legs).clear()
    for one in exchanges:
        earlier = replace(one, started_at=one.started_at - seconds, ended_at=one.ended_at - seconds)
        add(legs, earlier)


def record_newer_flow(legs: Running, client_id: str = "calendar") -> None:
    """Record a newer flow of another client."""
    began = find_exchange(legs, "/connect").ended_at + 60
    request = exchange(
        "auth_server", "GET /oauth/authorize", query=[("client_id", client_id)], ties=["state:new"]
    )
    add(legs, replace(request, started_at=began, ended_at=began + 1))


def test_a_flow_in_one_tab_appears_live_in_the_other(window: BrowserContext) -> None:
    inspector, shop = window.new_page(), window.new_page()
    inspector.goto("/inspector")
    expect(inspector.get_by_text("No messages are recorded yet")).to_be_visible()

    shop.goto("/connect")
    inspector.bring_to_front()
    expect(arrow(inspector, "A3: Tripod ID shows its login page")).to_be_visible()
    expect(arrow(inspector, "POST /oauth/token")).to_have_count(0)

    shop.bring_to_front()
    connect(shop)
    inspector.bring_to_front()

    expect(arrow(inspector, INTROSPECTION)).to_be_visible()
    for step in STEPS_OF_A_CONNECTION:
        expect(
            inspector.locator(".sequence .number", has_text=re.compile(f"^{step}$")).first
        ).to_be_visible()


def test_an_open_message_stays_open_while_new_ones_arrive(
    window: BrowserContext,
) -> None:
    inspector, shop = window.new_page(), window.new_page()
    connect(shop)
    inspector.goto("/inspector")
    inspector.bring_to_front()
    arrow(inspector, INTROSPECTION).click()
    opened = inspector.locator("details.message[open]")

    expect(opened).to_have_count(1)
    expect(opened.get_by_text("Photo API asks about the token")).to_be_visible()
    expect(opened.get_by_text("Whether the token works now.")).to_be_visible()
    assert "message=" in inspector.url

    shop.bring_to_front()
    shop.get_by_role("button", name="Disconnect").click()
    inspector.bring_to_front()

    expect(arrow(inspector, "E1: Print Shop revokes its token")).to_be_visible()
    expect(opened.get_by_text("Photo API asks about the token")).to_be_visible()
    expect(
        inspector.get_by_text("The grant has ended, and with it its tokens: the client revoked it.")
    ).to_be_visible()


def test_a_late_request_does_not_close_an_open_message(inspector: Page, legs: Running) -> None:
    arrow(inspector, INTROSPECTION).click()
    opened, before = inspector.locator("details.message[open]"), inspector.url

    add_late_request(legs)

    expect(inspector.get_by_role("link", name="Browser to Print Shop, GET /late")).to_be_visible()
    expect(opened).to_have_count(1)
    expect(opened.get_by_text("Photo API asks about the token")).to_be_visible()
    expect(inspector.locator(".step[aria-current]").first).to_have_attribute(
        "aria-label", re.compile("introspect")
    )
    assert inspector.url != before
    inspector.reload()
    expect(opened.get_by_text("Photo API asks about the token")).to_be_visible()


def test_an_opened_message_is_marked_focused_and_in_the_address(inspector: Page) -> None:
    """The script does this without a request."""
    inspector.route("**/inspector**", lambda route: route.abort("aborted"))
    arrow(inspector, INTROSPECTION).click()
    opened = inspector.locator("details.message[open]")

    expect(opened.locator("> summary")).to_be_focused()
    expect(arrow(inspector, INTROSPECTION)).to_have_attribute("aria-current", "true")
    number = opened.get_attribute("data-number")
    expect(inspector).to_have_url(
        re.compile(rf"/inspector\?flow=\d+&message={number}#message-{number}$")
    )
    marked = inspector.locator(".step[aria-current]").evaluate_all(
        "all => all.map(one => one.dataset.message)"
    )
    assert set(marked) == {number}


def test_an_opened_message_begins_at_the_top_of_its_panel(inspector: Page) -> None:
    inspector.set_viewport_size({"width": 1280, "height": 500})
    arrow(inspector, "T1: Print Shop redeems the code").click()
    inspector.locator(".panel").evaluate("panel => panel.scrollTop = panel.scrollHeight")

    inspector.locator(".sequence a.step").last.click()

    opened = inspector.locator("details.message[open]")
    expect(opened).to_have_count(1)
    expect(opened.locator("> summary")).to_be_in_viewport(ratio=1)


def test_the_arrow_of_the_opened_message_is_in_view(inspector: Page) -> None:
    """The page scrolls to it if the message is opened elsewhere, as with *Next*."""
    inspector.set_viewport_size({"width": 1280, "height": 800})
    arrow(inspector, "A1: The user starts").click()
    for number in range(2, 12):
        inspector.get_by_role("link", name="Next", exact=True).click()
        marked = inspector.locator(f".step[aria-current][data-message='{number}']").first
        expect(marked).to_be_in_viewport(ratio=1)
        expect(inspector.locator("[open] > summary")).to_be_in_viewport(ratio=1)
        assert is_below_the_heads(marked)


def test_the_focused_arrow_keeps_the_focus_when_numbers_change(
    inspector: Page, legs: Running
) -> None:
    arrow(inspector, INTROSPECTION).focus()

    add_late_request(legs)

    expect(inspector.get_by_role("link", name="Browser to Print Shop, GET /late")).to_be_visible()
    expect(arrow(inspector, INTROSPECTION)).to_be_focused()


def test_responses_are_empty_while_nothing_is_new(inspector: Page) -> None:
    with inspector.expect_event("response", is_not_modified) as response:
        pass

    assert response.value.request.headers["if-none-match"]


def is_not_modified(response: Response) -> bool:
    """Return whether the response says that the inspector's page is unchanged."""
    return response.status == 304 and "/inspector" in response.url


def test_the_page_continues_after_a_server_failure(inspector: Page, legs: Running) -> None:
    inspector.route("**/inspector**", lambda route: route.abort("aborted"))
    for _ in range(2):
        with inspector.expect_event("requestfailed"):
            pass
    inspector.unroute("**/inspector**")

    add_late_request(legs)

    expect(inspector.get_by_role("link", name="Browser to Print Shop, GET /late")).to_be_visible()


def test_the_newest_flow_is_shown_by_default(inspector: Page, legs: Running) -> None:
    record_newer_flow(legs)

    expect(arrow(inspector, "Browser to Tripod ID, GET /oauth/authorize")).to_be_visible()
    expect(inspector.get_by_text("There is a newer round trip")).to_have_count(0)


def test_a_new_flow_is_announced_without_closing_an_open_message(
    inspector: Page, legs: Running
) -> None:
    arrow(inspector, INTROSPECTION).click()
    opened = inspector.locator("details.message[open]")
    status_line = inspector.get_by_role("status")
    expect(inspector).to_have_url(re.compile("flow="))
    status_element = status_line.element_handle()

    record_newer_flow(legs)

    expect(status_line).to_contain_text("There is a newer round trip: calendar")
    # A screen reader announces a change only if the element stays the same.
    assert status_element.text_content() == status_line.text_content()
    expect(opened.get_by_text("Photo API asks about the token")).to_be_visible()
    expect(opened.locator("> summary")).to_be_focused()
    inspector.get_by_role("link", name="calendar").click()
    expect(arrow(inspector, "Browser to Tripod ID, GET /oauth/authorize")).to_be_visible()


def test_a_late_update_does_not_close_an_opened_message(inspector: Page, legs: Running) -> None:
    held: list[Route] = []
    inspector.route(re.compile("/inspector$"), lambda route: held.append(route))
    with inspector.expect_request(re.compile("/inspector$")):
        pass
    arrow(inspector, INTROSPECTION).click()
    expect(inspector).to_have_url(re.compile("flow="))
    record_newer_flow(legs)

    with inspector.expect_event("requestfinished", is_of_one_flow):
        for route in held:
            route.continue_()

    expect(inspector.get_by_role("status")).to_contain_text("There is a newer round trip")
    expect(inspector.locator("details.message[open] > summary")).to_be_focused()


def is_of_one_flow(request: Request) -> bool:
    """Return whether the request asks for one particular flow."""
    return "flow=" in request.url


def test_a_long_client_name_stays_above_its_lifeline(inspector: Page, legs: Running) -> None:
    name = "client-" + "W" * 80
    record_newer_flow(legs, name)
    head = inspector.locator(".lifelines li").nth(1)
    expect(head).to_contain_text(name)

    middle = head.evaluate(
        "li => { const { x, width } = li.getBoundingClientRect(); return x + width / 2 }"
    )
    lifeline = (
        inspector.locator(".sequence > .lifeline")
        .nth(1)
        .evaluate("line => line.getBoundingClientRect().x")
    )
    widths = head.locator("strong").evaluate(
        "strong => [strong.offsetWidth, strong.parentNode.offsetWidth]"
    )

    assert abs(middle - lifeline) < 2
    assert widths[0] <= widths[1]


def test_the_keyboard_opens_a_message(inspector: Page) -> None:
    arrow(inspector, "T1: Print Shop redeems the code").focus()
    inspector.keyboard.press("Enter")

    expect(
        inspector.locator("details.message[open]").get_by_text(
            "Print Shop redeems the code", exact=True
        )
    ).to_be_visible()


def test_without_javascript_an_arrow_links_to_its_message(
    chromium: Chromium, legs: Running
) -> None:
    window = chromium.new_context(base_url=legs.client_app_url, java_script_enabled=False)
    tab = window.new_page()
    connect(tab)
    tab.goto("/inspector")
    arrow(tab, "T1: Print Shop redeems the code").click()

    expect(
        tab.locator("details.message[open]").get_by_text("Print Shop redeems the code", exact=True)
    ).to_be_visible()
    window.close()


@pytest.mark.usefixtures("inspector")
def test_a_link_to_a_message_lands_on_it(chromium: Chromium, legs: Running) -> None:
    in_the_album = find_exchange(legs, "/me")
    for width, has_scripts in product((1280, 390), (True, False)):
        window = chromium.new_context(
            base_url=legs.client_app_url,
            viewport={"width": width, "height": 800},
            java_script_enabled=has_scripts,
        )
        tab = window.new_page()
        tab.goto(f"/inspector/request/{in_the_album.request_id}")

        opened = tab.locator("details.message[open] > summary")
        expect(opened).to_contain_text("Print Shop asks for the photos")
        expect(opened).to_be_in_viewport(ratio=1)
        assert is_below_the_heads(opened)
        if width == 1280 and has_scripts:
            expect(tab.locator(".step[aria-current]").first).to_be_in_viewport(ratio=1)
        window.close()


def is_below_the_heads(one: Locator) -> bool:
    """Return whether the heads of the parties, which stay in the window, do not cover it."""
    return bool(
        one.evaluate(
            """one => {
                const { x, y, width, height } = one.getBoundingClientRect();
                return one.contains(document.elementFromPoint(x + width / 2, y + height / 2));
            }"""
        )
    )


@pytest.fixture
def phone(chromium: Chromium, legs: Running) -> Iterator[Page]:
    """Record a flow, and return a tab of a phone's size, which shows the inspector."""
    window = chromium.new_context(
        base_url=legs.client_app_url, viewport={"width": 390, "height": 844}
    )
    tab = window.new_page()
    open_recording(legs).clear()
    connect(tab)
    tab.goto("/inspector")
    yield tab
    window.close()


def summary(phone: Page, text: str) -> Locator:
    """Return the row of the list with this text."""
    return phone.locator(".message > summary", has_text=text)


def test_on_a_phone_the_head_of_the_page_is_compact(phone: Page) -> None:
    """The title and the buttons are two rows. The bars that scroll fade at their right end."""
    head = phone.locator(".trip").bounding_box()
    assert head
    assert head["height"] < 100
    for bar in (".jump", ".views"):
        expect(phone.locator(bar)).to_have_css("mask-image", re.compile("linear-gradient"))


def test_on_a_phone_the_diagram_is_a_list(phone: Page) -> None:
    expect(phone.locator(".sequence")).to_be_hidden()
    summary(phone, "Print Shop redeems the code").click()
    expect(
        phone.locator("details.message[open]").get_by_text("The secret behind the challenge.")
    ).to_be_visible()


def test_on_a_phone_a_second_message_begins_in_view(phone: Page) -> None:
    """The first message, which is long, closes above it."""
    summary(phone, "Print Shop asks for access").click()
    summary(phone, "Print Shop redeems the code").click()

    opened = phone.locator("details.message[open]")
    expect(opened).to_have_count(1)
    expect(opened.locator("> summary")).to_be_in_viewport(ratio=1)


def show_timeline_of_the_past(phone: Page, legs: Running) -> Locator:
    """Return the timeline of a round trip 80 seconds ago, scrolled to the present moment."""
    shift_into_the_past(80, legs)
    phone.reload()
    timeline = phone.get_by_role("region", name="Token timeline")
    timeline.scroll_into_view_if_needed()
    expect(timeline.locator(".now-tag")).to_be_in_viewport(ratio=1)
    return timeline


def test_on_a_phone_the_timeline_shows_now_until_it_is_scrolled(phone: Page, legs: Running) -> None:
    timeline = show_timeline_of_the_past(phone, legs)
    assert timeline.evaluate("region => region.scrollLeft") > 0

    timeline.evaluate("region => region.scrollLeft = 0")
    before = timeline.locator(".now").get_attribute("x1")
    expect(timeline.locator(".now")).not_to_have_attribute("x1", before or "")

    assert timeline.evaluate("region => region.scrollLeft") == 0


def test_on_a_phone_the_timeline_shows_the_tokens_after_the_end(phone: Page, legs: Running) -> None:
    timeline = show_timeline_of_the_past(phone, legs)

    redeemed = find_exchange(legs, "/oauth/token")
    grant_id = next(filter(None, (event.get("grant_id") for event in redeemed.events)))
    ended = {"event": "grant_ended", "grant_id": grant_id, "reason": "replay"}
    add(legs, replace(redeemed, path="/oauth/revoke", events=[ended]))

    expect(phone.get_by_text("The grant has ended")).to_be_visible()
    expect(timeline.get_by_text("Access tokens")).to_be_in_viewport(ratio=1)
    expect(timeline.locator(".life.access").first).to_be_in_viewport()
    family = phone.get_by_role("region", name="Token family")
    assert family.evaluate("region => region.scrollWidth <= region.clientWidth")


def test_six_arrows_are_visible_without_scrolling(inspector: Page) -> None:
    inspector.set_viewport_size({"width": 1280, "height": 800})
    inspector.reload()

    bottoms = inspector.locator(".sequence a.step").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().bottom)"
    )

    assert len([bottom for bottom in bottoms if bottom <= 800]) >= 6


def is_uncovered(element: Locator) -> bool:
    """Return whether nothing lies over the middle of the element."""
    found: bool = element.evaluate(
        "one => { const box = one.getBoundingClientRect();"
        " return one === document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2) }"
    )
    return found


@pytest.mark.parametrize("width", [1280, 390])
def test_the_jump_bar_leads_to_each_phase(inspector: Page, width: int) -> None:
    inspector.set_viewport_size({"width": width, "height": 800})
    jump = inspector.get_by_role("navigation", name="Phases")
    for phase in ("3 Resource", "1 Authorization", "2 Token"):
        jump.get_by_role("link", name=phase).click()
        heading = inspector.locator(".sequence .phase, .phase-title").filter(visible=True)
        shown = heading.get_by_text(phase).or_(heading.filter(has_text=phase))
        expect(shown).to_be_in_viewport()
        assert is_uncovered(shown)
        inspector.evaluate("scrollTo(0, 0)")
    expect(jump.get_by_text("5 End")).to_be_visible()
    expect(jump.get_by_role("link", name="5 End")).to_have_count(0)


def lit_parties(inspector: Page) -> list[str]:
    """Return the names of the parties that are marked as sending."""
    return inspector.locator(".lifelines li").evaluate_all(
        "all => all.filter(one => getComputedStyle(one).boxShadow !== 'none')"
        ".map(one => one.querySelector('strong').textContent)"
    )


def test_the_party_that_sends_is_lit(inspector: Page) -> None:
    assert lit_parties(inspector) == []

    arrow(inspector, "T1: Print Shop redeems the code").click()
    inspector.mouse.move(0, 0)
    assert lit_parties(inspector) == ["Print Shop"]

    arrow(inspector, INTROSPECTION).hover()
    assert lit_parties(inspector) == ["Photo API"]


def test_an_update_never_sends_the_whole_page(inspector: Page, legs: Running) -> None:
    address = inspector.url
    inspector.goto("about:blank")  # The body of a response to a page that was left is lost.
    with inspector.expect_response(is_update) as first:
        inspector.goto(address)
    assert first.value.status == 304 or b"<!doctype" not in first.value.body()

    with inspector.expect_response(lambda one: is_update(one) and one.status == 200) as update:
        add_late_request(legs)

    expect(inspector.get_by_role("link", name="Browser to Print Shop, GET /late")).to_be_visible()
    assert b"<!doctype" not in update.value.body()


def is_update(response: Response) -> bool:
    """Return whether the page's script has requested this."""
    return response.request.resource_type == "fetch"


def test_the_numbers_of_many_round_trips_are_not_cut_off(inspector: Page, legs: Running) -> None:
    began = find_exchange(legs, "/connect").ended_at
    for n in range(11):
        request = exchange("auth_server", "GET /oauth/authorize", ties=[f"state:{n}"])
        add(legs, replace(request, started_at=began + 60 + n, ended_at=began + 61 + n))
    inspector.reload()
    inspector.locator(".flows summary").click()
    numbers = inspector.locator(".trips .ordinal")

    expect(numbers).to_have_text([str(n) for n in range(12, 0, -1)])
    left = inspector.locator(".trips").evaluate("list => list.getBoundingClientRect().left")
    assert all(box and box["x"] >= left for box in (one.bounding_box() for one in numbers.all()))


#: The beginning of what each step of the tour is about.
MARKED = (".lifelines", ":is(.sequence, .messages)", ".lifespan", "[open] > summary", ".views")


@pytest.mark.parametrize(
    ("width", "is_scripted"), [(1280, True), (390, False)], ids=["1280 with scripts", "390 without"]
)
def test_the_tour_has_five_steps_and_is_offered_once(
    chromium: Chromium, legs: Running, width: int, is_scripted: bool
) -> None:
    """Its card does not cover what it is about."""
    open_recording(legs).clear()
    window = chromium.new_context(
        base_url=legs.client_app_url,
        viewport={"width": width, "height": 800},
        java_script_enabled=is_scripted,
    )
    tab = window.new_page()
    connect(tab)
    tab.goto("/inspector")
    tab.get_by_role("link", name="Take the tour").click()
    for number, marked in enumerate(MARKED, 1):
        expect(tab.get_by_text(f"Step {number} of 5")).to_be_in_viewport()
        beginning = tab.locator(marked).locator("visible=true").first.bounding_box()
        card = tab.locator(".tour").bounding_box()
        assert beginning
        assert card
        assert 0 <= beginning["y"] <= card["y"] - min(beginning["height"], 50), number
        if number < 5:
            tab.get_by_role("link", name="Next", exact=True).last.click()
    tab.get_by_role("button", name="Done").click()

    expect(tab.get_by_role("heading", name="Inspector")).to_be_visible()
    expect(tab.get_by_text("Is this your first visit?")).to_have_count(0)
    expect(tab.get_by_role("link", name="Tour")).to_be_visible()
    window.close()


def test_a_round_trip_prints_on_two_pages(inspector: Page) -> None:
    assert count_printed_pages(inspector) <= 2


def test_the_exported_file_names_the_parties_and_prints_on_a_few_pages(
    inspector: Page, tmp_path: Path
) -> None:
    inspector.get_by_text("Export", exact=True).click()
    with inspector.expect_download() as download:
        inspector.get_by_role("link", name="HTML file").click()
    file = tmp_path / "trip.html"
    download.value.save_as(file)
    inspector.goto(file.as_uri())

    heads = inspector.locator(".lifelines :is(strong, small)")
    expect(heads).to_have_count(8)
    cut_off = heads.evaluate_all("all => all.filter(one => one.scrollWidth > one.offsetWidth)")
    assert cut_off == []
    assert count_printed_pages(inspector) <= 3


def count_printed_pages(tab: Page) -> int:
    """Return the number of A4 pages of a page on paper."""
    return len(re.findall(rb"/Type\s*/Page\b", tab.pdf(format="A4")))
