"""Parameters as they stand in an address or a form, but for what is masked: that stays readable."""

from collections.abc import Iterable
from urllib.parse import parse_qsl, quote

from inspector.record.exchange import Pairs
from inspector.record.limits import ELLIPSIS, PAIRS

#: Not encoded, since nothing is ambiguous with them in a query (RFC 3986 §3.4); the tilde is in every masked value.
SAFE = "/:@?,~"
#: Of these a masked value is made.
DOT = "•"


def read(text: str, *, is_whole: bool = True) -> tuple[Pairs, Pairs]:
    """The first of its fields, and a pair in place of the others. Of a text that was cut off, the last field is half a one."""
    fields = text.split("&", PAIRS)
    rest = fields[PAIRS:] or ([] if is_whole else [fields.pop()])
    number = f"{rest[0].count('&') + 1:,} more" if is_whole and rest else "more"
    more = [(ELLIPSIS, number)] if rest else []
    return parse_qsl("&".join(fields[:PAIRS]), keep_blank_values=True), more


def written(pairs: Iterable[tuple[str, str]], separator: str = "&") -> str:
    """`name=value&name=value`."""
    return separator.join(f"{quoted(name)}={quoted(value)}" for name, value in pairs)


def quoted(text: str, safe: str = SAFE) -> str:
    """As it stands there."""
    return quote(text, safe, errors="replace").replace(quote(DOT), DOT)
