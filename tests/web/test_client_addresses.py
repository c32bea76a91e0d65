"""Which addresses count as one client, and how an address is shown."""

import pytest

from web.client_addresses import find_ip_address, find_network

#: What a server or a proxy passes, the address that is shown, and the network that is counted.
SPELLINGS = [
    ("192.0.2.1", "192.0.2.1", "192.0.2.1"),
    ("192.0.2.1:50000", "192.0.2.1", "192.0.2.1"),
    (" 192.0.2.1 ", "192.0.2.1", "192.0.2.1"),
    ("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1"),
    ("::FFFF:c000:201", "192.0.2.1", "192.0.2.1"),
    ("[::ffff:192.0.2.1]:50000", "192.0.2.1", "192.0.2.1"),
    ("2001:db8:1:2:3::9", "2001:db8:1:2:3::9", "2001:db8:1:2::/64"),
    ("2001:0DB8:0001:2:ffff:0:0:1", "2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
    ("[2001:db8:1:2::9]", "2001:db8:1:2::9", "2001:db8:1:2::/64"),
    ("[2001:db8:1:2::9]:443", "2001:db8:1:2::9", "2001:db8:1:2::/64"),
    ("2001:db8:1:2:3:4:5:6:443", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
    ("fe80::9%eth0", "fe80::9", "fe80::/64"),
    ("[fe80::9%Zoë]:443", "fe80::9", "fe80::/64"),
    ("::1", "::1", "::/64"),
]
GARBAGE = [
    "",
    "unknown",
    "_hidden",
    ":",
    "[",
    "[]:1",
    "%",
    "192.0.2",
    "1" * 300,
    "\0",
    "192.0.2.1:a:b",
]


@pytest.mark.parametrize(("text", "shown", "counted"), SPELLINGS)
def test_every_spelling_of_an_address_counts_as_one(text: str, shown: str, counted: str) -> None:
    assert find_ip_address(text) == shown
    assert find_network(text) == counted


@pytest.mark.parametrize("text", GARBAGE)
def test_all_texts_without_an_address_count_as_one(text: str) -> None:
    assert find_ip_address(text) is None
    assert find_network(text) == "unknown"


def test_the_next_network_of_ipv6_counts_apart() -> None:
    assert find_network("2001:db8:1:2::9") != find_network("2001:db8:1:3::9")
