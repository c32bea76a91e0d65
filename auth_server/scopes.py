"""The scopes, and the sentences that a person consents to (RFC 6749 §3.3)."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Scope:
    """One scope in a person's words; `warning` is set when it can do harm."""

    title: str
    hint: str
    warning: str = ""


SCOPES = {
    "profile": Scope("Know who you are", "Your name and your username."),
    "photos:read": Scope(
        "Look at your photos", "See and download them. Not change them, not delete them."
    ),
    "photos:write": Scope(
        "Change your photos",
        "Add new ones, rename them and delete them for good.",
        "Can delete photos",
    ),
}


def scope_list(scope: str | None) -> list[str]:
    """The scope tokens of a space-delimited `scope`, each once, in the order they came."""
    return list(dict.fromkeys((scope or "").split()))


def scope_text(scopes: Iterable[str]) -> str:
    """Space-delimited again, in the order in which this server declares them."""
    wanted = set(scopes)
    return " ".join(name for name in SCOPES if name in wanted)


def is_within(scope: str | None, limit: str) -> bool:
    """Whether every scope token of `scope` is one of `limit`'s."""
    return set(scope_list(scope)) <= set(scope_list(limit))
