"""Read and write the parameters of an address or a form. Masked values stay readable."""

from collections.abc import Iterable
from urllib.parse import parse_qsl, quote

from inspector.record.exchange import Pairs
from inspector.record.limits import ELLIPSIS, FIELDS

#: Not encoded, since it is unambiguous in a query (RFC 3986 §3.4). A masked value has a tilde.
SAFE = "/:@?,~"
#: The character of masked values.
DOT = "•"


def read(text: str, *, is_whole: bool = True) -> tuple[Pairs, Pairs]:
    """Return the first fields, and one pair in place of the others, if there are any.

    The last field of an incomplete text is omitted, because it may be a part of a secret.
    """
    fields = text.split("&", FIELDS)
    rest = fields[FIELDS:]
    more: Pairs = []
    if rest and is_whole:
        more = [(ELLIPSIS, f"{rest[0].count('&') + 1:,} more")]
    elif not is_whole:
        more = [(ELLIPSIS, "more")]
        if not rest:
            fields.pop()
    return parse_qsl("&".join(fields[:FIELDS]), keep_blank_values=True), more


def written(pairs: Iterable[tuple[str, str]], separator: str = "&") -> str:
    """Return `name=value&name=value`."""
    return separator.join(f"{quoted(name)}={quoted(value)}" for name, value in pairs)


def quoted(text: str, safe: str = SAFE) -> str:
    """Return `text` encoded for a query, except the dots of masked values."""
    return quote(text, safe, errors="replace").replace(quote(DOT), DOT)
