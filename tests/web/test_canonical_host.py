"""Each leg has one canonical host.

A page that is requested under another name of loopback redirects to it. A foreign `Host` is
rejected with status 400.
"""

from collections.abc import Callable
from urllib.parse import unquote_to_bytes

import pytest
import requests
from flask import Flask
from world.browser import Browser
from world.network import Network

OTHER_SPELLINGS = ["http://localhost:9000", "http://[::1]:9000"]
FOREIGN = ["http://evil.example", "http://127.0.0.1:9001"]


@pytest.mark.parametrize("origin", OTHER_SPELLINGS)
def test_a_page_on_another_spelling_redirects_to_the_canonical_one(
    origin: str, browser: Browser
) -> None:
    page = browser.open(f"{origin}/form?next=%2Fphotos&q=why?")

    assert page.url == "http://127.0.0.1:9000/form?next=%2Fphotos&q=why?"


@pytest.fixture
def app(start: Callable[..., Flask]) -> Flask:
    return start()


ADDRESSES = [
    "/form?b=%E9",
    "/form?y=a%20b",
    "/form?flag",
    "/form?a=1&&b=2",
    "/form?a=1&a=&",
    "/form?x=%c3%a9&y=%2f%7E~",
    "/form?x=a+b;c?",
    "/form?to=a%26b%3Dc",
    "/form?x={id}|^`<>[]'\"\\",
    "/%E9/a%20b;v=1/~x",
    "/%C3%A9/%25/%3F/%23/%22",
    "//form//x/",
    "/a/./../b",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_redirect_keeps_path_and_query(address: str, app: Flask) -> None:
    """The query arrives byte for byte; the path in the bytes that the WSGI server has decoded."""
    answer = app.test_client().get("/", environ_overrides=environ_of(address))

    assert answer.headers["Location"] == f"http://127.0.0.1:9000{address}"


def test_a_target_without_a_path_is_redirected_to_one(app: Flask) -> None:
    """`OPTIONS *` is about the server itself (RFC 9110 §9.3.7)."""
    environ = {"HTTP_HOST": "localhost:9000", "PATH_INFO": "*"}
    answer = app.test_client().get("/", environ_overrides=environ)

    assert answer.headers["Location"] == "http://127.0.0.1:9000/*"


def environ_of(address: str) -> dict[str, str]:
    """Return what a WSGI server makes of a request on localhost (PEP 3333)."""
    path, _, query = address.partition("?")
    return {
        "HTTP_HOST": "localhost:9000",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
    }


@pytest.mark.parametrize("origin", OTHER_SPELLINGS)
def test_no_cookie_is_set_on_another_spelling(origin: str, browser: Browser) -> None:
    browser.open(f"{origin}/sign-in")

    assert list(browser.cookies()) == list(browser.cookies("127.0.0.1")) == ["tripod_auth_server"]


@pytest.mark.parametrize("origin", OTHER_SPELLINGS)
def test_a_form_sent_to_another_spelling_is_not_redirected(
    origin: str, http: requests.Session
) -> None:
    """A redirect would lose the values of the form, or send them to another address."""
    response = http.post(f"{origin}/form", data={"password": "secret"})

    assert response.status_code == 400
    assert "http://127.0.0.1:9000" in response.text


@pytest.mark.parametrize("origin", OTHER_SPELLINGS)
def test_machine_endpoints_answer_on_every_spelling_of_loopback(
    origin: str, http: requests.Session
) -> None:
    assert http.post(f"{origin}/machine").status_code == 200
    assert http.get(f"{origin}/static/css/base.css").status_code == 200


@pytest.mark.parametrize("path", ["/", "/static/css/base.css", "/nothing-here"])
@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_host_is_rejected(origin: str, path: str, http: requests.Session) -> None:
    response = http.get(origin + path)

    assert response.status_code == 400
    assert "Location" not in response.headers
    assert response.headers["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_host_is_rejected_at_machine_endpoints(
    origin: str, http: requests.Session
) -> None:
    assert http.post(f"{origin}/machine").status_code == 400


@pytest.mark.parametrize(
    "host",
    [
        "localhost:9000@evil.example",
        "evil.example#localhost:9000",
        "localhost:port",
        "[::1:9000",
        "localhost",
        "\\",
        "",
    ],
)
def test_a_malformed_host_is_rejected(host: str, http: requests.Session) -> None:
    response = http.get("http://127.0.0.1:9000/", headers={"Host": host})

    assert response.status_code == 400


def test_a_path_cannot_redirect_to_another_host(http: requests.Session) -> None:
    response = http.get("http://localhost:9000//evil.example/%0d%0aSet-Cookie:x")

    assert response.headers["Location"].startswith("http://127.0.0.1:9000/")
    assert "Set-Cookie" not in response.headers


def test_the_host_is_case_insensitive(http: requests.Session) -> None:
    response = http.get("http://127.0.0.1:9000/", headers={"Host": "LOCALHOST:9000"})

    assert response.headers["Location"] == "http://127.0.0.1:9000/"


@pytest.mark.parametrize("path", ["/livez", "/healthz"])
@pytest.mark.parametrize("origin", [*OTHER_SPELLINGS, *FOREIGN])
def test_health_checks_answer_on_any_host(origin: str, path: str, http: requests.Session) -> None:
    response = http.get(f"{origin}{path}")

    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


@pytest.mark.settings(
    AUTH_SERVER_URL="https://id.example", AUTH_SERVER_BIND="127.0.0.1:9000", TRUSTED_PROXIES="1"
)
def test_a_public_leg_rejects_loopback_hosts(network: Network, http: requests.Session) -> None:
    network.attach("http://localhost", network.application("https://id.example"))

    assert http.get("http://localhost/").status_code == 400
    assert http.get("https://id.example/").status_code == 200
