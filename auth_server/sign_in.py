"""Who is signed in: Flask-Login over this server's users, and where a sign-in may lead."""

import re
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from flask import Flask, current_app, request, session
from flask_login import LoginManager, current_user, login_user, logout_user
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from auth_server import digests, throttling
from auth_server.context import get_settings
from auth_server.models import User
from web.database import get_db
from web.event_log import record

USERNAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
_SIGNED_IN_FOR = "signed_in_for"


def init_app(app: Flask) -> None:
    """Let `app` know who is signed in."""
    login_manager = LoginManager(app)
    login_manager.user_loader(_load_user)


def signed_in_user() -> User | None:
    """The resource owner of this browser session, or None."""
    user: User = current_user._get_current_object()
    return user if user.is_authenticated else None


def authenticate(db: Session, username: str, password: str) -> User | None:
    """The person whose name and password these are. A wrong name and a wrong password take the same time.

    Commits the count of attempts before it looks, so that hashing never holds the database. That the attempt was right is
    left to the caller's commit, with what comes of it.

    :raises throttling.TooManyFailures: when guessing from this address must pause.
    """
    name = username.strip().lower()
    attempt = throttling.count_attempt(db, request.remote_addr or "", name)
    user = _find_user(db, name)
    db.commit()
    if not digests.password_matches(password, user and user.password_hash) or user is None:
        return None
    throttling.forgive(db, attempt)
    # While the password was being compared, it may have changed, or the person may have gone.
    unchanged = (
        select(User)
        .where(User.id == user.id, User.password_hash == user.password_hash)
        .with_for_update()
    )
    found: User | None = db.scalar(unchanged.execution_options(populate_existing=True))
    return found


def sign_in(user: User, next_page: str) -> None:
    """Begin a new browser session for `user`: its identity changes, nothing of the old one is kept."""
    session.clear()
    login_user(user)
    session[_SIGNED_IN_FOR] = _fingerprint(next_page)
    record("signed_in", sub=user.id)


def stay_signed_in(user: User) -> None:
    """Begin a new browser session for `user` after her sign-ins have ended: this browser's identity changes, too."""
    session.clear()
    login_user(user)


def sign_out() -> None:
    """End the browser session."""
    record("signed_out", sub=current_user.id)
    logout_user()
    session.clear()


def signed_in_for_this_request() -> bool:
    """Whether the last sign-in was asked for by this very request, as `prompt=login` demands."""
    return bool(session.get(_SIGNED_IN_FOR) == _fingerprint(this_page()))


def forget_what_the_sign_in_was_for() -> None:
    """The same request again asks for a sign-in again."""
    session.pop(_SIGNED_IN_FOR, None)


def this_page() -> str:
    """The address of the request in hand, without the host; bytes that do not belong in a URL are escaped."""
    query = quote(request.query_string, safe="!$&'()*+,/:;=?@%")
    return f"{request.path}?{query}" if query else request.path


def own_page(unverified_next: str | None) -> str:
    """`unverified_next` if it is one of this server's own pages, the start page otherwise."""
    target = unverified_next or "/"
    is_plain = target.isascii() and target.isprintable() and "\\" not in target
    is_local = target.startswith("/") and not target.startswith("//")
    return target if is_plain and is_local and _is_page(urlsplit(target).path) else "/"


def _fingerprint(page: str) -> str:
    """The same for every spelling of one request: browsers and redirects escape the query each in their way."""
    path, _, query = page.partition("?")
    return digests.digest(f"{path}?{urlencode(parse_qsl(query, keep_blank_values=True))}")


def _is_page(path: str) -> bool:
    try:
        endpoint = str(current_app.url_map.bind("").match(path, method="GET")[0])
    except (HTTPException, RequestRedirect):
        return False
    return endpoint.startswith("auth_server.") and endpoint != "auth_server.login_page"


def _find_user(db: Session, username: str) -> User | None:
    if not USERNAME.fullmatch(username):
        return None
    user = db.scalar(select(User).where(User.username == username))
    return user if user and (get_settings().demo or not user.is_demo) else None


def _load_user(user_id: str) -> User | None:
    """The person a session cookie names, unless her sign-ins have been ended since, or she is the demo's."""
    subject, _, _ = user_id.rpartition(".")
    user = get_db().get(User, subject)
    if user is None or user.get_id() != user_id or (user.is_demo and not get_settings().demo):
        return None
    return user
