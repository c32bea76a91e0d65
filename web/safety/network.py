"""Checks of the addresses of the legs, of the proxies in front of them, and of the metrics."""

import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from web.addresses import is_loopback
from web.safety.installation import Installation


def check_https(installation: Installation) -> Iterator[str]:
    """Check that every address is https, unless all legs are on loopback.

    A leg refuses plain http off loopback itself.
    """
    addresses = dict(installation.urls)
    if installation.client_app:
        addresses["TRIPOD_ISSUER"] = installation.client_app.issuer
    for name, url in addresses.items():
        if url.startswith("http:") and not installation.is_on_loopback:
            yield f"{name} is plain http, but other legs are not on loopback."


def check_separate_origins(installation: Installation) -> Iterator[str]:
    """Check that no two legs have the same address."""
    owners: dict[str, str] = {}
    for name, url in installation.urls.items():
        if owners.setdefault(url, name) != name:
            yield f"{owners[url]} and {name} are the same."


def check_listening(installation: Installation) -> Iterator[str]:
    """Check that only this machine and its private network reach the plain http of the legs."""
    for own in installation.settings:
        name = f"TRIPOD_{own.leg.upper()}_BIND"
        host = own.bind_address[0]
        if installation.is_on_loopback and not is_loopback(host):
            yield f"{name} listens beyond loopback, but its address is on loopback."
        elif not is_private(host):
            yield f"{name} listens on a public address or on all: name the one the proxy uses."


def check_proxies(installation: Installation) -> Iterator[str]:
    """Check that the number of proxies fits the addresses."""
    for own in installation.settings:
        if own.url.startswith("https:") and own.trusted_proxies == 0:
            yield f"{own.leg} is https, so a proxy is in front of it, and 0 are trusted."
            return
        if own.url.startswith("http:") and own.trusted_proxies > 0:
            yield f"{own.leg} is reached directly, so anybody can send X-Forwarded-For: trust 0."
            return


def check_metrics(installation: Installation) -> Iterator[str]:
    """Check that the metrics are not public."""
    for host in {own.metrics_bind[0] for own in installation.settings if own.metrics_bind}:
        if not is_private(host):
            yield "TRIPOD_METRICS_BIND is a public address or all: use loopback or a private one."


def is_private(host: str) -> bool:
    """Return whether `host` is one address that the public network does not reach."""
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return all(map(_is_private_address, found))


def _is_private_address(text: str | int) -> bool:
    address: IPv4Address | IPv6Address = ip_address(str(text).partition("%")[0])
    return address.is_private and not address.is_unspecified


def is_on_this_machine(host: str) -> bool:
    """Return whether connections to `host` stay on this machine."""
    return not host or is_loopback(urlsplit(f"//{host}").hostname or host)
