"""The browser behaves as real ones where tests rely on it."""

from collections.abc import Callable

import pytest
from flask import Flask, Response, redirect, request
from flask.typing import ResponseReturnValue

from world.browser import Browser
from world.network import Network

SHOP, BANK, ELSEWHERE = (
    "http://127.0.0.1:7001",
    "http://127.0.0.1:7002",
    "https://elsewhere.example",
)
FORM = """<!doctype html><title>A form</title>
<a href="/form?again">Once <b>more</b></a> <img src="/picture">
<form method="post" action="{action}">
  <input type="hidden" name="token" value="t"><label>Name <input name="name"></label>
  <input type="checkbox" name="choice" value="a" checked>
  <input type="checkbox" name="choice" value="b">
  <input type="checkbox" name="unnamed" disabled checked><textarea name="note">As ever</textarea>
  <button type="button" name="decision" value="none">Nothing</button>
  <button name="decision" value="no">No</button><button name="decision" value="yes">Yes</button>
</form>
<form action="/sent"><input name="q"><input type="submit" value="Search"></form>"""

Site = Callable[[str], Flask]


@pytest.fixture
def network() -> Network:
    """Serve the same site at three origins, of which two are ports of one host."""
    network = Network()
    for origin in (SHOP, BANK, ELSEWHERE):
        network.attach(origin, site())
    return network


@pytest.fixture
def browser(network: Network) -> Browser:
    return Browser(network)


def site() -> Flask:
    """Return a site with forms, redirects and cookies."""
    site = Flask("site")
    site.add_url_rule("/circle", endpoint="circle", view_func=lambda: redirect("/circle"))

    @site.get("/form")
    def form() -> ResponseReturnValue:
        headers = {"Referrer-Policy": request.args.get("policy", "same-origin")}
        return FORM.replace("{action}", request.args.get("action", "/sent")), headers

    @site.route("/sent", methods=["GET", "POST"])
    def sent() -> dict[str, object]:
        headers = {name: request.headers.get(name) for name in ("Referer", "Origin")}
        fields = request.values.to_dict(flat=False)
        cookies = dict(request.cookies)
        return {"method": request.method, "fields": fields, "cookies": cookies, **headers}

    @site.route("/redirect/<int:status>", methods=["GET", "POST"])
    def redirection(status: int) -> ResponseReturnValue:
        return redirect(request.args["to"], status)

    @site.get("/cookie")
    def cookie() -> Response:
        response = Response("a cookie", mimetype="text/html")
        same_site = request.args["same_site"]
        response.set_cookie(same_site.lower(), "1", samesite=same_site)
        return response

    return site


def test_a_form_is_sent_as_it_was_left(browser: Browser) -> None:
    browser.open(f"{SHOP}/form")
    browser.fill(name="Ada & co", note="Something else")
    browser.tick("choice", "b")
    page = browser.press("Yes")

    sent = page.response.json()
    assert sent["method"] == "POST"
    assert sent["fields"] == {
        "token": ["t"],
        "name": ["Ada & co"],
        "choice": ["b"],
        "note": ["Something else"],
        "decision": ["yes"],
    }


def test_enter_in_a_field_presses_the_first_button(browser: Browser) -> None:
    browser.open(f"{SHOP}/form")

    assert browser.press_enter("name").response.json()["fields"]["decision"] == ["no"]


def test_a_form_may_be_a_search(browser: Browser) -> None:
    browser.open(f"{SHOP}/form")
    browser.fill(q="a b")
    page = browser.press("Search")

    assert page.url == f"{SHOP}/sent?q=a+b"


def test_links_and_words_are_found_across_tags(browser: Browser) -> None:
    page = browser.open(f"{SHOP}/form")
    again = browser.follow("Once more")

    assert page.title == "A form"
    assert page.text.startswith("Once more")
    assert page.images == ["/picture"]
    assert again.url == f"{SHOP}/form?again"


def test_what_is_not_on_the_page_is_not_found(browser: Browser) -> None:
    page = browser.open(f"{SHOP}/form")

    assert not page.has_field("unnamed")
    with pytest.raises(LookupError):
        browser.press("Nothing")
    with pytest.raises(LookupError):
        browser.follow("Away")


def test_redirects_are_followed_across_origins_and_kept(browser: Browser) -> None:
    page = browser.open(f"{SHOP}/redirect/303?to={BANK}/redirect/302?to={SHOP}/form")

    assert page.url == f"{SHOP}/form"
    assert [response.status_code for response in browser.history] == [303, 302, 200]


@pytest.mark.parametrize(
    ("status", "method"), [(302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")]
)
def test_a_redirect_after_a_form_keeps_its_fields_or_drops_them(
    status: int, method: str, browser: Browser
) -> None:
    browser.open(f"{SHOP}/form?action=/redirect/{status}%3Fto=/sent")
    sent = browser.press("Yes").response.json()

    assert sent["method"] == method
    assert ("name" in sent["fields"]) is (method == "POST")


def test_redirects_without_end_end(browser: Browser) -> None:
    with pytest.raises(AssertionError, match="20 redirects"):
        browser.open(f"{SHOP}/circle")


def test_the_ports_of_a_host_share_cookies(browser: Browser) -> None:
    browser.open(f"{SHOP}/cookie?same_site=Lax")

    assert browser.open(f"{BANK}/sent").response.json()["cookies"] == {"lax": "1"}
    assert browser.open(f"{ELSEWHERE}/sent").response.json()["cookies"] == {}


def test_another_sites_form_brings_no_cookies_and_its_link_some(browser: Browser) -> None:
    for same_site in ("Lax", "Strict", "None"):
        browser.open(f"{SHOP}/cookie?same_site={same_site}")

    browser.open(f"{ELSEWHERE}/form?action={SHOP}/sent")
    posted = browser.press("Yes").response.json()["cookies"]
    browser.open(f"{ELSEWHERE}/form?action={SHOP}/sent")
    typed = browser.open(f"{SHOP}/sent").response.json()["cookies"]

    assert set(posted) == {"none"}
    assert set(typed) == {"lax", "strict", "none"}


@pytest.mark.parametrize(
    ("policy", "origin", "referer", "sent_origin"),
    [
        ("same-origin", SHOP, f"{SHOP}/form", SHOP),
        ("same-origin", BANK, None, "null"),
        ("no-referrer", SHOP, None, "null"),
        ("strict-origin-when-cross-origin", BANK, f"{SHOP}/", SHOP),
    ],
)
def test_a_form_says_where_it_comes_from_as_the_page_allows(
    policy: str, origin: str, referer: str | None, sent_origin: str, browser: Browser
) -> None:
    browser.open(f"{SHOP}/form?policy={policy}&action={origin}/sent")
    sent = browser.press("Yes").response.json()

    assert (sent["Referer"] or "").partition("?")[0] == (referer or "")
    assert sent["Origin"] == sent_origin


def test_one_can_go_back_and_reload(browser: Browser) -> None:
    browser.open(f"{SHOP}/form?first")
    browser.open(f"{SHOP}/form?second")
    browser.reload()

    assert browser.back().url == f"{SHOP}/form?first"
