"""The ids in the browser's cookie, which Flask signs. The cookie contains no tokens.

`browser` is the key of the record on the server and stays the same. `connection` is the key of the
tokens in that record; it is new for each connection. The cookie also contains the CSRF token.
"""

import secrets

from flask import current_app, request, session
from flask_wtf.csrf import generate_csrf


def ensure_browser_id() -> str:
    """Return the id of this browser; create it at the first visit."""
    if "browser" not in session:
        session["browser"] = secrets.token_urlsafe(32)
        # Create the CSRF token now. A later page that sets the cookie for it could overwrite a
        # newer cookie that another tab has received.
        generate_csrf()
    return browser_id()


def browser_id() -> str:
    """Return the id of this browser; before its first visit an empty one, which has no record."""
    browser: str = session.get("browser", "")
    return browser


def has_cookie() -> bool:
    """Return whether the browser sent the cookie, readable or not."""
    return current_app.config["SESSION_COOKIE_NAME"] in request.cookies


def connection_id() -> str | None:
    """Return the connection id in the cookie; the server may have deleted that connection."""
    return session.get("connection")


def store_connection_id(connection: str) -> None:
    """Store the id of a new connection in the cookie."""
    session["connection"] = connection


def remove_connection_id() -> None:
    """Remove the connection id from the cookie."""
    session.pop("connection", None)


def create_logout_state() -> str:
    """Return a new `state` for a logout, and store it (RP-Initiated Logout §2)."""
    state = session["logout"] = secrets.token_urlsafe(16)
    return str(state)


def is_logout_state(presented_state: str) -> bool:
    """Return whether this is the `state` of the last logout. It counts once."""
    state: str = session.pop("logout", "")
    return secrets.compare_digest(state.encode(), presented_state.encode())
