"""RFC 9110 §5.5: headers of other programs, with any bytes, do not disturb the flow.

Browsers send the cookies of one host to all its ports. Proxies and browsers' extensions add headers
of their own. PEP 3333 passes each byte of a header as one Latin-1 character.
"""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import expect
from requests.adapters import HTTPAdapter
from world.browser import Browser
from world.cast import Person
from world.chromium import launched_chromium
from world.page import Page
from world.processes import URLS, Running, environment, running, running_legs
from world.sockets import Sockets

from inspector.record.store import Store

pytestmark = pytest.mark.processes

UTF_8 = "Zoë".encode()
LATIN_1 = "Zoë".encode("latin-1")
#: The cookies of other programs on the same host, before and after those of the legs.
COOKIES = {
    "UTF-8 before": (b"display_name=" + UTF_8, b""),
    "UTF-8 after": (b"", b"display_name=" + UTF_8),
    "Latin-1 on both sides": (b"first=" + LATIN_1, b"last=" + LATIN_1),
    "in the name": (UTF_8 + b"=1", LATIN_1 + b"=2"),
    "no UTF-8": (b"binary=\x80\xff\xc3", b"\xfe=\xfd"),
    "without a value": (b"empty=", b"\xeb"),
    "quoted": (b'quoted="' + UTF_8 + b'"', b"json={" + LATIN_1 + b"}"),
}
HEADERS = [
    "Accept",
    "Accept-Language",
    "Authorization",
    "Cookie",
    "Forwarded",
    "Origin",
    "Referer",
    "Sec-Fetch-Site",
    "User-Agent",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-IP",
    "X-Request-Id",
]
GUNICORN = ("-m", "gunicorn", "--threads", "4", "--bind")
FACTORIES = ("create_auth_server", "create_client_app", "create_resource_api")


class WithForeignCookies(Sockets):
    """Connections of a browser that also holds cookies of other programs."""

    def __init__(self, before: bytes, after: bytes) -> None:
        self._before = before.decode("latin-1")
        self._after = after.decode("latin-1")

    def adapter(self, remote_address: str = "127.0.0.1") -> HTTPAdapter:
        """Return an adapter that adds the cookies to each request."""
        return _CookieAdapter(self._before, self._after)


class _CookieAdapter(HTTPAdapter):
    def __init__(self, before: str, after: str) -> None:
        super().__init__()
        self._before, self._after = before, after

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """Send the request with the cookies around its own."""
        own = request.headers.get("Cookie")
        cookies = [text for text in (self._before, own, self._after) if text]
        request.headers["Cookie"] = "; ".join(cookies)
        return super().send(request, *args, **kwargs)


@pytest.fixture(scope="module")
def legs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_legs(tmp_path_factory.mktemp("legs")) as legs:
        yield legs


@pytest.fixture(scope="module")
def legs_behind_a_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_legs(tmp_path_factory.mktemp("proxied"), TRIPOD_TRUSTED_PROXIES="1") as legs:
        yield legs


def send(url: str, lines: bytes, method: bytes = b"GET") -> bytes:
    """Send a request with these header lines, and return everything that comes back."""
    address = urlsplit(url)
    host = address.netloc.encode()
    request = b"%s %s HTTP/1.1\r\nHost: %s\r\n" % (method, address.path.encode() or b"/", host)
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        connection.sendall(request + b"Connection: close\r\n" + lines + b"\r\n")
        return b"".join(iter(lambda: connection.recv(65536), b""))


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def connect_as_alice(legs: Running, before: bytes, after: bytes) -> Page:
    """Connect Print Shop in a browser that holds cookies of other programs."""
    alice = Person("alice", "wonderland", Browser(WithForeignCookies(before, after)))
    return alice.go_through(f"{legs.client_app_url}/connect")


def pages_of(legs: Running) -> list[str]:
    """Return an address of each leg, and the address of the inspector."""
    return [
        f"{legs.auth_server_url}/login",
        f"{legs.client_app_url}/",
        f"{legs.client_app_url}/inspector",
        f"{legs.resource_api_url}/photos",
    ]


@pytest.mark.parametrize(("before", "after"), COOKIES.values(), ids=COOKIES)
def test_signing_in_works_beside_cookies_of_other_programs(
    before: bytes, after: bytes, legs: Running
) -> None:
    assert "Alice’s album" in connect_as_alice(legs, before, after).text


def test_signing_in_under_gunicorn_works_beside_cookies_of_other_programs(tmp_path: Path) -> None:
    env = environment(tmp_path / "instance", TRIPOD_DEMO="1")
    with ExitStack() as stack:
        for name, factory in zip(URLS, FACTORIES, strict=True):
            command = (*GUNICORN, urlsplit(env[name]).netloc, f"app:{factory}()")
            legs = stack.enter_context(running(*command, env=env, log=tmp_path / factory))
        legs.wait_until_ready(*legs.urls)
        album = connect_as_alice(legs, b"display_name=" + UTF_8, LATIN_1 + b"=1")

    assert "Alice’s album" in album.text


def test_a_real_browser_signs_in_beside_a_cookie_of_another_program(legs: Running) -> None:
    with launched_chromium() as chromium:
        page = chromium.new_page()
        page.goto(legs.client_app_url)
        page.evaluate("document.cookie = 'display_name=Zoë; path=/'")
        page.get_by_role("link", name="Connect your photos").click()
        page.get_by_label("Username").fill("alice")
        page.get_by_label("Password").fill("wonderland")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/photos")

        expect(page.get_by_role("heading", level=1)).to_have_text("Alice’s album")


@pytest.mark.parametrize("value", [UTF_8, LATIN_1, b"\x80\xff"], ids=["UTF-8", "Latin-1", "other"])
@pytest.mark.parametrize("header", HEADERS)
def test_a_header_with_any_bytes_is_answered_like_one_without(
    header: str, value: bytes, legs: Running
) -> None:
    for url in pages_of(legs):
        plain, special = (
            status_of(send(url, header.encode() + b": a " + text + b"\r\n"))
            for text in (b"Zoe", value)
        )
        assert special == plain < 500


@pytest.mark.parametrize("value", [UTF_8, LATIN_1], ids=["UTF-8", "Latin-1"])
@pytest.mark.parametrize("scheme", [b"Basic", b"Bearer", b"DPoP", b"Zo\xeb"])
def test_credentials_with_any_bytes_are_rejected(
    scheme: bytes, value: bytes, legs: Running
) -> None:
    """At the API, a token with other characters than those of RFC 6750 §2.1 is a bad request."""
    header = b"Authorization: %s %s\r\n" % (scheme, value)
    form = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n\r\ntoken=a"
    introspection = send(f"{legs.auth_server_url}/oauth/introspect", header + form, b"POST")
    photos = send(f"{legs.resource_api_url}/photos", header)

    assert status_of(introspection) == 401
    assert status_of(photos) == {b"Bearer": 400}.get(scheme, 401)
    assert b"WWW-Authenticate: Bearer".lower() in photos.lower()


@pytest.mark.parametrize("value", [UTF_8, LATIN_1], ids=["UTF-8", "Latin-1"])
@pytest.mark.parametrize("header", [name for name in HEADERS if name.startswith("X-")])
def test_headers_of_a_declared_proxy_may_have_any_bytes(
    header: str, value: bytes, legs_behind_a_proxy: Running
) -> None:
    line = header.encode() + b": " + value + b"\r\n"

    for url in pages_of(legs_behind_a_proxy):
        assert status_of(send(url, line)) < 500


@pytest.mark.parametrize(
    "line",
    [
        b"Cookie:\r\n",
        b"Cookie: \t \r\n",
        b"Authorization:\r\n",
        b"User-Agent:\r\n",
        b"X-Request-Id:\r\n",
        b"Origin:\r\n",
        b"Cookie: a=\x01\r\n",
        b"Cookie: a=\x00\r\n",
        b"Cookie: a=\x7f\r\n",
        b"Cookie: a=1\r\n b=2\r\n",
        b"User-Agent: a\tb\r\n",
        b"Zo\xeb: 1\r\n",
        b"Cookie : a=1\r\n",
        b": a\r\n",
        b"Cookie\r\n",
    ],
)
def test_an_unusual_header_gets_an_answer(line: bytes, legs: Running) -> None:
    for url in pages_of(legs):
        assert status_of(send(url, line)) < 500


def test_a_proxys_header_cannot_be_replaced_by_its_name_with_underscores(
    legs_behind_a_proxy: Running,
) -> None:
    """A proxy removes `X-Forwarded-Host` of clients, and does not know `X_Forwarded_Host`."""
    url = f"{legs_behind_a_proxy.auth_server_url}/login"
    answer = send(url, b"X_Forwarded_Host: mallory.example\r\n")

    assert status_of(answer) == 200


# What is stored and shown


def test_the_inspector_shows_the_header_as_it_was_sent(legs: Running) -> None:
    send(f"{legs.auth_server_url}/login", b"User-Agent: " + UTF_8 + b"\r\n")
    send(f"{legs.auth_server_url}/login", b"User-Agent: a" + LATIN_1 + b"\r\n")
    recording = Store(Path(legs.env["TRIPOD_INSTANCE_PATH"]) / "inspector.db")

    headers = [pair for exchange in recording.exchanges() for pair in exchange.request_headers]

    assert ("User-Agent", "Zoë") in headers
    assert ("User-Agent", "aZo\N{REPLACEMENT CHARACTER}") in headers


def test_signing_in_is_logged_and_listed_whatever_the_browser_sends(legs: Running) -> None:
    alice = Person("alice", "wonderland", Browser(WithForeignCookies(UTF_8 + b"=1", LATIN_1)))
    alice.go_through(f"{legs.client_app_url}/connect")

    activity = alice.browser.open(f"{legs.auth_server_url}/account/activity")

    assert "You signed in." in activity.text
    log = Path(legs.env["TRIPOD_INSTANCE_PATH"], "auth_server.events.jsonl").read_text()
    assert "signed_in" in {json.loads(line)["event"] for line in log.splitlines()}
    assert "Zo" not in log
