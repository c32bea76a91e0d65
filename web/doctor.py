"""Report common setup problems of any web application: `python app.py doctor`.

Each problem is one line that says how to solve it. The command starts and changes nothing.
`client_app/doctor.py` finds the problems that only a client of an authorization server can have.
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


def find_problems(
    settings: Collection[LegSettings], requirements: Path, http: requests.Session
) -> Iterator[str]:
    """Yield a line for each problem of the legs with these settings.

    `requirements` is the file with the pinned versions.
    """
    yield from check_library_versions(requirements)
    yield from _check_spellings(settings)
    running = [leg_settings for leg_settings in settings if is_served(leg_settings, http)]
    for leg_settings in settings:
        yield from _check_address(leg_settings, http, others_run=bool(running))
    yield from _check_cookie_names(running, http)


def is_served(settings: LegSettings, http: requests.Session) -> bool:
    """Return whether the leg answers at its address, healthy or not.

    Another program would answer without a request id.
    """
    try:
        return HEADER in http.get(f"{settings.url}/healthz").headers
    except requests.RequestException:
        return False


def check_library_versions(requirements: Path) -> Iterator[str]:
    """Yield a line for each installed library whose version is not the pinned one."""
    for name, pinned in _PIN.findall(requirements.read_text()):
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            # It is pinned for another platform, or importing it has failed already.
            continue
        if installed != pinned:
            yield f"{name} {installed} is installed, but {pinned} is pinned: run `make setup`."


def _check_spellings(settings: Collection[LegSettings]) -> Iterator[str]:
    hosts = {each.leg: urlsplit(each.url).hostname or "" for each in settings}
    if all(map(is_loopback, hosts.values())) and len(set(hosts.values())) > 1:
        spelled = ", ".join(f"{leg} {host}" for leg, host in hosts.items())
        yield (
            f"The legs use different names for loopback ({spelled}): "
            "use the same name in all TRIPOD_…_URL settings."
        )


def _check_address(
    settings: LegSettings, http: requests.Session, *, others_run: bool
) -> Iterator[str]:
    leg = settings.leg
    if is_served(settings, http):
        if http.get(f"{settings.url}/healthz").status_code != requests.codes.ok:
            yield f"{leg} runs at {settings.url}, but is not healthy: read its log."
        elif http.get(f"{settings.url}/").status_code == requests.codes.bad_request:
            yield (
                f"{leg} is reached at {settings.url}, but refuses this address: its event log has "
                "the origin that came. Check the proxy and TRIPOD_TRUSTED_PROXIES."
            )
    elif _is_taken(settings.bind_address):
        host, port = settings.bind_address
        yield (
            f"{host} port {port} is used by another program: stop that program, or set "
            f"TRIPOD_{leg.upper()}_URL to another port."
        )
    elif others_run:
        yield (
            f"{leg} does not answer at {settings.url}, but other legs run: "
            f"start it with `python app.py {leg.replace('_', '-')}`."
        )


def _is_taken(address: tuple[str, int]) -> bool:
    family = socket.AF_INET
    if ":" in address[0]:
        family = socket.AF_INET6
    with socket.socket(family) as probe:
        probe.settimeout(1)
        return probe.connect_ex(address) == 0


def _check_cookie_names(running: Collection[LegSettings], http: requests.Session) -> Iterator[str]:
    """Yield a line for each cookie name that two legs use.

    Browsers share cookies between the ports of one host, so these legs would sign each other's
    users out.
    """
    owners: dict[str, str] = {}
    for settings in running:
        for path in ("/", "/login"):
            for name in http.get(settings.url + path).cookies.get_dict():
                if owners.setdefault(name, settings.leg) != settings.leg:
                    yield (
                        f"{owners[name]} and {settings.leg} both set a cookie {name}: "
                        "give one of them another name."
                    )
