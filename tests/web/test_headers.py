"""Every response of every leg has the security headers, including errors and redirects."""

import pytest
import requests
from world.browser import Browser

CANONICAL = "http://127.0.0.1:9000"
RESPONSES = [
    pytest.param("GET", "/", 200, id="a page"),
    pytest.param("GET", "/static/js/tripod.js", 200, id="a static file"),
    pytest.param("POST", "/machine", 200, id="a machine endpoint"),
    pytest.param("GET", "/healthz", 200, id="a health check"),
    pytest.param("GET", "/nothing-here", 404, id="an unknown page"),
    pytest.param("DELETE", "/", 405, id="a method that is not allowed"),
    pytest.param("POST", "/form", 400, id="a forged form"),
    pytest.param("GET", "/failure", 500, id="a server error"),
]


@pytest.mark.parametrize(("method", "path", "status"), RESPONSES)
def test_every_response_has_the_headers(
    method: str, path: str, status: int, http: requests.Session
) -> None:
    response = http.request(method, CANONICAL + path)

    assert response.status_code == status
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    policy = response.headers["Content-Security-Policy"]
    assert {"default-src 'none'", "frame-ancestors 'none'", "form-action 'self'"} <= set(
        policy.split("; ")
    )
    assert "unsafe-inline" not in policy


def test_a_redirect_has_the_headers(http: requests.Session) -> None:
    response = http.get("http://localhost:9000/")

    assert response.status_code == 302
    assert response.headers["X-Frame-Options"] == "DENY"


def test_pages_are_not_stored(http: requests.Session) -> None:
    assert http.get(f"{CANONICAL}/").headers["Cache-Control"] == "no-store"


def test_a_server_error_does_not_reveal_details(
    http: requests.Session, caplog: pytest.LogCaptureFixture
) -> None:
    response = http.get(f"{CANONICAL}/failure")

    assert "an internal detail" not in response.text
    assert "an internal detail" in caplog.text


def test_plain_http_has_no_hsts(http: requests.Session) -> None:
    assert "Strict-Transport-Security" not in http.get(f"{CANONICAL}/").headers


@pytest.mark.settings(AUTH_SERVER_URL="https://id.example")
def test_https_has_hsts_for_a_year(http: requests.Session) -> None:
    response = http.get("https://id.example/")

    assert response.headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.settings(AUTH_SERVER_URL="https://id.example")
def test_a_form_of_the_same_site_is_accepted_over_https(browser: Browser) -> None:
    """The CSRF check requires a Referer over https.

    So the Referrer-Policy of a page with a form must let the browser send one.
    """
    browser.open("https://id.example/form")
    page = browser.press("Send")

    assert page.text == "sent"
