"""How long a fetched document may be used, according to its headers (RFC 9111 §4.2)."""

from datetime import timedelta

from werkzeug.datastructures import Headers
from werkzeug.http import parse_age, parse_cache_control_header, parse_date

#: Shorter lifetimes would fetch the document again for each page of one authorization.
LEAST = timedelta(seconds=10)
MOST = timedelta(days=1)
#: The lifetime when no header states one.
USUAL = timedelta(minutes=5)


def find_lifetime(headers: Headers) -> timedelta:
    """Return how long a response with these headers may be used."""
    return max(LEAST, min(MOST, _stated_lifetime(headers) - _age(headers)))


def _stated_lifetime(headers: Headers) -> timedelta:
    control = parse_cache_control_header(headers.get("Cache-Control"))
    if control.no_store or control.no_cache:
        return LEAST
    if control.max_age is not None:
        return timedelta(seconds=min(control.max_age, MOST.total_seconds()))
    expires, date = parse_date(headers.get("Expires")), parse_date(headers.get("Date"))
    if "Expires" not in headers:
        return USUAL
    if expires is None or date is None:  # An invalid date means that the document has expired.
        return LEAST
    return expires - date


def _age(headers: Headers) -> timedelta:
    """Return how long the response was in other caches before it came here."""
    return min(MOST, parse_age(headers.get("Age")) or timedelta())
