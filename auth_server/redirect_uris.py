"""Redirect URIs: which may be registered, and when a presented one matches a registered one.

They must match exactly, character by character (RFC 9700 §2.1). There is one exception (RFC 8252
§7.3): a public client's http URI on a loopback address may differ in its port, since a native app
uses any port that is free.
"""

import re
from collections.abc import Iterable
from itertools import takewhile
from urllib.parse import SplitResult, urlsplit

from web.addresses import is_loopback

MAX_ADDRESS = 2000

_PRINTABLE_ASCII = re.compile(r"[!-~]+")
_LOOPBACK_URI = re.compile(
    r"http://(?P<host>127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?(?P<rest>[/?][!-~]*|)"
)


def objection_to(uri: str) -> str | None:
    """Return why `uri` must not be registered, as a sentence, or None."""
    if objection := _objection_to_address(uri, "A redirect URI"):
        return objection
    if "#" in uri or "@" in urlsplit(uri).netloc or "*" in uri:
        return "A redirect URI has no fragment, no user name and no wildcard."
    return None


def objection_to_homepage(address: str) -> str | None:
    """Return why `address` must not be shown as a homepage, as a sentence, or None.

    A client may be registered without a homepage.
    """
    if not address:
        return None
    if objection := _objection_to_address(address, "A homepage"):
        return objection
    if "@" in urlsplit(address).netloc:
        return "A homepage has no user name in it."
    return None


def matches(presented_uri: str, registered: Iterable[str], *, is_public: bool) -> bool:
    """Return whether `presented_uri` matches one of the registered URIs."""
    return any(
        presented_uri == uri or (is_public and _differ_in_loopback_port_only(presented_uri, uri))
        for uri in registered
    )


def first_difference(presented_uri: str, expected: Iterable[str]) -> int:
    """Return where `presented_uri` departs from the most similar of `expected`; 1 is the start."""
    return 1 + max((_common_prefix_length(presented_uri, uri) for uri in expected), default=0)


def _common_prefix_length(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _objection_to_address(address: str, what: str) -> str | None:
    if not _PRINTABLE_ASCII.fullmatch(address) or "\\" in address or '"' in address:
        return f"{what} is printable ASCII without spaces, quotes or backslashes."
    if len(address) > MAX_ADDRESS:
        return f"{what} has at most {MAX_ADDRESS} characters."
    parts = _split(address)
    if parts is None or not parts.hostname or parts.scheme not in ("https", "http"):
        return f"{what} is an absolute https address, or http on loopback."
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        return "Plain http is for loopback only; use https."
    return None


def _differ_in_loopback_port_only(presented_uri: str, registered_uri: str) -> bool:
    presented, registered = (
        _LOOPBACK_URI.fullmatch(presented_uri),
        _LOOPBACK_URI.fullmatch(registered_uri),
    )
    if presented is None or registered is None:
        return False
    return (presented["host"], presented["rest"]) == (registered["host"], registered["rest"])


def _split(uri: str) -> SplitResult | None:
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return None
    return parts
