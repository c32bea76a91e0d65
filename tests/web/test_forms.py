"""A form is accepted with the token of the server's own page, whichever headers a browser sends.

Privacy tools and proxies leave `Referer`, `Origin` or `Sec-Fetch-Site` out. The token, which is
bound to a signed `__Host-` cookie, then decides. A header that names another site refuses the form.
"""

from typing import Any

import pytest
import requests
from world.browser import SESSION_COOKIE, Browser
from world.events import Events
from world.network import Network
from world.page import Page

URL = "https://id.example"
PUBLIC = {
    "AUTH_SERVER_URL": URL,
    "AUTH_SERVER_BIND": "127.0.0.1:9000",
    "TRUSTED_PROXIES": "1",
}
OWN = [
    {"Origin": URL},
    {"Sec-Fetch-Site": "same-origin"},
    {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    {"Origin": URL, "Sec-Fetch-Site": "same-origin", "Referer": f"{URL}/form"},
    {"Origin": URL, "Sec-Fetch-Site": "none"},
    {"Origin": URL, "Sec-Fetch-Site": "a-new-value"},
    {"Origin": URL, "Referer": "https://elsewhere.example/"},
    {"Sec-Fetch-Site": "same-origin", "Referer": "https://elsewhere.example/"},
]
SILENT: list[dict[str, str]] = [
    {},
    {"Origin": "null"},
    {"Origin": ""},
    {"Sec-Fetch-Site": "none"},
    {"Referer": ""},
    {"Referer": "about:blank"},
    {"Referer": f"{URL}/"},
    {"Referer": URL},
    {"Referer": f"{URL}:8443/form"},
    {"Referer": "https://id.example/form?x=%FF"},
    {"Referer": "no address at all"},
    {"Referer": "https://[::1/form"},
]
FOREIGN = [
    {"Origin": "https://mallory.example"},
    {"Origin": "http://id.example"},
    {"Origin": f"{URL}:8443"},
    {"Origin": f"{URL}.mallory.example"},
    {"Origin": "https://mallory.example", "Referer": f"{URL}/form"},
    {"Origin": URL, "Sec-Fetch-Site": "cross-site"},
    {"Origin": URL, "Sec-Fetch-Site": "same-site"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Referer": "https://mallory.example/"},
    {"Referer": "https://id.example@mallory.example/"},
    {"Origin": "null", "Referer": "https://mallory.example/"},
]


@pytest.fixture
def form(browser: Browser) -> dict[str, Any]:
    """Return the fields of the form, which the browser has opened."""
    return Page(browser.get(f"{URL}/form")).form.entries


def send(browser: Browser, form: dict[str, Any], headers: dict[str, str]) -> requests.Response:
    return browser.post(f"{URL}/form", form, headers=headers)


@pytest.mark.settings(**PUBLIC)
@pytest.mark.parametrize("headers", OWN + SILENT, ids=str)
def test_a_right_token_suffices_unless_a_header_names_another_site(
    browser: Browser, form: dict[str, Any], headers: dict[str, str]
) -> None:
    assert send(browser, form, headers).text == "sent"


@pytest.mark.settings(**PUBLIC)
@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_header_that_names_another_site_refuses_even_a_right_token(
    browser: Browser, form: dict[str, Any], headers: dict[str, str], events: Events
) -> None:
    response = send(browser, form, headers)

    assert response.status_code == 400
    assert "Set-Cookie" not in response.headers
    assert [event["reason"] for event in events.named("form_refused")] == ["form_of_another_site"]


@pytest.mark.settings(**PUBLIC)
def test_a_refused_form_is_logged_with_both_origins(
    browser: Browser, form: dict[str, Any], events: Events
) -> None:
    send(browser, form, {"Origin": "https://mallory.example"})
    [event] = events.named("form_refused")

    assert (event["origin"], event["expected"]) == ("https://mallory.example", URL)


@pytest.mark.settings(**PUBLIC)
def test_a_form_behind_a_proxy_that_hides_the_address_names_that_cause(
    browser: Browser, form: dict[str, Any], events: Events
) -> None:
    """The browser knows the leg by another address than the leg itself."""
    headers = {"Origin": "https://shop.example", "Sec-Fetch-Site": "same-origin"}
    response = send(browser, form, headers)

    assert response.status_code == 400
    assert "Set-Cookie" not in response.headers
    assert events.named("host_refused")[0]["origin"] == "https://shop.example"


@pytest.mark.settings(**PUBLIC)
@pytest.mark.parametrize("headers", OWN + SILENT, ids=str)
def test_no_header_replaces_the_token(
    browser: Browser, form: dict[str, Any], headers: dict[str, str], events: Events
) -> None:
    response = send(browser, {"csrf_token": "guessed"}, headers)

    assert response.status_code == 400
    assert [event["reason"] for event in events.named("form_refused")] == ["form_token_refused"]


@pytest.mark.settings(**PUBLIC)
@pytest.mark.parametrize("headers", OWN + SILENT, ids=str)
def test_a_token_without_its_cookie_is_refused_for_the_missing_cookie(
    browser: Browser, form: dict[str, Any], headers: dict[str, str], events: Events
) -> None:
    browser.forget_cookies()
    response = send(browser, form, headers)

    assert response.status_code == 400
    assert [event["reason"] for event in events.named("form_refused")] == ["session_cookie_missing"]


@pytest.mark.settings(**PUBLIC)
def test_a_cookie_that_cannot_be_read_is_not_said_to_be_missing(
    network: Network, events: Events
) -> None:
    """Its key was replaced, for example. A new form helps, and other settings do not."""
    cookie = {"Cookie": f"__Host-{SESSION_COOKIE}=eyJ9.old.signature"}
    response = Browser(network).post(f"{URL}/form", {"csrf_token": "old"}, headers=cookie)

    assert response.status_code == 400
    assert [event["reason"] for event in events.named("form_refused")] == ["form_token_refused"]


@pytest.mark.settings(**PUBLIC)
def test_https_behind_a_declared_proxy_needs_no_referrer(network: Network) -> None:
    """The proxy passes the scheme and the host; the connection to the leg is plain http."""
    network.attach("http://internal", network.application(URL))
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "id.example"}
    session = network.mount(requests.Session())
    page = session.get("http://internal/form", headers=forwarded)
    cookie = page.headers["Set-Cookie"].partition(";")[0]
    headers = forwarded | {"Origin": URL, "Cookie": cookie}

    response = session.post("http://internal/form", Page(page).form.entries, headers=headers)

    assert (response.status_code, response.text) == (200, "sent")


def test_over_http_the_origin_decides_too(browser: Browser) -> None:
    url = "http://127.0.0.1:9000/form"
    form = Page(browser.get(url)).form.entries
    statuses = [
        browser.post(url, form, headers={"Origin": origin}).status_code
        for origin in ("http://127.0.0.1:9000", "http://127.0.0.1:9001", "null")
    ]

    assert statuses == [200, 400, 200]


def test_the_log_has_the_route_of_a_refused_form_and_no_value(
    browser: Browser, events: Events
) -> None:
    browser.post("http://127.0.0.1:9000/form?next=secret", {"csrf_token": "another secret"})
    [event] = events.named("form_refused")

    assert event["path"] == "/form"
    assert "secret" not in str(event)


def test_machine_endpoints_need_neither_token_nor_origin(http: requests.Session) -> None:
    headers = {"Origin": "https://app.example", "Sec-Fetch-Site": "cross-site"}

    assert http.post("http://127.0.0.1:9000/machine", headers=headers).status_code == 200
