"""An index of the browsers that belong to a sign-in at the authorization server.

The server reports the end of a sign-in from server to server, without the browser's cookie. The
index finds the browser: a record of the session store, encrypted as the others, under a digest of
`sid` or `sub`. An entry may name a browser that is no longer connected, so its reader checks the
connections.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from client_app.oauth import SignedToken
from client_app.session_store import SessionStore


@dataclass(frozen=True)
class SignInIndex:
    """The index in the session store."""

    store: SessionStore

    def add(self, id_token: SignedToken | None, browser: str) -> None:
        """Add the browser, to be found by the `sid` and by the `sub` of the ID token."""
        for key in _keys(id_token):
            self.store.change(key, lambda record: record.add_browser(browser))

    def remove(self, id_token: SignedToken | None, browser: str) -> None:
        """Remove the browser, which has no connection any more."""
        for key in _keys(id_token):
            self.store.change(key, lambda record: record.remove_browser(browser))

    def find(self, logout: dict[str, Any]) -> list[str]:
        """Return the browsers that the claims of a logout token may concern."""
        name = "sid" if "sid" in logout else "sub"
        return self.store.read(_key(name, logout[name])).browsers


def _keys(id_token: SignedToken | None) -> Iterator[str]:
    if id_token is None:
        return
    for name in ("sid", "sub"):
        value = id_token.claims.get(name)
        if isinstance(value, str):
            yield _key(name, value)


def _key(name: str, value: str) -> str:
    """Return a key that cannot be a browser's id, because ids contain no space."""
    return f"{name} {value}"
