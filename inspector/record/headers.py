"""Read the headers of a message, and mask those that are recorded."""

import base64
import binascii
from collections.abc import Callable

from inspector.record.exchange import Pairs
from inspector.record.limits import ELLIPSIS, FIELDS, HEADER, TEXT, cut
from inspector.record.masking import Masker
from inspector.record.parameter_kinds import Rule
from inspector.record.parameters import HEADERS, SESSION_COOKIES


def value(headers: Pairs, name: str) -> str:
    """Return the value of the first header with this name, or ""."""
    wanted = name.lower()
    for key, text in headers:
        if key.lower() == wanted:
            return text
    return ""


def media_type(headers: Pairs) -> str:
    """Return the media type of a message without its parameters."""
    return value(headers, "Content-Type").partition(";")[0].strip().lower()


def masked(masker: Masker, headers: Pairs) -> Pairs:
    """Return the headers that are recorded, masked."""
    found = [(name, _MASKS.get(name.title()), text) for name, text in headers[:FIELDS]]
    return [(name, mask(masker, text)) for name, mask, text in found if mask]


def shortened(headers: Pairs) -> Pairs:
    """Return the headers with their texts cut."""
    return [(name, _shortened(name, text)) for name, text in headers]


def _shortened(name: str, text: str) -> str:
    if len(text) > HEADER and _MASKS[name.title()] is Masker.text:
        return cut(text, HEADER)
    return cut(text, TEXT)


def _authorization(masker: Masker, text: str) -> str:
    scheme, _, credentials = text.partition(" ")
    match scheme.lower():
        case "bearer":
            return f"{scheme} {masker.named('access_token', credentials)}"
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


def _cookies(masker: Masker, text: str) -> str:
    cookies = text.split("; ", FIELDS)
    shown = [_cookie(masker, cookie) for cookie in cookies[:FIELDS]]
    if len(cookies) > FIELDS:
        shown.append(ELLIPSIS)
    return "; ".join(shown)


def _set_cookie(masker: Masker, text: str) -> str:
    cookie, *attributes = text.split("; ")
    return "; ".join([_cookie(masker, cookie), *map(masker.text, attributes)])


def _cookie(masker: Masker, cookie: str) -> str:
    name, equals, text = cookie.partition("=")
    if not equals:
        return masker.secret(cookie)
    if name in SESSION_COOKIES:
        masker.tie("session", text)
    return f"{masker.name(name, text)}={masker.secret(text)}"


#: How the value of each recorded header is masked. The names are in title case.
_MASKS: dict[str, Callable[[Masker, str], str]] = {
    **{name.title(): Masker.text for name, header in HEADERS.items() if header.rule is Rule.CLEAR},
    **{
        name.title(): Masker.address
        for name, header in HEADERS.items()
        if header.rule is Rule.ADDRESS
    },
    "Authorization": _authorization,
    "Cookie": _cookies,
    "Set-Cookie": _set_cookie,
}
#: The names of the recorded headers.
NAMES = frozenset(_MASKS)
