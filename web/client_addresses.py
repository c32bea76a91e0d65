"""The IP address of a client: how it is shown, and which addresses count as one client."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from flask import Flask, request

#: A client usually has all IPv6 addresses that begin with the same 64 bits (RFC 6177).
IPV6_PREFIX = 64


def init_app(app: Flask) -> None:
    """Let `request.remote_addr` be an IP address as it is shown, or the text that the server set.

    A server that listens on IPv6 and IPv4 shows `::ffff:192.0.2.1` for the client `192.0.2.1`.
    """

    @app.before_request
    def shorten_address() -> None:
        request.remote_addr = find_ip_address(request.remote_addr or "") or request.remote_addr


def find_ip_address(text: str) -> str | None:
    """Return the IP address in the text, or None.

    The text may have a port, brackets and a zone. An IPv4-mapped IPv6 address is returned as IPv4.
    """
    address = _parse(text)
    if address is None:
        return None
    return str(address)


def find_network(text: str) -> str:
    """Return the network of the IP address in the text: all its addresses count as one client.

    That is the IPv4 address, or the /64 of the IPv6 address. All texts without an IP address count
    as one client, too: otherwise each new text would be a new client.
    """
    address = _parse(text)
    if address is None:
        return "unknown"
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((address, IPV6_PREFIX), strict=False))


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    before_port = text.rpartition(":")[0]
    for spelling in (text, before_port):
        # A zone is text that its sender chooses.
        bare = spelling.strip().removeprefix("[").removesuffix("]").partition("%")[0]
        try:
            address = ip_address(bare)
        except ValueError:
            continue
        return getattr(address, "ipv4_mapped", None) or address
    return None
