"""Which IP addresses a server may connect to when somebody else has chosen the host.

Otherwise such an address could make this server send requests into its own network (server-side
request forgery). A host name proves nothing, so the address that is connected to is checked.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

#: The unicast addresses of the Internet (RFC 4291 §2.4).
_GLOBAL_UNICAST = IPv6Network("2000::/3")
#: Addresses for protocols. Python 3.11 counts all but ten of them as global.
_PROTOCOLS = IPv4Network("192.0.0.0/24")
#: The last 32 bits are an IPv4 address, which a gateway connects to (RFC 6052 §2.1).
_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Return whether `address` is an IP address that anybody on the Internet can connect to.

    An IPv6 address that leads to an IPv4 address is as public as that one.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv4Address):
        return _is_public_ipv4(parsed)
    embedded = _find_embedded(parsed)
    if embedded is not None:
        return _is_public_ipv4(embedded)
    return parsed in _GLOBAL_UNICAST and parsed.is_global


def _is_public_ipv4(address: IPv4Address) -> bool:
    return address.is_global and not address.is_multicast and address not in _PROTOCOLS


def _find_embedded(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that packets to `address` are sent on to, or None."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
