"""The table of scopes: what each one is called and what it allows (RFC 6749 §3.3).

To add a scope to this server, add one entry to `SCOPES`. The consent page, the account page, the
developer pages, the command line, the metadata and the error messages read this table.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from web import text


@dataclass(frozen=True, kw_only=True)
class Scope:
    """One scope, in words for the user.

    `title` heads its row on the consent page, and `explanation` follows it. `phrase` continues the
    sentence "Let this app …". `warning` is set when the scope allows the client to destroy data.
    `readable_path` is a path of the resource API that a token with this scope can read, if there is
    one. The programs on the developer pages request it.
    """

    name: str
    title: str
    explanation: str
    phrase: str
    warning: str = ""
    readable_path: str = ""


#: The scope of OpenID Connect, with which a client receives an ID token (Core §3.1.2.1).
OPENID = "openid"
#: The scope that lets a client know the name and the username of the user.
PROFILE = "profile"
#: The scope that lets a client know the email address of the user.
EMAIL = "email"

#: Each scope by its name. Pages list the scopes in this order.
SCOPES = {
    scope.name: scope
    for scope in (
        Scope(
            name=OPENID,
            title="Sign you in",
            explanation="It learns which account is yours and when you signed in here.",
            phrase="sign you in",
        ),
        Scope(
            name=PROFILE,
            title="Know who you are",
            explanation="It sees your name and your username.",
            phrase="know who you are",
            readable_path="/me",
        ),
        Scope(
            name=EMAIL,
            title="See your email address",
            explanation="It can write to you there.",
            phrase="see your email address",
        ),
        Scope(
            name="photos:read",
            title="See your photos",
            explanation="It can view and download them. It cannot change or delete them.",
            phrase="see your photos",
            readable_path="/photos",
        ),
        Scope(
            name="photos:write",
            title="Change your photos",
            explanation="It can add and rename photos, and delete them permanently.",
            phrase="change your photos",
            warning="Can delete photos",
        ),
    )
}


def scope_list(scope: str | None) -> list[str]:
    """Return the scope tokens of a space-delimited `scope`, without repetitions, in their order."""
    return text.split_scope(scope or "")


def scope_text(scopes: Iterable[str]) -> str:
    """Return `scopes` as a space-delimited string, in the order of the table."""
    wanted = set(scopes)
    return " ".join(name for name in SCOPES if name in wanted)


def is_within(scope: str | None, limit: str) -> bool:
    """Return whether `limit` contains every scope token of `scope`."""
    return set(scope_list(scope)) <= set(scope_list(limit))


def join_phrases(scopes: Iterable[str]) -> str:
    """Return what `scopes` allow, as one phrase: "know who you are and see your photos"."""
    phrases = [SCOPES[name].phrase for name in scopes]
    if len(phrases) < 2:
        return "".join(phrases)
    return f"{', '.join(phrases[:-1])} and {phrases[-1]}"
