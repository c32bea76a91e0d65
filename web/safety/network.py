"""Checks of the addresses of the legs, of the proxies in front of them, and of the metrics."""

import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from web.addresses import is_loopback
from web.safety.installation import Installation

#: A request passes at most this many. If the number is too large, a client can choose its own
#: address with an `X-Forwarded-For` header.
MOST_PROXIES = 5
_USE_A_PRIVATE_ADDRESS = "set the private address that the proxy connects to."
_USE_LOOPBACK = "set a loopback or a private address."
_SET_THE_NUMBER = "set TRIPOD_TRUSTED_PROXIES to the number of proxies."
_SET_ZERO = "set TRIPOD_TRUSTED_PROXIES=0, or any client can forge its address."


def check_https(installation: Installation) -> Iterator[str]:
    """Check that every address is https, unless all legs are on loopback.

    A leg refuses plain http off loopback itself.
    """
    addresses = dict(installation.urls)
    if installation.client_app:
        addresses["TRIPOD_ISSUER"] = installation.client_app.issuer
    for name, url in addresses.items():
        if url.startswith("http:") and not installation.is_on_loopback:
            yield f"{name} is plain http, but not every leg is on loopback: use https."


def check_separate_origins(installation: Installation) -> Iterator[str]:
    """Check that no two legs have the same address."""
    owners: dict[str, str] = {}
    for name, url in installation.urls.items():
        if owners.setdefault(url, name) != name:
            yield f"{owners[url]} and {name} are the same: each leg needs its own address."


def check_listening(installation: Installation) -> Iterator[str]:
    """Check that only this machine and its private network reach the plain http of the legs."""
    for own in installation.settings:
        name = f"TRIPOD_{own.leg.upper()}_BIND"
        host = own.bind_address[0]
        if installation.is_on_loopback and not is_loopback(host):
            yield f"{name} is not on loopback, but the URL of the leg is: listen on loopback."
        elif not is_private(host):
            yield f"{name} is a public address, or all of them: {_USE_A_PRIVATE_ADDRESS}"
    yield from _find_shared(installation)


def _find_shared(installation: Installation) -> Iterator[str]:
    """Yield which legs or metrics listen at one address: one gets the requests for the other."""
    binds = {f"TRIPOD_{own.leg.upper()}_BIND": own.bind_address for own in installation.settings}
    for own in installation.settings:
        if own.metrics_bind:
            binds["TRIPOD_METRICS_BIND"] = own.metrics_bind
    owners: dict[tuple[str, int], str] = {}
    for name, (host, port) in binds.items():
        others = {owners.setdefault((each, port), name) for each in _find_addresses(host)}
        for other in sorted(others - {name}):
            yield f"{other} and {name} are the same: each needs a port of its own."


def check_proxies(installation: Installation) -> Iterator[str]:
    """Check that the number of proxies fits the addresses."""
    for own in installation.settings:
        if own.trusted_proxies > MOST_PROXIES:
            too_many = f"{own.trusted_proxies}, more than {MOST_PROXIES}"
            yield f"TRIPOD_TRUSTED_PROXIES is {too_many}: {_SET_THE_NUMBER}"
            return
        if own.url.startswith("https:") and own.trusted_proxies == 0:
            yield f"{own.leg} has an https URL, so it is behind a proxy: {_SET_THE_NUMBER}"
            return
        if own.url.startswith("http:") and own.trusted_proxies > 0:
            yield f"{own.leg} has an http URL, so it is not behind a proxy: {_SET_ZERO}"
            return


def check_metrics(installation: Installation) -> Iterator[str]:
    """Check that the metrics are not public."""
    for host in {own.metrics_bind[0] for own in installation.settings if own.metrics_bind}:
        if not is_private(host):
            yield f"TRIPOD_METRICS_BIND is a public address, or all of them: {_USE_LOOPBACK}"


def is_private(host: str) -> bool:
    """Return whether `host` is one address that the public network does not reach."""
    found = _find_addresses(host)
    return bool(found) and all(map(_is_private_address, found))


def _find_addresses(host: str) -> set[str]:
    """Return the IP addresses of `host`; none when it is unknown."""
    try:
        return {str(info[4][0]) for info in socket.getaddrinfo(host, None)}
    except OSError:
        return set()


def _is_private_address(text: str) -> bool:
    address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_private and not address.is_unspecified


def is_on_this_machine(host: str) -> bool:
    """Return whether connections to `host` stay on this machine."""
    return not host or is_loopback(urlsplit(f"//{host}").hostname or host)
