"""Sign-ins: who is signed in in this browser, and the pages that a sign-in may lead to.

The session cookie holds the identifier of a sign-in, whose record `sign_in_records` keeps.
"""

import re
from contextlib import suppress
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask, current_app, g, request, session
from sqlalchemy import select
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from auth_server import account_events, digests, sign_in_records, throttling
from auth_server.context import get_settings
from auth_server.logout_tokens import send_logout_tokens
from auth_server.models import SignInFailure, User
from auth_server.password_errors import TooBusy
from auth_server.signed_in_user import SignedInUser
from web import database_errors, form_tokens, text
from web.database import Session, get_database, get_reader
from web.event_log import record, record_on_commit
from web.redirects import requested_page
from web.text import TextError
from web.waiting import WouldWait, call_without_waiting

_VISIBLE_ASCII = re.compile(r"[!-~]+")
_SIGN_IN = "sign_in"
_SIGNED_IN_FOR = "signed_in_for"
_ACCOUNT_CHOSEN_FOR = "account_chosen_for"


def init_app(app: Flask) -> None:
    """Store when sign-ins are used, at the end of each request.

    Functions for the end run in the opposite order, so this must be called before the database is
    added: its transactions have then ended.
    """
    app.teardown_appcontext(_store_use)


def signed_in_user() -> SignedInUser | None:
    """Return the signed-in user of this browser session, or None. A request loads it once."""
    if "signed_in_user" not in g:
        g.signed_in_user = _load_user()
    user: SignedInUser | None = g.signed_in_user
    return user


def authenticate(db: Session, username: str, password: str) -> User | None:
    """Return the user with this username and password, or None, after the same time.

    Commit the counted attempt before the password is hashed, so that hashing does not lock the
    database. It is also stored as an event of the account, in the same commit. If the password is
    right, the caller's commit removes both. `writing` may call a view again: the attempt of a
    request is counted only once.

    :raises throttling.TooManyFailures: when there were too many failures from this address.
    :raises TooBusy: when too many passwords are being hashed. This attempt does not count.
    """
    canonical = ""
    with suppress(TextError):
        canonical = text.canonicalize_username(username)
    attempt: SignInFailure | None = g.get("attempt")
    if attempt is None:
        attempt = throttling.count_attempt(db, request.remote_addr or "", canonical or username)
        account_events.note_failure(db, canonical, attempt.at, request.remote_addr)
    user = _find_user(db, canonical)
    db.commit()
    g.attempt = attempt
    try:
        new_hash = _check_password(user, password)
    except TooBusy:
        _remove_attempt(db, attempt, canonical)
        db.commit()
        raise
    if user is None or new_hash is None:
        return None
    _remove_attempt(db, attempt, canonical)
    return _reload_unchanged(db, user, new_hash)


def _remove_attempt(db: Session, attempt: SignInFailure, username: str) -> None:
    account_events.forget_failure(db, username, attempt.at)
    throttling.remove_attempt(db, attempt)


def _check_password(user: User | None, password: str) -> str | None:
    """Return the hash to store if the password is right, or None.

    It is a new one if the password was hashed before it had its canonical form.
    """
    password_hash = None
    if user is not None:
        password_hash = user.password_hash
    spellings = text.list_password_spellings(password)
    matches = (typed for typed in spellings if digests.password_matches(typed, password_hash))
    match = next(matches, None)
    if match is None:
        return None
    if match == spellings[0]:
        return password_hash
    return digests.hash_password(spellings[0])


def sign_in(db: Session, user: User, next_page: str) -> None:
    """Begin a sign-in of `user` and a new browser session, and commit.

    The sign-in that this browser had before ends, and nothing of its session is kept. If it was of
    the same user, it continues under its id, because clients know it by that (`sid`).
    """
    before = signed_in_user()
    has_ended = _SIGN_IN in session and sign_in_records.end(db, session[_SIGN_IN])
    continued = None
    if before is not None and has_ended and before.id == user.id:
        continued = before.sign_in_id
    identifier = sign_in_records.begin(db, user.id, request.remote_addr, sign_in_id=continued)
    record_on_commit(db, "signed_in", sub=user.id)
    db.commit()
    if before is not None and has_ended and continued is None:
        send_logout_tokens(before.sign_in_id)
    stay_signed_in(identifier)
    session[_SIGNED_IN_FOR] = _fingerprint(next_page)


def stay_signed_in(identifier: str) -> None:
    """Begin a new browser session for the sign-in with this new identifier."""
    session.clear()
    session[_SIGN_IN] = identifier
    # Create the CSRF token now, because every page has the form to sign out. A page that sets the
    # cookie for it could overwrite a newer cookie that another tab has received.
    form_tokens.renew_token()


def choose_account(user: SignedInUser, next_page: str) -> None:
    """Let the request for `next_page` continue as the signed-in user."""
    session[_ACCOUNT_CHOSEN_FOR] = _fingerprint(next_page)
    record("account_chosen", sub=user.id)


def sign_out(db: Session, user: SignedInUser) -> None:
    """End the sign-in and the browser session, commit, and tell the clients."""
    has_ended = sign_in_records.end(db, session[_SIGN_IN])
    record_on_commit(db, "signed_out", sub=user.id)
    db.commit()
    session.clear()
    if has_ended:
        send_logout_tokens(user.sign_in_id)


def signed_in_for_this_request() -> bool:
    """Return whether the last sign-in was for this same request, as `prompt=login` requires."""
    return _is_for_this_request(_SIGNED_IN_FOR)


def chose_account_for_this_request() -> bool:
    """Return whether the user chose the account for this same request, or signed in for it."""
    return _is_for_this_request(_ACCOUNT_CHOSEN_FOR) or signed_in_for_this_request()


def forget_request_of_sign_in() -> None:
    """Make the same request require a new sign-in or choice when it comes again."""
    session.pop(_SIGNED_IN_FOR, None)
    session.pop(_ACCOUNT_CHOSEN_FOR, None)


def this_page() -> str:
    """Return path and query of the current request."""
    return requested_page()


def own_page(unverified_next: str | None) -> str:
    """Return `unverified_next` if it is a page of this server, or else the start page."""
    target = unverified_next or "/"
    path = target.partition("?")[0]
    is_local = target.startswith("/") and not target.startswith("//") and "\\" not in path
    if is_local and _VISIBLE_ASCII.fullmatch(target) and _is_page(urlsplit(target).path):
        return target
    return "/"


def _is_for_this_request(key: str) -> bool:
    fingerprint = session.get(key)
    return fingerprint is not None and bool(fingerprint == _fingerprint(this_page()))


def _fingerprint(page: str) -> str:
    """Return a digest that does not depend on how the browser has escaped the query."""
    path, _, query = page.partition("?")
    return digests.digest(f"{path}?{urlencode(parse_qsl(query, keep_blank_values=True))}")


def _is_page(path: str) -> bool:
    try:
        endpoint = str(current_app.url_map.bind("").match(path, method="GET")[0])
    except (HTTPException, RequestRedirect):
        return False
    return endpoint.startswith("auth_server.") and endpoint != "auth_server.login_page"


def _reload_unchanged(db: Session, user: User, new_hash: str) -> User | None:
    """Return the user with their new hash, unless they have changed while it was computed.

    Their password may have been changed, or they may have been deleted.
    """
    unchanged = (
        select(User)
        .where(User.id == user.id, User.password_hash == user.password_hash)
        .with_for_update()
    )
    found: User | None = db.scalar(unchanged.execution_options(populate_existing=True))
    if found is not None:
        found.password_hash = new_hash
    return found


def _find_user(db: Session, username: str) -> User | None:
    user: User | None = db.scalar(select(User).where(User.username == username))
    if user is None or not _may_sign_in(user):
        return None
    return user


def _load_user() -> SignedInUser | None:
    """Return the user of the session cookie, unless the sign-in has ended."""
    if _SIGN_IN not in session:
        return None
    user = sign_in_records.find_signed_in_user(get_reader(), session[_SIGN_IN])
    if user is None or not _may_sign_in(user):
        return None
    return user


def _store_use(_error: BaseException | None) -> None:
    """Store that the sign-in of this request was used, once a minute.

    The response does not depend on it, so a database that accepts no writes is no error here. If
    another transaction is writing on SQLite, a later request stores the use.
    """
    user: SignedInUser | None = g.get("signed_in_user")
    if user is None or not sign_in_records.is_use_due(user):
        return
    try:
        with suppress(WouldWait):
            call_without_waiting(lambda: _write_use(user))
    except Exception as error:
        if not database_errors.is_unavailable(error):
            raise


def _write_use(user: SignedInUser) -> None:
    transaction = get_database().transaction(writing=True)
    sign_in_records.store_use(transaction, user)
    transaction.commit()


def _may_sign_in(user: User | SignedInUser) -> bool:
    """Return whether the user exists for this server: demo users exist only in the demo."""
    return get_settings().demo or not user.is_demo
