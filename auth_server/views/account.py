"""The pages of the person whose data it is: the apps that she let in, what happened, her password, her sign-ins."""

from http import HTTPStatus

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from auth_server import account, account_events, plain_dates, sign_in, users
from auth_server.errors import RegistrationError
from auth_server.models import User
from auth_server.throttling import TooManyFailures
from auth_server.views import bp
from auth_server.views.signed_in import for_signed_in, sign_in_first
from web.clock import now
from web.database import get_db, writing
from web.event_log import record
from web.pages import page

SIGN_INS, EVERYTHING = "sign-ins", "everything"


@bp.get("/account/apps")
@for_signed_in
def account_apps(user: User) -> ResponseReturnValue:
    """The apps that she has let in: to what, since when, last used when."""
    return page(
        "account_apps.html",
        apps=account.connected_apps(get_db(), user),
        present=now(),
        day=plain_dates.day,
        ago=plain_dates.ago,
    )


@bp.post("/account/apps")
@writing
@for_signed_in
def take_app_out(user: User) -> ResponseReturnValue:
    """E1 – The resource owner takes an app out: every code and token of it is dead."""
    db = get_db()
    client = account.take_out(db, user, request.form.get("client_id", ""), request.remote_addr)
    db.commit()
    return (
        _told("account_apps", "taken out", client.name)
        if client
        else _told("account_apps", "not connected")
    )


@bp.post("/account/sign-out")
@writing
@for_signed_in
def sign_out_everywhere(user: User) -> ResponseReturnValue:
    """End her sign-ins in every other browser, and the access of every app with them when she says so."""
    db, what = get_db(), request.form.get("end")
    if what not in (SIGN_INS, EVERYTHING):
        abort(
            HTTPStatus.BAD_REQUEST,
            description="Nothing was ended: the form did not say what to end.",
        )
    if what == EVERYTHING:
        account.take_all_out(db, user, request.remote_addr)
    if not account.sign_out_everywhere(db, user, request.remote_addr):
        return sign_in_first()
    db.commit()
    sign_in.stay_signed_in(user)
    return _told("account_apps", "ended", what)


@bp.get("/account/activity")
@for_signed_in
def account_activity(user: User) -> ResponseReturnValue:
    """Her recent sign-ins, and what concerned her."""
    events = account_events.recent(get_db(), user.id)
    return page(
        "account_activity.html",
        events=events,
        limit=account_events.SHOWN,
        kept_for=account_events.KEPT_FOR.days,
        day_and_time=plain_dates.day_and_time,
    )


@bp.get("/account/password")
@for_signed_in
def account_password(user: User) -> ResponseReturnValue:
    """The form for a new password."""
    return _password_page(user)


@bp.post("/account/password")
@writing
@for_signed_in
def change_password(user: User) -> ResponseReturnValue:
    """Change it: the current one counts as a sign-in does, and every other sign-in ends. What apps were granted stays."""
    db, new_password = get_db(), request.form.get("new_password", "")
    if objections := _objections(new_password, request.form.get("repeated_password", "")):
        return _password_page(user, HTTPStatus.BAD_REQUEST, objections=objections)
    try:
        is_hers = sign_in.authenticate(db, user.username, request.form.get("current_password", ""))
    except TooManyFailures as error:
        record("password_change_throttled", sub=user.id, address=request.remote_addr)
        return _password_page(user, HTTPStatus.TOO_MANY_REQUESTS, retry_after=error.retry_after)
    if not is_hers:
        record("password_change_refused", sub=user.id, address=request.remote_addr)
        wrong = {"current_password": "That is not your current password."}
        return _password_page(user, HTTPStatus.FORBIDDEN, objections=wrong)
    db.commit()
    if not account.change_password(db, user, new_password, request.remote_addr):
        return sign_in_first()
    db.commit()
    sign_in.stay_signed_in(user)
    return _told("account_activity", "password changed")


def _objections(new_password: str, repeated_password: str) -> dict[str, str]:
    """What is wrong with the new password, by field; looked at first, so that a slip is no attempt."""
    try:
        users.check_password(new_password)
    except RegistrationError as error:
        return {"new_password": str(error)}
    return (
        {}
        if new_password == repeated_password
        else {"repeated_password": "The new password and this differ."}
    )


def _password_page(
    user: User,
    status: int = HTTPStatus.OK,
    objections: dict[str, str] | None = None,
    retry_after: int = 0,
) -> ResponseReturnValue:
    html = render_template(
        "auth_server/account_password.html",
        user=user,
        objections=objections or {},
        retry_after=retry_after,
    )
    return html, status, {"Retry-After": str(retry_after)} if retry_after else {}


def _told(view: str, outcome: str, detail: str = "") -> ResponseReturnValue:
    """To that page, which says what has been done."""
    flash(detail, outcome)
    return redirect(url_for(f"auth_server.{view}"), HTTPStatus.SEE_OTHER)
