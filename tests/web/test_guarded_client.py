"""Requests to addresses that others chose reach public hosts only, and take little of any answer.

Each test sends a real request over TLS. An answer of the DNS is given to libcurl for a name.
"""

import gzip
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from world.tls_host import TlsHost, send

from web import guarded_client
from web.guarded_client import AddressRefused, GuardedClient
from web.http_client import NoResponse, UnreadableResponse
from web.public_addresses import is_public

PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 - refused
    "224.0.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "198.18.0.1",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001:0:7f00:1::1",
    "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::a00:1",
    "localhost",
    "",
]
#: libcurl's error for a scheme that it does not use.
UNSUPPORTED = "libcurl error 1$"
PUBLIC = ["93.184.215.14", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[TlsHost]:
    host = TlsHost(tmp_path)
    yield host
    host.close()


def fetch(client: GuardedClient, url: str, max_bytes: int = 100) -> bytes:
    return client.get(url, accept="application/json", max_bytes=max_bytes).content


@pytest.mark.parametrize("address", PRIVATE)
def test_other_addresses_than_public_ones_are_recognized(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_recognized(address: str) -> None:
    assert is_public(address)


def test_a_response_is_returned(host: TlsHost) -> None:
    host.answer = send(b'{"a": 1}', "Cache-Control: max-age=60")
    response = host.client().get(host.url(), accept="application/json", max_bytes=100)

    assert (response.status_code, response.content) == (200, b'{"a": 1}')
    assert response.headers["Cache-Control"] == "max-age=60"
    assert b"Accept: application/json\r\n" in host.requests[0]
    assert b"Accept-Encoding: identity\r\n" in host.requests[0]


def test_a_form_is_sent(host: TlsHost) -> None:
    response = host.client().post(host.url(), b"logout_token=abc")

    assert response.status_code == 200
    assert host.requests[0].startswith(b"POST /app.json")


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "10.1.2.3", "169.254.169.254"])
def test_a_name_with_a_private_address_is_refused(host: TlsHost, address: str) -> None:
    client = host.client(allows_loopback=False, address=address)

    with pytest.raises(AddressRefused):
        fetch(client, host.url())
    assert host.connections == 0


@pytest.mark.parametrize(
    "number",
    [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "0",
    ],
)
def test_loopback_written_as_a_number_is_refused(host: TlsHost, number: str) -> None:
    client = host.client(allows_loopback=False)

    with pytest.raises(AddressRefused):
        fetch(client, host.url(host=number))
    assert host.connections == 0


@pytest.mark.parametrize("name", ["localhost", "app.localhost", "LOCALHOST", "localhost."])
def test_a_name_of_loopback_is_refused(host: TlsHost, name: str) -> None:
    with pytest.raises(AddressRefused):
        fetch(host.client(allows_loopback=False), host.url(host=name))
    assert host.connections == 0


def test_each_of_several_addresses_is_checked(host: TlsHost) -> None:
    client = host.client(allows_loopback=False, address="10.0.0.1,127.0.0.1")

    with pytest.raises(AddressRefused):
        fetch(client, host.url())
    assert host.connections == 0


def test_an_answer_of_the_dns_that_changes_is_checked_again(host: TlsHost) -> None:
    """The address that is connected to is checked, whatever an earlier answer was."""
    assert fetch(host.client(), host.url()) == b"{}"
    moved = host.client(address="192.168.7.7")

    with pytest.raises(AddressRefused):
        fetch(moved, host.url())


def test_loopback_is_no_way_to_other_private_addresses(host: TlsHost) -> None:
    with pytest.raises(AddressRefused):
        fetch(host.client(address="10.0.0.1"), host.url())


def test_a_redirect_is_not_followed(host: TlsHost) -> None:
    host.answer = send(b"", f"Location: {host.url('/secret')}", status="302 Found")
    response = host.client().get(host.url(), accept="application/json")

    assert response.status_code == 302
    assert len(host.requests) == 1


def test_plain_http_is_for_loopback_in_the_demo(host: TlsHost) -> None:
    with pytest.raises(NoResponse, match=UNSUPPORTED):
        fetch(host.client(allows_loopback=False), f"http://127.0.0.1:{host.port}/")
    assert host.connections == 0


@pytest.mark.parametrize("scheme", ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://app/"])
def test_no_other_scheme_is_used(host: TlsHost, scheme: str) -> None:
    with pytest.raises(NoResponse, match=UNSUPPORTED):
        fetch(host.client(), scheme)


def test_a_proxy_of_the_environment_is_not_used(
    host: TlsHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert fetch(host.client(), host.url()) == b"{}"


def test_a_large_answer_is_refused(host: TlsHost) -> None:
    host.answer = send(b"a" * 101)

    with pytest.raises(UnreadableResponse):
        fetch(host.client(), host.url())


def test_an_answer_without_an_end_is_refused(host: TlsHost) -> None:
    def answer(connection: ssl.SSLSocket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        with suppress(OSError):
            while True:
                connection.sendall(b"a" * 4096)

    host.answer = answer

    with pytest.raises(UnreadableResponse):
        fetch(host.client(), host.url())


def test_endless_headers_are_refused(host: TlsHost) -> None:
    host.answer = send(b"{}", *(f"X-{number}: {'a' * 100}" for number in range(300)))

    with pytest.raises(UnreadableResponse):
        fetch(host.client(), host.url())


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "br", "deflate", "identity, gzip"])
def test_a_compressed_answer_is_refused(host: TlsHost, encoding: str) -> None:
    """A kilobyte can hold a megabyte."""
    host.answer = send(gzip.compress(b"{}"), f"Content-Encoding: {encoding}")

    with pytest.raises(UnreadableResponse, match="compressed"):
        fetch(host.client(), host.url())


def test_a_slow_answer_is_refused(host: TlsHost, monkeypatch: pytest.MonkeyPatch) -> None:
    def drip(connection: ssl.SSLSocket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n")
        with suppress(OSError):
            for _n in range(90):
                connection.sendall(b"a")
                time.sleep(0.05)

    monkeypatch.setattr(guarded_client, "ANSWERED_WITHIN_MS", 300)
    host.answer = drip
    begun = time.monotonic()

    with pytest.raises(NoResponse, match="timeout"):
        fetch(host.client(), host.url())
    assert time.monotonic() - begun < 2


def test_a_certificate_of_an_unknown_authority_is_refused(host: TlsHost) -> None:
    with pytest.raises(NoResponse, match="certificate not valid"):
        fetch(GuardedClient(allows_loopback=True), f"https://127.0.0.1:{host.port}/")
    assert host.requests == []


def test_a_request_carries_no_cookie_of_an_earlier_one(host: TlsHost) -> None:
    host.answer = send(b"{}", "Set-Cookie: a=b")
    client = host.client()
    fetch(client, host.url())
    fetch(client, host.url())

    assert b"Cookie" not in host.requests[1]
    assert host.connections == 2
