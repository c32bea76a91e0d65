"""`GET /`: the home page."""

import pytest


def test_a_new_visitor_can_connect(browser):
    page = browser.get("/").text

    assert 'href="/connect">Connect your photos' in page
    assert "Open your album" not in page


def test_a_connected_user_can_open_the_album(alices_browser):
    page = alices_browser.get("/").text

    assert 'href="/photos">Open your album' in page
    assert "Connect your photos" not in page


def test_a_disconnected_user_can_connect_again(alices_browser, tripod_id):
    tripod_id.end_all()
    tripod_id.access_tokens.clear()
    alices_browser.get("/photos")

    assert "Connect your photos" in alices_browser.get("/").text


@pytest.mark.parametrize(
    "path", ["/", "/photos", "/callback", "/connect?scope=a++b", "/nothing-here"]
)
def test_a_page_names_its_site(browser, path):
    page = browser.get(path).text

    assert '<body class="leg-client">' in page
    assert '<strong>Print Shop</strong><span class="role">client</span>' in page
    assert page.count("<h1>") == 1


@pytest.mark.parametrize(
    "path", ["/", "/photos", "/callback", "/connect", "/healthz", "/nothing-here"]
)
def test_every_response_has_the_security_headers(browser, path):
    headers = browser.get(path).headers

    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


def test_the_page_is_true_for_a_first_and_for_a_second_run(browser):
    for _ in range(2):
        page = browser.get("/").text
        assert "If you have done both before" in page
        assert 'href="/connect?prompt=login+consent">sign in and choose again' in page
        browser.connect()
        browser.post("/disconnect")
