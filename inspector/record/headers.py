"""The headers of a message as they are kept: those that say something here, masked."""

import base64
import binascii

from inspector.record.exchange import Pairs
from inspector.record.limits import ELLIPSIS, HEADER, PAIRS, TEXT, cut
from inspector.record.masking import Masker
from inspector.record.parameters import HEADERS, SESSION_COOKIES


def value(headers: Pairs, name: str) -> str:
    """Of the first header of that name; "" where there is none."""
    return next((each for key, each in headers if key.lower() == name.lower()), "")


def media_type(headers: Pairs) -> str:
    """Of a message, without its parameters."""
    return value(headers, "Content-Type").partition(";")[0].strip().lower()


def masked(masker: Masker, headers: Pairs) -> Pairs:
    """Those that are kept."""
    kept = ((name, _masked(masker, name.title(), each)) for name, each in headers[:PAIRS])
    return [(name, each) for name, each in kept if each is not None]


def shortened(headers: Pairs) -> Pairs:
    """Free texts, cut."""
    return [
        (name, cut(each, HEADER if name.title() in HEADERS else TEXT)) for name, each in headers
    ]


def _masked(masker: Masker, name: str, each: str) -> str | None:
    """The value as it is kept; None for headers that say nothing here."""
    match name:
        case "Authorization":
            return _authorization(masker, each)
        case "Cookie":
            return "; ".join(_cookies(masker, each))
        case "Set-Cookie":
            cookie, *attributes = each.split("; ")
            return "; ".join([_cookie(masker, cookie), *map(masker.text, attributes)])
        case "Location" | "Referer":
            return masker.address(each)
    return masker.text(each) if name in HEADERS else None


def _authorization(masker: Masker, each: str) -> str:
    scheme, _, credentials = each.partition(" ")
    match scheme.lower():
        case "bearer":
            masker.tie("token", credentials)
            return f"{scheme} {masker.secret(credentials)}"
        case "basic":
            return f"{scheme} {_basic(masker, credentials)}"
    return masker.password(each)


def _basic(masker: Masker, credentials: str) -> str:
    """Client and secret in HTTP Basic (RFC 7617 §2); browsers send a person and her password by it."""
    whole = masker.password(credentials)
    try:
        client_id, colon, secret = (
            base64.b64decode(credentials, validate=True).decode().partition(":")
        )
    except (binascii.Error, ValueError):
        return whole
    return f"{masker.text(client_id)}:{masker.generated(secret)}" if colon else whole


def _cookies(masker: Masker, each: str) -> list[str]:
    first = each.split("; ", PAIRS)
    return [
        *(_cookie(masker, cookie) for cookie in first[:PAIRS]),
        *([ELLIPSIS] if first[PAIRS:] else []),
    ]


def _cookie(masker: Masker, cookie: str) -> str:
    name, equals, each = cookie.partition("=")
    if not equals:
        return masker.secret(cookie)
    if name in SESSION_COOKIES:
        masker.tie("session", each)
    return f"{masker.name(name, each)}={masker.secret(each)}"
