"""Checks of a request's parameters that the authorization and the token endpoint share.

`resource` says where the client wants to use its tokens (RFC 8707 §2). Here only its form is
checked.
"""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from auth_server.errors import InvalidRequest
from auth_server.reasons import Reason

RESOURCE = "resource"
#: The characters of an absolute URI (RFC 3986 §4.3), which has no fragment.
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?:[\w.~!$&'()*+,;=:@/?\[\]-]|%[0-9A-Fa-f]{2})+", re.A)


Values = Mapping[str, Sequence[str]]


def objection_to_repetition(parameters: Values, *, repeatable: str = "") -> InvalidRequest | None:
    """Return the error if a parameter other than `repeatable` is repeated (RFC 6749 §3.1, §3.2)."""
    if all(len(values) == 1 or name == repeatable for name, values in parameters.items()):
        return None
    return InvalidRequest(
        Reason.DUPLICATED_PARAMETER, "A parameter must not be included more than once."
    )


def objection_to_resource(parameters: Values) -> InvalidRequest | None:
    """Return the error if a `resource` is not an absolute URI. An empty one counts as omitted."""
    if all(_is_absolute_uri(value) for value in parameters.get(RESOURCE, ()) if value):
        return None
    return InvalidRequest(
        Reason.MALFORMED_RESOURCE,
        "resource must be an absolute URI without a fragment.",
        "invalid_target",
    )


def _is_absolute_uri(value: str) -> bool:
    if not _URI.fullmatch(value):
        return False
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return False
    return bool(parts.hostname) or parts.scheme not in ("http", "https")
