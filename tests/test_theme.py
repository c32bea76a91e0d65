"""The theme of the pages: a form without a script, and a cookie that the three legs share."""

import pytest
import requests
from world.browser import SESSION_COOKIE, Browser
from world.cast import Person
from world.legs import Legs
from world.page import Page


def theme_of(browser: Browser, url: str) -> str:
    """Return the theme that the page at `url` is drawn in."""
    source = browser.get(url).text
    return source.partition('data-theme="')[2].partition('"')[0]


def choose(browser: Browser, theme: str, url: str = "/", **headers: str) -> requests.Response:
    """Press a button of the form on the page at `url`."""
    form = Page(browser.get(url)).theme_form
    assert form
    return browser.post(form.action, form.entries | {"theme": theme}, headers=headers)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_choice_on_one_leg_counts_on_all_three(legs: Legs, browser: Browser, theme: str) -> None:
    urls = (legs.auth_server_url, legs.client_app_url, legs.resource_api_url)
    before = [theme_of(browser, url) for url in urls]
    answer = choose(browser, theme)

    assert answer.status_code == 303
    assert before == ["system"] * 3
    assert [theme_of(browser, url) for url in urls] == [theme] * 3


@pytest.mark.parametrize("leg", ["auth_server", "client_app", "resource_api"])
def test_each_leg_has_the_form(legs: Legs, network: object, leg: str) -> None:
    browser = Browser(legs.network, home=getattr(legs, f"{leg}_url"))
    choose(browser, "dark")

    assert theme_of(browser, "/") == "dark"


def test_the_theme_of_the_system_can_be_chosen_again(browser: Browser) -> None:
    choose(browser, "dark")
    choose(browser, "system")

    assert theme_of(browser, "/") == "system"
    assert browser.cookies() == {}


def test_the_form_says_which_theme_is_chosen(browser: Browser) -> None:
    choose(browser, "dark")
    source = browser.get("/").text

    assert source.count('aria-pressed="true"') == 1
    assert 'value="dark" aria-pressed="true"' in source


def test_the_form_begins_no_session(browser: Browser) -> None:
    """A visitor of a start page gets no cookie but this one."""
    answer = choose(browser, "dark")

    assert SESSION_COOKIE not in browser.cookies()
    assert set(browser.cookies()) == {"tripod_theme"}
    assert "HttpOnly" in answer.headers["Set-Cookie"]


def test_the_form_returns_to_its_page(alice: Person, legs: Legs) -> None:
    """The consent page has the same query after it."""
    alice.send_login()
    url = alice.browser.get(f"{legs.client_app_url}/connect").headers["Location"]

    assert choose(alice.browser, "dark", url).headers["Location"] == url.removeprefix(
        legs.auth_server_url
    )


def test_a_page_that_does_not_exist_returns_to_the_start_page(browser: Browser) -> None:
    assert choose(browser, "dark", "/nowhere?token=pasted").headers["Location"] == "/"
    assert "pasted" not in str(Page(browser.get("/nowhere?token=pasted")).theme_form)


def test_an_authorization_code_is_not_copied_into_a_page(legs: Legs, browser: Browser) -> None:
    answer = browser.get(f"{legs.client_app_url}/callback?code=the-code&state=s")

    assert "the-code" not in answer.text
    assert Page(answer).theme_form


@pytest.mark.parametrize("leg", ["auth_server_url", "client_app_url", "resource_api_url"])
def test_a_token_in_an_address_is_not_copied_into_a_page(
    legs: Legs, browser: Browser, leg: str
) -> None:
    answer = browser.get(f"{getattr(legs, leg)}/?access_token=the-token")

    assert "the-token" not in answer.text
    assert Page(answer).theme_form


@pytest.mark.parametrize(
    "page",
    [
        "//mallory.example/",
        "https://mallory.example/",
        "/\\mallory.example",
        "",
        "x",
        "/a b",
        "/\n",
    ],
)
def test_the_form_leads_to_no_other_site(browser: Browser, page: str) -> None:
    answer = browser.post("/theme", {"theme": "dark", "next": page})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


@pytest.mark.parametrize("theme", ["", "Dark", "sepia", "dark\x7f"])
def test_an_unknown_theme_is_refused(browser: Browser, theme: str) -> None:
    answer = browser.post("/theme", {"theme": theme})

    assert answer.status_code == 400
    assert "There is no theme of this name." in Page(answer).text


def test_a_cookie_with_an_unknown_theme_is_ignored(browser: Browser) -> None:
    answer = browser.get("/", headers={"Cookie": 'tripod_theme="><script>'})

    assert 'data-theme="system"' in answer.text


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://mallory.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_another_site_cannot_choose(legs: Legs, browser: Browser, headers: dict[str, str]) -> None:
    answer = choose(browser, "dark", **headers)

    assert answer.status_code == 400
    assert browser.cookies() == {}
    assert [event["reason"] for event in legs.events_named("form_refused")] == [
        "form_of_another_site"
    ]
