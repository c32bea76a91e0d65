"""What may be registered of a client (RFC 7591 §2). An objection is a sentence, kept with the field that it is about."""

from collections.abc import Sequence

from auth_server import redirect_uris as uris
from auth_server.scopes import SCOPES, scope_list

MAX_NAME = 100
MAX_REDIRECT_URIS = 20


def objections(
    *, name: str, homepage: str, redirect_uris: Sequence[str], scope: str
) -> dict[str, str]:
    """Why this must not be registered, by field and in the order of the form; empty when it may."""
    found = {
        "name": objection_to_name(name),
        "homepage": uris.objection_to_homepage(homepage) if homepage else None,
        "redirect_uris": _objection_to_redirect_uris(redirect_uris),
        "scope": _objection_to_scope(scope),
    }
    return {field: objection for field, objection in found.items() if objection}


def objection_to_name(name: str) -> str | None:
    """Why nobody should be asked to trust something of that name."""
    is_good = name.strip() and len(name) <= MAX_NAME and name.isprintable()
    return None if is_good else f"A name is 1 to {MAX_NAME} printable characters."


def _objection_to_redirect_uris(redirect_uris: Sequence[str]) -> str | None:
    if not redirect_uris:
        return "A client needs at least one redirect URI."
    if len(redirect_uris) > MAX_REDIRECT_URIS:
        return f"A client has at most {MAX_REDIRECT_URIS} redirect URIs."
    for uri in redirect_uris:
        if objection := uris.objection_to(uri):
            return f"{uri[:200]!r}: {objection}"
    return None


def _objection_to_scope(scope: str) -> str | None:
    unknown = set(scope_list(scope)) - set(SCOPES)
    return (
        f"The scope is one or more of: {' '.join(SCOPES)}."
        if unknown or not scope.strip()
        else None
    )
