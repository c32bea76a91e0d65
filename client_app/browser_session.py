"""What the browser holds: Flask's signed cookie, with two random ids and the token against forged forms. No tokens.

`browser` is the key of the record on the server and stays; `connection` is the key to that record's tokens and is new
with each of them.
"""

import secrets

from flask import session
from flask_wtf.csrf import generate_csrf


def introduce() -> str:
    """The id of this browser, made at its first visit."""
    if "browser" not in session:
        session["browser"] = secrets.token_urlsafe(32)
        # Made now, so that no later page has to set the cookie: it could undo what a tab beside it has set meanwhile.
        generate_csrf()
    return browser_id()


def browser_id() -> str:
    """The id of this browser; empty, and so nobody's, before its first visit."""
    browser: str = session.get("browser", "")
    return browser


def connection_id() -> str | None:
    """The id of the connection that this browser holds, whether or not the server still does."""
    return session.get("connection")


def connect(connection: str) -> None:
    """Hand the browser its connection."""
    session["connection"] = connection


def disconnect() -> None:
    """Take the connection out of the browser's hands."""
    session.pop("connection", None)
