"""Parameters as they stand in an address or a form, but for what is masked: that stays readable."""

from collections.abc import Iterable
from urllib.parse import quote

#: Not encoded, since nothing is ambiguous with them in a query (RFC 3986 §3.4); the tilde is in every masked value.
_SAFE = "/:@?,~"
_DOT = "•"


def written(pairs: Iterable[tuple[str, str]], separator: str = "&") -> str:
    """`name=value&name=value`."""
    return separator.join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs)


def _quoted(text: str) -> str:
    return quote(text, _SAFE, errors="replace").replace(quote(_DOT), _DOT)
