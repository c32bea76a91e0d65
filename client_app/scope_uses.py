"""What Print Shop does with each scope: the only words about scopes in this leg.

The start page, the album and the pages that ask for a missing scope use this table. A scope that
is not in it works too; these pages then show its name. So a new scope of the authorization server
needs no change here.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class ScopeUse:
    """The words for one scope.

    `action` continues the sentence "Print Shop may …". `benefit` is an entry of the list of what
    Print Shop gets, on the start page.
    """

    action: str
    benefit: str


SCOPE_USES = {
    "openid": ScopeUse("recognize your account", "An identifier of your account"),
    "profile": ScopeUse("know your name", "Your name, to put on the parcel"),
    "email": ScopeUse("know your email address", "Your email address"),
    "photos:read": ScopeUse("look at your photos", "A look at your album, to print from"),
    "photos:write": ScopeUse("add, rename and delete photos", "Changes to your photos"),
}


def use_of(scope: str) -> ScopeUse:
    """Return the words for `scope`; for a scope without an entry, words with its name."""
    return SCOPE_USES.get(scope) or ScopeUse(f"use “{scope}”", f"What “{scope}” allows")


def uses_of(scopes: Iterable[str]) -> list[ScopeUse]:
    """Return the words for each of `scopes`, in the same order."""
    return [use_of(scope) for scope in scopes]


def other_uses(scopes: Iterable[str]) -> list[ScopeUse]:
    """Return the words for the scopes of the table that are not among `scopes`."""
    return uses_of(scope for scope in SCOPE_USES if scope not in set(scopes))
