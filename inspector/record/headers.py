"""Read the headers of a message, and mask those that are recorded."""

import base64
import binascii

from inspector.record.exchange import Pairs
from inspector.record.limits import ELLIPSIS, FIELDS, HEADER, TEXT, cut
from inspector.record.masking import Masker
from inspector.record.parameters import SESSION_COOKIES, Rule, find_header


def value(headers: Pairs, name: str) -> str:
    """Return the value of the first header with this name, or ""."""
    return next((text for key, text in headers if key.lower() == name.lower()), "")


def media_type(headers: Pairs) -> str:
    """Return the media type of a message without its parameters."""
    return value(headers, "Content-Type").partition(";")[0].strip().lower()


def masked(masker: Masker, headers: Pairs) -> Pairs:
    """Return the headers that are recorded, masked."""
    found = [(name, _masked(masker, name, text)) for name, text in headers[:FIELDS]]
    return [(name, text) for name, text in found if text is not None]


def shortened(headers: Pairs) -> Pairs:
    """Return the headers with their texts cut."""
    return [(name, cut(text, _limit(name))) for name, text in headers]


def _limit(name: str) -> int:
    header = find_header(name)
    if header and header.rule is Rule.CLEAR:
        return HEADER
    return TEXT


def _masked(masker: Masker, name: str, text: str) -> str | None:
    """Return the value masked, or None for a header that is not recorded."""
    match name.title():
        case "Authorization":
            return _authorization(masker, text)
        case "Cookie":
            return "; ".join(_cookies(masker, text))
        case "Set-Cookie":
            cookie, *attributes = text.split("; ")
            return "; ".join([_cookie(masker, cookie), *map(masker.text, attributes)])
    header = find_header(name)
    if header is None:
        return None
    if header.rule is Rule.ADDRESS:
        return masker.address(text)
    return masker.text(text)


def _authorization(masker: Masker, text: str) -> str:
    scheme, _, credentials = text.partition(" ")
    match scheme.lower():
        case "bearer":
            masker.tie("token", credentials)
            return f"{scheme} {masker.secret(credentials)}"
        case "basic":
            return f"{scheme} {_basic(masker, credentials)}"
    return masker.password(text)


def _basic(masker: Masker, credentials: str) -> str:
    """Mask the credentials of HTTP Basic (RFC 7617 §2), which may be those of a user."""
    whole = masker.password(credentials)
    try:
        decoded = base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, ValueError):
        return whole
    client_id, colon, secret = decoded.partition(":")
    if not colon:
        return whole
    return f"{masker.text(client_id)}:{masker.generated(secret)}"


def _cookies(masker: Masker, text: str) -> list[str]:
    cookies = text.split("; ", FIELDS)
    shown = [_cookie(masker, cookie) for cookie in cookies[:FIELDS]]
    if len(cookies) > FIELDS:
        shown.append(ELLIPSIS)
    return shown


def _cookie(masker: Masker, cookie: str) -> str:
    name, equals, text = cookie.partition("=")
    if not equals:
        return masker.secret(cookie)
    if name in SESSION_COOKIES:
        masker.tie("session", text)
    return f"{masker.name(name, text)}={masker.secret(text)}"
