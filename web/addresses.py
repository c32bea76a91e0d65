"""Rules for hosts and URLs: loopback, the canonical spelling, and appended parameters."""

import re
import string
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from urllib.parse import SplitResult, quote, urlencode, urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}

#: The characters that `quote` keeps in a path, and in a query, where only `#` would end it.
_IN_PATH = "/:@!$&'()*+,;="
_IN_QUERY = string.punctuation.replace("#", "")
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")
_PORT = re.compile(r"[0-9]{1,5}")


class AddressError(ValueError):
    """An address breaks a rule.

    The message is the end of a sentence that starts with the name of the setting. It repeats no
    value that could hold a password.
    """


def is_loopback(host: str) -> bool:
    """Return whether `host` is this machine's loopback interface.

    `host` is a name or an IP address without brackets.
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def append_parameters(
    address: str, parameters: Mapping[str, str] | Sequence[tuple[str, str]]
) -> str:
    """Return `address`, unchanged, and after it the form-urlencoded parameters (RFC 6749 §3.1.2).

    The address has no fragment. A space is encoded as `%20`, because some programs do not decode
    `+`.
    """
    path, _, query = address.partition("?")
    if query and not query.endswith("&"):
        query += "&"
    return f"{path}?{query}{urlencode(parameters, quote_via=quote)}"


def escape_path(path: str | bytes) -> str:
    """Return a decoded `path` as it is written in an address (RFC 3986 §3.3)."""
    return quote(path, safe=_IN_PATH)


def escape_query(query: str | bytes) -> str:
    """Return `query` unchanged but for spaces, control characters and what is not ASCII."""
    return quote(query, safe=_IN_QUERY)


def split_url(value: str) -> SplitResult:
    """Return the parts of an http or https URL.

    :raises AddressError: when it has credentials, is not spelled as browsers spell it, or uses
        plain http outside loopback.
    """
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
        netloc = _spell_netloc(parts.scheme, host, parts.port)
    except ValueError:
        raise AddressError("is not a URL.") from None
    if "@" in parts.netloc:
        # The value is not repeated, because it holds a password.
        raise AddressError("must have no username or password in it.")
    if not _is_web_address(value, parts.scheme, host):
        raise AddressError(f"must be an http or https address, not {value!r}.")
    if parts.netloc != netloc:
        raise AddressError(
            "must be spelled as browsers do, in lower case and without a default port, "
            f"unlike {value!r}."
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise AddressError(f"must be https: plain http is for loopback only, not {value!r}.")
    return parts


def split_host_and_port(value: str) -> tuple[str, int]:
    """Return the host, without brackets, and the port of `host:port`.

    :raises AddressError: when it is not of this form, or the port is not from 1 to 65535.
    """
    host, colon, port = value.rpartition(":")
    bare_host = host.removeprefix("[").removesuffix("]")
    is_valid = colon and bare_host and _PORT.fullmatch(port) and 0 < int(port) < 65536
    if not is_valid:
        raise AddressError(f"must be host:port, such as 127.0.0.1:9000, not {value!r}.")
    return bare_host, int(port)


def listening_address(url: str) -> str:
    """Return `host:port` for a server that is reached at `url` without a proxy."""
    parts = urlsplit(url)
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    return f"{_add_brackets(parts.hostname or '')}:{port}"


def _is_web_address(value: str, scheme: str, host: str) -> bool:
    has_visible_ascii_only = re.fullmatch(r"[!-~]+", value) is not None
    return scheme in DEFAULT_PORTS and has_visible_ascii_only and bool(_HOST.fullmatch(host))


def _spell_netloc(scheme: str, host: str, port: int | None) -> str:
    """Return host and port as browsers write them, which is the same for every spelling."""
    if ":" in host:
        host = ip_address(host).compressed
    spelled = _add_brackets(host)
    if port and port != DEFAULT_PORTS.get(scheme):
        return f"{spelled}:{port}"
    return spelled


def _add_brackets(host: str) -> str:
    """Return `host` as it is written in a URL: an IPv6 address has brackets."""
    if ":" in host:
        return f"[{host}]"
    return host
