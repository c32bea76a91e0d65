"""What would trip a newcomer, named before it does: `python app.py doctor`. Each complaint is one line, with its cure.

It starts nothing and changes nothing. Here is what any web application may suffer from; what only a client of an
authorization server can tell is in `client_app/doctor.py`.
"""

import re
import socket
from collections.abc import Collection, Iterator
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

import requests

from web.addresses import is_loopback
from web.leg_settings import LegSettings
from web.request_id import HEADER

_PIN = re.compile(r"^([a-z0-9-]+)(?:\[[a-z,-]+\])?==(\S+?)(?: ;.*)? \\$", re.MULTILINE)


def complaints(
    settings: Collection[LegSettings], requirements: Path, http: requests.Session
) -> Iterator[str]:
    """All of them, for legs with these settings; `requirements` is the file of pins."""
    yield from _library_versions(requirements)
    yield from _spellings(settings)
    running = [its for its in settings if is_served(its, http)]
    for its in settings:
        yield from _address(its, http, others_run=bool(running))
    yield from _cookie_names(running, http)


def is_served(settings: LegSettings, http: requests.Session) -> bool:
    """Whether the leg answers at its address, healthy or not: it alone puts a request id on its answers."""
    try:
        return HEADER in http.get(f"{settings.url}/healthz").headers
    except requests.RequestException:
        return False


def _library_versions(requirements: Path) -> Iterator[str]:
    for name, pinned in _PIN.findall(requirements.read_text()):
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # pinned for another platform, or its absence has been loud already
        if installed != pinned:
            yield f"{name} {installed} is installed, {pinned} is pinned: `make setup` installs what is pinned."


def _spellings(settings: Collection[LegSettings]) -> Iterator[str]:
    hosts = {its.leg: urlsplit(its.url).hostname or "" for its in settings}
    if all(map(is_loopback, hosts.values())) and len(set(hosts.values())) > 1:
        spelled = ", ".join(f"{leg} {host}" for leg, host in hosts.items())
        yield f"loopback is spelled in more than one way ({spelled}): use one of them in all TRIPOD_…_URL settings."


def _address(settings: LegSettings, http: requests.Session, *, others_run: bool) -> Iterator[str]:
    setting = f"TRIPOD_{settings.leg.upper()}_URL"
    if is_served(settings, http):
        if http.get(f"{settings.url}/healthz").status_code != requests.codes.ok:
            yield f"{settings.leg} answers at {settings.url}, but cannot serve: its log says why."
    elif _is_taken(settings.bind_address):
        host, port = settings.bind_address
        yield f"{host} port {port} is taken by another program: stop that one, or move {settings.leg} with {setting}."
    elif others_run:
        name = settings.leg.replace("_", "-")
        yield f"{settings.leg} does not answer at {settings.url}, others do: `python app.py {name}` starts it."


def _is_taken(address: tuple[str, int]) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET) as probe:
        probe.settimeout(1)
        return probe.connect_ex(address) == 0


def _cookie_names(running: Collection[LegSettings], http: requests.Session) -> Iterator[str]:
    """Browsers share cookies between the ports of one host: two legs with one name would sign each other out."""
    owners: dict[str, str] = {}
    for its in running:
        for path in ("/", "/login"):
            for name in http.get(its.url + path).cookies.keys():
                if owners.setdefault(name, its.leg) != its.leg:
                    yield f"{owners[name]} and {its.leg} both set a cookie {name}: give one of them another name."
