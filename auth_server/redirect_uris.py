"""Redirect URIs: which may be registered, and when a presented one matches a registered one.

They must match exactly, character by character (RFC 9700 §2.1). There is one exception (RFC 8252
§7.3): a public client's http URI on loopback may differ in its port, since a native app uses any
port that is free. That includes `localhost`, which command-line tools register.

A public client may also have a private-use URI scheme, which opens an app on the user's device (RFC
8252 §7.1). The RFC writes it with one slash, `com.example.app:/callback`; many apps have two.
"""

import re
from collections.abc import Iterable
from itertools import takewhile
from urllib.parse import SplitResult, parse_qsl, urlsplit

from web.addresses import is_loopback

MAX_ADDRESS = 2000

#: The parameters of an authorization response: RFC 6749 §4.1.2 and §4.2.2, RFC 9207, JARM, OpenID
#: Connect Core and Session Management.
RESPONSE_PARAMETERS = frozenset(
    {
        *("code", "state", "iss", "error", "error_description", "error_uri"),
        *("access_token", "token_type", "expires_in", "scope"),
        *("id_token", "session_state", "response"),
    }
)

_PRINTABLE_ASCII = re.compile(r"[!-~]+")
_LOOPBACK_URI = re.compile(
    r"http://(?P<host>127\.0\.0\.1|\[::1\]|localhost)(:[0-9]{1,5})?(?P<rest>[/?][!-~]*|)"
)
#: Host and port of a web address: a name, an IPv4 address, or an IPv6 address without a zone.
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|(?=[._-]*[a-z0-9])[a-z0-9._-]+)(:[0-9]*)?", re.I)
#: A domain name in reverse order, with a period in it (RFC 8252 §7.1, §8.4). It does not begin like
#: a scheme that browsers handle themselves.
_PRIVATE_USE_URI = re.compile(
    r"(?!(http[a-z0-9-]*|wss?|ftp|file|filesystem|data|blob|about|javascript|vbscript)\.)"
    r"[a-z][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)+:/[!-~]*",
    re.IGNORECASE,
)


def objection_to(uri: str, *, is_public: bool) -> str | None:
    """Return why a client must not register `uri`, as a sentence, or None."""
    if objection := _objection_to_characters(uri, "A redirect URI"):
        return objection
    if objection := _objection_to_scheme(uri, is_public=is_public):
        return objection
    if "#" in uri or "@" in urlsplit(uri).netloc or "*" in uri:
        return "A redirect URI must not have a fragment, a user name or a wildcard."
    if name := find_response_parameter(uri):
        return f"Its query has {name}, which is a parameter of the authorization response."
    return None


def is_private_use(uri: str) -> bool:
    """Return whether `uri` opens an app on the user's device by a private-use URI scheme."""
    return bool(_PRIVATE_USE_URI.fullmatch(uri))


def find_response_parameter(uri: str) -> str | None:
    """Return the first parameter in the query of `uri` that the server would append, or None.

    A parameter must not be in the response more than once (RFC 6749 §3.1).
    """
    # Some programs also read `;` as a separator.
    query = uri.partition("?")[2].replace(";", "&")
    names = (name for name, _ in parse_qsl(query, keep_blank_values=True))
    return next((name for name in names if name in RESPONSE_PARAMETERS), None)


def objection_to_page(address: str, what: str) -> str | None:
    """Return why `address` must not be shown as a page of a client, as a sentence, or None.

    `what` begins the sentence: "A homepage". A client may be registered without a page.
    """
    if not address:
        return None
    if objection := _objection_to_characters(address, what):
        return objection
    rule = f"{what} is an absolute https address, or http on loopback."
    if objection := _objection_to_web_address(address, rule):
        return objection
    if "@" in urlsplit(address).netloc:
        return f"{what} has no user name in it."
    return None


def objection_to_endpoint(address: str) -> str | None:
    """Return why this server must not send requests to `address`, as a sentence, or None.

    The client may have none. The IP address is checked when a request is sent.
    """
    if objection := objection_to_page(address, "A logout address"):
        return objection
    if "#" in address:
        return "A logout address has no fragment."
    return None


def objection_to_resource_address(address: str) -> str | None:
    """Return why a resource server must not be registered at `address`, as a sentence, or None."""
    if objection := _objection_to_characters(address, "A resource"):
        return objection
    rule = (
        "A resource is an absolute https address, or http on loopback, without query or fragment."
    )
    if objection := _objection_to_web_address(address, rule):
        return objection
    if any(character in address for character in "?#@"):
        return rule
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


def _objection_to_characters(address: str, what: str) -> str | None:
    if not _PRINTABLE_ASCII.fullmatch(address) or "\\" in address or '"' in address:
        return f"{what} is printable ASCII without spaces, quotes or backslashes."
    if len(address) > MAX_ADDRESS:
        return f"{what} has at most {MAX_ADDRESS} characters."
    return None


def _objection_to_scheme(uri: str, *, is_public: bool) -> str | None:
    if not is_private_use(uri) or _split(uri) is None:
        return _objection_to_web_address(
            uri,
            "A redirect URI is an absolute https address, http on loopback, or, for an app on the "
            "user's device, a scheme with a period, as in com.example.app:/callback.",
        )
    if not is_public:
        return (
            "Only a public client may use a private-use scheme. "
            "Use https, or register a public client."
        )
    return None


def _objection_to_web_address(address: str, rule: str) -> str | None:
    parts = _split(address)
    if parts is None or parts.scheme not in ("https", "http"):
        return rule
    if not _AUTHORITY.fullmatch(parts.netloc.rpartition("@")[2]):
        return rule
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        return "Plain http is for loopback only; use https."
    return None


def _differ_in_loopback_port_only(presented_uri: str, registered_uri: str) -> bool:
    presented, registered = map(_LOOPBACK_URI.fullmatch, (presented_uri, registered_uri))
    if presented is None or registered is None or _split(presented_uri) is None:
        return False
    return (presented["host"], presented["rest"]) == (registered["host"], registered["rest"])


def _split(uri: str) -> SplitResult | None:
    """Return the parts of `uri`, or None when it has none, or its port is not from 1 to 65535."""
    try:
        parts = urlsplit(uri)
        has_valid_port = parts.port != 0
    except ValueError:
        return None
    if not has_valid_port:
        return None
    return parts
