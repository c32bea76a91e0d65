"""TRIPOD_TRUSTED_PROXIES: forwarded headers are used only from declared proxies."""

import pytest
import requests

URL = "http://127.0.0.1:9000"
FORWARDED = {
    "X-Forwarded-For": "203.0.113.9, 198.51.100.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "id.example",
}


def test_forwarded_headers_are_ignored_by_default(http: requests.Session) -> None:
    response = http.post(f"{URL}/machine", headers=FORWARDED)

    assert response.json() == {"address": "127.0.0.1", "root": f"{URL}/"}


@pytest.mark.settings(
    AUTH_SERVER_URL="https://id.example", AUTH_SERVER_BIND="127.0.0.1:9000", TRUSTED_PROXIES="1"
)
def test_a_declared_proxy_sets_the_address_and_the_host(http: requests.Session) -> None:
    """The proxy adds the last address. The client can forge the others."""
    response = http.post(f"{URL}/machine".replace("127.0.0.1", "localhost"), headers=FORWARDED)

    assert response.json() == {"address": "198.51.100.7", "root": "https://id.example/"}


@pytest.mark.settings(
    AUTH_SERVER_URL="https://id.example", AUTH_SERVER_BIND="127.0.0.1:9000", TRUSTED_PROXIES="2"
)
def test_two_declared_proxies_use_the_second_last_address(http: requests.Session) -> None:
    twice = {name: f"{value}, {value}" for name, value in FORWARDED.items()}

    response = http.post(
        "http://localhost:9000/machine",
        headers=twice | {"X-Forwarded-For": "203.0.113.9, 10.0.0.2"},
    )

    assert response.json()["address"] == "203.0.113.9"


@pytest.mark.settings(TRUSTED_PROXIES="1")
@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("203.0.113.9:50000", "203.0.113.9"),
        ("2001:db8::9", "2001:db8::9"),
        ("[2001:db8::9]:50000", "2001:db8::9"),
        ("unknown", "127.0.0.1"),
        ("_hidden", "127.0.0.1"),
        ("Zo\xc3\xab", "127.0.0.1"),
        ("fe80::9%Zo\xc3\xab", "fe80::9"),
        ("9" * 300, "127.0.0.1"),
        ("<b>", "127.0.0.1"),
    ],
)
def test_the_address_of_a_client_is_always_an_ip_address(
    http: requests.Session, forwarded: str, address: str
) -> None:
    """Otherwise the address is that of the proxy, because it is stored and shown."""
    headers = {"X-Forwarded-For": f"10.0.0.1, {forwarded}", "X-Forwarded-Proto": "http"}

    response = http.post(f"{URL}/machine", headers=headers)

    assert response.json()["address"] == address
