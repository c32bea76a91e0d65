"""Step mode: each message of Print Shop waits on a page until its *Send* button is pressed."""

import os
import re
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from html import unescape
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image
from world.browser import Browser
from world.cast import Person
from world.clock import Clock
from world.legs import Legs
from world.page import Page

from client_app.session_store import LEASE, renew_lease
from client_app.sql_records import sessions
from inspector.record.store import Store
from inspector.record.transcript import Wire
from inspector.stepping import run as run_module
from inspector.stepping import runs as runs_module
from inspector.stepping.run import Run
from inspector.stepping.runs import Runs
from inspector.stepping.setup import add_steps
from web import back_channel
from web.clock import now

OVER = "This step is over"
FLOW = [
    "Print Shop reads the addresses of Tripod ID’s endpoints",
    "Print Shop asks for access",
    "Print Shop redeems the code",
    "Print Shop calls Photo API",
    "Print Shop calls Photo API",
]


@pytest.fixture
def shop(inspected: Legs) -> Iterator[str]:
    """Return the address of Print Shop, where step mode can be turned on."""
    hooks = list(back_channel.before_sending)
    add_steps(
        inspected.client_app,
        inspected.client_app.extensions["tripod.settings"],
        keep_alive=renew_lease,
    )
    yield inspected.client_app_url
    for run in list(inspected.client_app.extensions["tripod.stepping"].runs._of_browser.values()):
        run.end()
    back_channel.before_sending[:] = hooks


def turn_on(browser: Browser, shop: str) -> None:
    """Turn step mode on at the inspector."""
    browser.open(f"{shop}/inspector")
    browser.press("Turn step mode on")


def heading(page: Page) -> str:
    """Return the heading of the page."""
    return unescape(re.sub("<.*?>", "", re.findall(r"<h1.*?>(.*?)</h1>", page.source, re.S)[0]))


def is_step(page: Page) -> bool:
    """Return whether the page shows a message that waits."""
    return ">Send</button>" in page.source


def send_all(person: Person) -> list[str]:
    """Send each message, sign in and allow where asked to. Return the headings of the steps."""
    headings = []
    page = person.browser.current
    while True:
        if is_step(page):
            headings.append(heading(page))
            page = person.browser.press("Send")
        elif page.has_field("password"):
            page = person.sign_in()
        elif page.has_field("granted_scope"):
            page = person.allow()
        else:
            return headings


def connect_in_steps(person: Person, shop: str) -> list[str]:
    """Go through the whole flow in steps, and return their headings."""
    turn_on(person.browser, shop)
    person.browser.open(f"{shop}/connect")
    return send_all(person)


def test_each_message_of_print_shop_waits(alice: Person, shop: str) -> None:
    assert connect_in_steps(alice, shop) == FLOW
    assert alice.browser.current.url == f"{shop}/photos"
    assert "Alice’s album" in alice.browser.current.source


def test_nothing_is_sent_before_the_button_is_pressed(
    alice: Person, shop: str, inspected: Legs
) -> None:
    turn_on(alice.browser, shop)
    alice.browser.open(f"{shop}/connect")

    assert not inspected.network.exchanges_with(inspected.auth_server_url)
    alice.browser.press("Send")
    assert len(inspected.network.exchanges_with(inspected.auth_server_url)) == 1


def test_the_diagram_grows_by_one_arrow_at_a_time(alice: Person, shop: str) -> None:
    turn_on(alice.browser, shop)
    alice.browser.open(f"{shop}/connect")
    alice.browser.press("Send")
    steps = []
    for _ in range(2):
        steps.append(re.findall(r'aria-label="([A-Z]\d): ', alice.browser.current.source))
        page = alice.browser.press("Send")
        if page.has_field("password"):
            alice.sign_in()
            page = alice.allow()

    assert steps == [["A1", "A2"], ["A1", "A2", "A3", "A4", "A5", "A6", "A7", "T1"]]


def test_a_step_says_what_is_sent_to_whom_and_why(alice: Person, shop: str) -> None:
    turn_on(alice.browser, shop)
    alice.browser.open(f"{shop}/connect")
    page = alice.browser.press("Send")

    assert "A2 Print Shop through the browser to Tripod ID" in page.text
    assert "only Tripod ID may see your password" in page.text
    assert "GET /oauth/authorize?response_type=code" in page.text
    assert "code_challenge_method=S256" in page.text


def test_nothing_alive_is_on_any_page_of_a_step(
    clock: Clock, alice: Person, shop: str, inspected: Legs
) -> None:
    """Search every byte of every response that a step's page sent, headers and addresses too."""
    connect_in_steps(alice, shop)
    clock.forward(130)
    alice.browser.open(f"{shop}/photos")
    send_all(alice)
    alice.browser.press("Disconnect")
    send_all(alice)
    pages = [
        response
        for response in alice.browser.history
        if response.url.startswith(f"{shop}/inspector/step")
        and "text/html" in str(response.headers)
    ]
    sent = b"\n".join(
        response.content + str(response.headers).encode() + response.url.encode()
        for response in pages
        if "<h1" in response.text
    )
    found = {name: value for name, value in list_secrets(inspected) if value.encode() in sent}

    assert len(pages) >= 8
    assert {name for name, _ in list_secrets(inspected)} >= {
        "code",
        "code_verifier",
        "access_token",
        "refresh_token",
        "client_secret",
    }
    assert found == {}


def list_secrets(legs: Legs) -> list[tuple[str, str]]:
    """Return the secrets of the flow, each with its kind."""
    secrets = [("client_secret", (legs.instance_path / "client_secret").read_text().strip())]
    for exchange in legs.network.exchanges_with(legs.auth_server_url, "/oauth/token"):
        secrets += [
            (name, value)
            for name, value in {**exchange.form, **exchange.json}.items()
            if name in ("code", "code_verifier", "access_token", "refresh_token")
        ]
    return secrets


def test_the_code_is_in_no_other_address(alice: Person, shop: str) -> None:
    connect_in_steps(alice, shop)
    addresses = [response.url for response in alice.browser.history]
    with_code = [url for url in addresses if "code" in parse_qs(urlsplit(url).query)]

    assert [urlsplit(url).path for url in with_code] == ["/callback"]


def test_the_cookies_of_the_answer_reach_the_browser(alice: Person, shop: str) -> None:
    connect_in_steps(alice, shop)
    turn_off(alice.browser, shop)

    assert "Alice’s album" in alice.browser.open(f"{shop}/photos").source


def turn_off(browser: Browser, shop: str) -> None:
    """Turn step mode off at the inspector."""
    browser.open(f"{shop}/inspector")
    browser.press("Turn step mode off")


def test_the_rest_can_be_sent_at_once(alice: Person, shop: str) -> None:
    connect_in_steps(alice, shop)
    alice.browser.open(f"{shop}/photos")
    alice.browser.press("Send this and the rest")

    assert alice.browser.current.url == f"{shop}/photos"
    assert "Alice’s album" in alice.browser.current.source


def test_other_browsers_are_not_held_up(alice: Person, bob: Person, shop: str) -> None:
    turn_on(alice.browser, shop)
    alice.browser.open(f"{shop}/connect")

    assert "Bob’s album" in bob.go_through(f"{shop}/connect").source
    assert is_step(alice.browser.open(alice.browser.current.url))


def test_another_browser_cannot_see_or_send_a_step(alice: Person, bob: Person, shop: str) -> None:
    turn_on(alice.browser, shop)
    address = alice.browser.open(f"{shop}/connect").url
    for name in ("before", "after"):
        if name == "after":
            turn_on(bob.browser, shop)
        assert heading(bob.browser.open(address)) == OVER
        assert bob.browser.get(address).status_code == 410


def test_a_message_that_nobody_sends_is_given_up(
    alice: Person, shop: str, inspected: Legs, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect_in_steps(alice, shop)
    before = len(inspected.network.exchanges_with(inspected.resource_api_url))
    monkeypatch.setattr(run_module, "WAIT", 0.05)
    alice.browser.open(f"{shop}/photos")
    wait_until_no_thread_waits()

    assert heading(alice.browser.reload()) == OVER
    assert len(inspected.network.exchanges_with(inspected.resource_api_url)) == before


def wait_until_no_thread_waits() -> None:
    """Wait for the end of the threads of all runs."""
    for thread in threading.enumerate():
        if thread.name.startswith("step-"):
            thread.join(10)
            assert not thread.is_alive()


def test_a_given_up_refresh_keeps_the_connection(
    clock: Clock, alice: Person, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect_in_steps(alice, shop)
    clock.forward(130)
    monkeypatch.setattr(run_module, "WAIT", 0.05)
    alice.browser.open(f"{shop}/photos")
    wait_until_no_thread_waits()
    turn_off(alice.browser, shop)

    assert "Alice’s album" in alice.browser.open(f"{shop}/photos").source


def test_another_page_replaces_the_step_that_waits(clock: Clock, alice: Person, shop: str) -> None:
    """A refresh holds the lease of the browser's record, which the other page needs too."""
    connect_in_steps(alice, shop)
    clock.forward(130)
    first = alice.browser.open(f"{shop}/photos").url
    second = alice.browser.open(f"{shop}/photos").url

    assert heading(alice.browser.open(first)) == OVER
    assert heading(alice.browser.open(second)) == "Print Shop refreshes its tokens"
    send_all(alice)
    assert "Alice’s album" in alice.browser.current.source


def test_the_inspector_says_that_a_step_was_left(alice: Person, shop: str) -> None:
    turn_on(alice.browser, shop)
    alice.browser.open(f"{shop}/connect")
    while heading(alice.browser.current) != "Print Shop redeems the code":
        alice.browser.press("Send")
        if alice.browser.current.has_field("password"):
            alice.sign_in()
            alice.allow()
    alice.browser.open(f"{shop}/")
    wait_until_no_thread_waits()

    page = alice.browser.open(f"{shop}/inspector")
    not_sent = "nobody pressed Send in step mode, so the message was not sent"
    assert f"no tokens: {not_sent} (round trip 1 of 1" in page.text
    assert f"Why there are no tokens: {not_sent}." in page.text
    assert "NotSentError" not in page.source


def test_of_two_pages_that_open_at_once_only_one_waits() -> None:
    """Both replace an older page, whose request needs a moment to end."""
    runs, may_end = Runs(keep_alive=lambda: None), threading.Event()
    wire = Wire(
        leg="client_app",
        method="GET",
        host="127.0.0.1:9001",
        path="/photos",
        query="",
        request_headers=[],
        started_at=0.0,
    )

    def slow_page(_wsgi: Any, start_response: Any) -> list[bytes]:
        may_end.wait(10)
        start_response("200 OK", [])
        return []

    def open_page() -> Run:
        run = runs.begin("browser", wire, None)
        assert run
        return run

    older, opened = open_page(), []
    older.start(slow_page, {}, "https://issuer.example")
    tab = threading.Thread(target=lambda: opened.append(open_page()), daemon=True)
    tab.start()
    while not older.is_over:
        time.sleep(0.001)
    other = open_page()
    may_end.set()
    tab.join(10)

    assert [other.is_over, opened[0].is_over] == [True, False]


def test_a_refresh_that_waits_longer_than_its_lease_stays_correct(
    clock: Clock, alice: Person, shop: str, inspected: Legs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another tab cannot take the lease meanwhile, which would spend the refresh token twice."""
    connect_in_steps(alice, shop)
    clock.forward(130)
    monkeypatch.setattr(run_module, "RENEW_EVERY", 0.01)
    assert heading(alice.browser.open(f"{shop}/photos")) == "Print Shop refreshes its tokens"
    for _ in range(4):
        clock.forward(LEASE / 2)
        wait_for_renewal(inspected)
    records = inspected.client_app.extensions["tripod.print_shop"].store.records
    [digest] = list_leases(inspected)

    assert not records.take_lease(digest, "another tab")
    send_all(alice)
    assert "Alice’s album" in alice.browser.current.source
    assert not inspected.events_named("grant_ended")


def list_leases(legs: Legs) -> dict[str, datetime]:
    """Return when the lease of each leased record of Print Shop ends, by the record's key."""
    database = legs.client_app.extensions["tripod.print_shop"].store.records.database
    with database.writing() as db:
        rows = db.execute(sessions.select()).all()
    return {row.digest: row.leased_until for row in rows if row.leased_by}


def wait_for_renewal(legs: Legs) -> None:
    """Wait until the lease is renewed at the present time."""
    for _ in range(1000):
        if max(list_leases(legs).values()) > now() + LEASE * 0.9:
            return
        time.sleep(0.01)
    raise AssertionError("the lease was not renewed")


def test_only_a_few_requests_wait_at_once(
    alice: Person, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs_module, "MAX_RUNNING", 2)
    browsers = [alice.browser.another() for _ in range(3)]
    pages = []
    for browser in browsers:
        turn_on(browser, shop)
        pages.append(browser.open(f"{shop}/connect"))

    assert [is_step(page) for page in pages] == [True, True, False]
    assert pages[2].has_field("password")


def test_only_the_message_on_the_page_is_sent(alice: Person, shop: str, inspected: Legs) -> None:
    """A second click must not send the next message."""
    turn_on(alice.browser, shop)
    page = alice.browser.open(f"{shop}/connect")
    alice.browser.press("Send")
    form = dict(page.form_with("number").submission(None))
    for number in ("", "0", "1", "99", "x", "²", "-1", "9" * 5000):
        response = alice.browser.post(page.url, form | {"number": number})
        assert response.status_code == 303
        assert response.headers["Location"].startswith("/inspector/step/")

    assert not inspected.network.exchanges_with(inspected.auth_server_url, "/oauth/authorize")


def test_a_second_click_gets_the_same_answer(alice: Person, shop: str) -> None:
    """The browser shows the response to the last click, so that one needs the cookies too."""
    turn_on(alice.browser, shop)
    alice.browser.open(f"{shop}/connect")
    page = alice.browser.press("Send")
    form = page.form_with("number").submission(None)
    responses = [alice.browser.post(page.url, form) for _ in range(2)]

    assert [response.status_code for response in responses] == [302, 302]
    assert responses[0].headers["Location"] == responses[1].headers["Location"]
    assert all("tripod_client_app=" in one.headers["Set-Cookie"] for one in responses)


def test_turning_step_mode_off_gives_up_the_message_that_waits(alice: Person, shop: str) -> None:
    turn_on(alice.browser, shop)
    address = alice.browser.open(f"{shop}/connect").url
    turn_off(alice.browser, shop)
    wait_until_no_thread_waits()

    assert heading(alice.browser.open(address)) == OVER


def test_an_upload_in_steps_arrives_whole(alice: Person, shop: str, inspected: Legs) -> None:
    turn_on(alice.browser, shop)
    alice.browser.open(f"{shop}/connect?scope=profile+photos:read+photos:write")
    send_all(alice)
    form = alice.browser.current.form_with("image")
    fields = dict(form.submission(None)) | {"title": "Harbour"}
    image = ("harbour.png", picture(), "image/png")
    fields.pop("image", None)
    response = alice.browser.post(f"{shop}/photos", fields, files={"image": image})
    alice.browser.open(f"{shop}{response.headers['Location']}")
    send_all(alice)

    [upload] = inspected.network.exchanges_with(
        inspected.resource_api_url, "/photos", method="POST"
    )
    assert (upload.status, image[1] in upload.request_body) == (201, True)
    assert "The photo was added." in alice.browser.current.text


def picture() -> bytes:
    """Return a PNG file that is larger than what a step shows."""
    output = BytesIO()
    Image.frombytes("RGB", (200, 200), os.urandom(120_000)).save(output, "PNG")
    return output.getvalue()


def test_a_refused_form_is_shown_after_its_messages(alice: Person, shop: str) -> None:
    connect_in_steps(alice, shop)
    alice.browser.tick("photo")
    alice.browser.press("Order prints")
    send_all(alice)

    assert "Tick at least one photo to print." in alice.browser.current.text


def test_images_do_not_wait(alice: Person, shop: str) -> None:
    connect_in_steps(alice, shop)
    source = next(iter(alice.browser.current.images))
    response = alice.browser.fetch(
        source, headers={"Sec-Fetch-Mode": "no-cors", "Accept": "image/webp,*/*"}
    )

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "image/webp"


def test_the_new_connection_is_announced_in_step_mode(alice: Person, shop: str) -> None:
    connect_in_steps(alice, shop)

    assert "You are connected." in alice.browser.current.text


def test_a_cookie_that_is_not_utf8_does_not_matter(alice: Person, shop: str) -> None:
    """Browsers share cookies between ports, so any program on this machine can set one."""
    response = alice.browser.get(f"{shop}/", headers={"Cookie": b"another=\xff"})

    assert response.status_code == 200


def test_turning_step_mode_on_needs_the_form_of_the_inspector(alice: Person, shop: str) -> None:
    response = alice.browser.post(f"{shop}/inspector/step", {"steps": "on"})

    assert response.status_code == 400


def test_a_recorded_flow_is_the_same_with_steps(alice: Person, shop: str, watched: Store) -> None:
    connect_in_steps(alice, shop)

    paths = {exchange.path for exchange in watched.exchanges()}
    assert {"/connect", "/oauth/authorize", "/callback", "/oauth/token", "/photos"} <= paths
    assert not [path for path in paths if path.startswith("/inspector")]
