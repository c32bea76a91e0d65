"""Another site cannot change anything by a request of the user's browser, and neither can `HEAD`.

With `SameSite=Lax`, a browser sends a form of another site without the leg's cookies. A response
that sets the session cookie would then replace the user's.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from requests import Response
from sqlalchemy import Engine, MetaData, select
from world.browser import Browser
from world.cast import Person
from world.clock import Clock
from world.legs import Legs
from world.page import Page

CROSS_SITE = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
ELSEWHERE = "https://mallory.example"
#: What a browser says about a form of another site, from the newest browser to the oldest.
FOREIGN = [
    {"Origin": ELSEWHERE, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "http://127.0.0.1:8080", "Sec-Fetch-Site": "same-site"},
    {"Origin": ELSEWHERE},
    {"Referer": f"{ELSEWHERE}/"},
    {"Origin": "null"},
    {},
]
LEGS = ("auth_server", "client_app", "resource_api")
TABLES: dict[str, MetaData] = {}


def rows_of(app: Flask) -> dict[str, list[tuple[Any, ...]]]:
    """Return everything that the leg has stored."""
    engine = app.extensions["tripod.database"].engine
    with engine.connect() as connection:
        return {
            name: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for name, table in tables_of(app.name, engine).tables.items()
        }


def tables_of(leg: str, engine: Engine) -> MetaData:
    """Return the tables of a leg. They are the same in each test, and to look takes long."""
    if leg not in TABLES:
        TABLES[leg] = MetaData()
        TABLES[leg].reflect(engine)
    return TABLES[leg]


def everything(legs: Legs) -> list[dict[str, list[tuple[Any, ...]]]]:
    return [rows_of(getattr(legs, leg)) for leg in LEGS]


def paths_of(app: Flask, method: str) -> Iterator[str]:
    for rule in app.url_map.iter_rules():
        if method in (rule.methods or ()) and rule.endpoint != "static":
            yield re.sub("<.+?>", "1", rule.rule)


@pytest.fixture
def alice(clock: Clock, legs: Legs) -> Person:
    """Return Alice, who has connected Print Shop."""
    person = Person("alice", "wonderland", Browser(legs.network, home=legs.auth_server_url))
    person.go_through(f"{legs.client_app_url}/connect")
    return person


# HEAD


@pytest.mark.parametrize("leg", LEGS)
def test_head_changes_nothing_at_any_address(legs: Legs, alice: Person, leg: str) -> None:
    """The access token has expired meanwhile, so that a GET of the album would refresh it."""
    app, url = getattr(legs, leg), getattr(legs, f"{leg}_url")
    before, cookies = everything(legs), alice.browser.cookies()
    for path in paths_of(app, "HEAD"):
        response = alice.browser.request("HEAD", url + path)

        assert "Set-Cookie" not in response.headers, path
        assert everything(legs) == before, path
    assert alice.browser.cookies() == cookies


def test_head_does_not_refresh_an_expired_token(legs: Legs, alice: Person, clock: Clock) -> None:
    clock.forward(3600)
    before = everything(legs)
    response = alice.browser.request("HEAD", f"{legs.client_app_url}/photos")

    assert (response.status_code, response.content) == (200, b"")
    assert everything(legs) == before
    assert alice.browser.get(f"{legs.client_app_url}/photos").status_code == 200
    assert everything(legs) != before


def test_head_issues_no_code(legs: Legs, alice: Person) -> None:
    """The user has allowed the request before, so a GET issues a code at once."""
    address = alice.browser.get(f"{legs.client_app_url}/connect").headers["Location"]
    before = everything(legs)
    response = alice.browser.request("HEAD", address)

    assert (response.status_code, response.headers.get("Location")) == (200, None)
    assert everything(legs) == before
    assert "code=" in alice.browser.get(address).headers["Location"]


def test_head_redeems_no_code(legs: Legs, alice: Person) -> None:
    address = alice.browser.get(f"{legs.client_app_url}/connect").headers["Location"]
    callback = alice.browser.get(address).headers["Location"]
    before = everything(legs)
    alice.browser.request("HEAD", callback)

    assert everything(legs) == before
    assert alice.browser.get(callback).status_code == 303


def test_head_does_not_take_the_notice_of_the_next_page(alice: Person) -> None:
    form = Page(alice.browser.get("/account/apps")).forms[-1]
    alice.browser.post("/account/apps", form.entries | {"client_id": "print-shop"})
    alice.browser.request("HEAD", "/account/apps")

    assert "You removed" in Page(alice.browser.get("/account/apps")).text


# GET /connect


@pytest.mark.parametrize(
    "headers",
    [CROSS_SITE, {"Sec-Fetch-Site": "same-site"}, {"Referer": f"{ELSEWHERE}/"}],
    ids=str,
)
def test_another_site_cannot_start_to_connect(
    legs: Legs, alice: Person, headers: dict[str, str]
) -> None:
    before, cookies = everything(legs), alice.browser.cookies()
    response = alice.browser.get(f"{legs.client_app_url}/connect?scope=profile", headers=headers)

    assert (response.status_code, response.headers.get("Location")) == (200, None)
    assert "Set-Cookie" not in response.headers
    assert (everything(legs), alice.browser.cookies()) == (before, cookies)


def test_the_button_keeps_every_parameter(legs: Legs, alice: Person) -> None:
    query = "scope=profile%20photos:write&return_to=/photos%3Fafter%3D2&prompt=login&x=%22%3E"
    page = Page(alice.browser.get(f"{legs.client_app_url}/connect?{query}", headers=CROSS_SITE))

    assert page.link("Continue to Tripod ID").href == f"/connect?{query}"


def test_the_button_connects(legs: Legs, alice: Person) -> None:
    address = f"{legs.client_app_url}/connect?scope=photos:write"
    page = Page(alice.browser.get(address, headers=CROSS_SITE))
    response = alice.browser.get(
        legs.client_app_url + page.link("Continue to Tripod ID").href,
        headers={"Sec-Fetch-Site": "same-origin"},
    )

    assert response.status_code == 302
    assert "scope=photos%3Awrite" in response.headers["Location"]


def test_the_page_says_what_would_be_asked_and_replaced(legs: Legs, alice: Person) -> None:
    address = f"{legs.client_app_url}/connect?scope=photos:write"
    connected = Page(alice.browser.get(address, headers=CROSS_SITE))
    alice.browser.forget_cookies()
    new = Page(alice.browser.get(address, headers=CROSS_SITE))

    assert "add, rename and delete photos" in connected.text
    assert "order sheets" in connected.text
    assert "order sheets" not in new.text


def test_a_malformed_scope_of_another_site_is_refused(legs: Legs, browser: Browser) -> None:
    address = f"{legs.client_app_url}/connect?scope=a%22b"

    assert browser.get(address, headers=CROSS_SITE).status_code == 400


@pytest.mark.parametrize(
    "headers", [{}, {"Sec-Fetch-Site": "none"}, {"Sec-Fetch-Site": "same-origin"}], ids=str
)
def test_the_user_starts_to_connect_without_another_page(
    legs: Legs, browser: Browser, headers: dict[str, str]
) -> None:
    response = browser.get(f"{legs.client_app_url}/connect", headers=headers)

    assert response.status_code == 302


def test_another_site_may_lead_to_the_endpoints_of_the_protocol(legs: Legs, alice: Person) -> None:
    """The client sends the user to `/oauth/authorize`, and the server sends them back."""
    address = alice.browser.get(f"{legs.client_app_url}/connect").headers["Location"]
    callback = alice.browser.get(address, headers=CROSS_SITE).headers["Location"]

    assert alice.browser.get(callback, headers=CROSS_SITE).status_code == 303


# Forms


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize("leg", ["auth_server", "client_app"])
def test_a_form_of_another_site_replaces_no_cookie(
    legs: Legs, alice: Person, leg: str, headers: dict[str, str]
) -> None:
    """The browser sends it without cookies."""
    app, url = getattr(legs, leg), getattr(legs, f"{leg}_url")
    before = everything(legs)
    stranger = Browser(legs.network, home=url)
    for path in paths_of(app, "POST"):
        response = _post(stranger, path, headers)

        assert "Set-Cookie" not in response.headers, path
    assert everything(legs) == before


@pytest.mark.parametrize("headers", FOREIGN[:5], ids=str)
@pytest.mark.parametrize("leg", ["auth_server", "client_app"])
def test_a_form_of_another_site_changes_nothing_with_cookies(
    legs: Legs, alice: Person, leg: str, headers: dict[str, str]
) -> None:
    """All ports of a host are one site, and old browsers know no `SameSite`."""
    app, url = getattr(legs, leg), getattr(legs, f"{leg}_url")
    before, cookies = everything(legs), alice.browser.cookies()
    for path in paths_of(app, "POST"):
        response = _post(alice.browser, url + path, headers)

        assert "Set-Cookie" not in response.headers, path
    assert (everything(legs), alice.browser.cookies()) == (before, cookies)
    assert alice.is_signed_in()


def _post(browser: Browser, address: str, headers: dict[str, str]) -> Response:
    form = {"username": "mallory", "password": "no good at all", "csrf_token": "guessed"}
    return browser.post(address, form, headers=headers)


def test_the_login_form_without_its_cookie_leads_to_a_new_one(legs: Legs, browser: Browser) -> None:
    """Nothing says where the form came from, so the answer has no form and sets no cookie."""
    page = Page(_post(browser, "/login?next=/account/apps", {}))

    assert (page.status, page.forms) == (400, [])
    assert Page(browser.get(page.link("Open the page again").href)).has_field("password")


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": dest} for dest in ("image", "iframe")],
    ids=str,
)
@pytest.mark.parametrize("leg", ["auth_server", "client_app"])
def test_a_picture_or_a_frame_of_another_site_sets_no_cookie(
    legs: Legs, leg: str, headers: dict[str, str]
) -> None:
    stranger = Browser(legs.network, home=getattr(legs, f"{leg}_url"))
    for path in paths_of(getattr(legs, leg), "GET"):
        assert "Set-Cookie" not in stranger.get(path, headers=headers).headers, path


@pytest.mark.parametrize("leg", ["auth_server", "client_app"])
def test_a_link_on_another_site_may_begin_a_session(legs: Legs, leg: str) -> None:
    stranger = Browser(legs.network, home=getattr(legs, f"{leg}_url"))
    path = {"auth_server": "/login", "client_app": "/"}[leg]
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}

    assert "Set-Cookie" in stranger.get(path, headers=headers).headers
