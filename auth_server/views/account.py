"""The pages of a user's account: connected apps, activity, password, sign-ins."""

from http import HTTPStatus

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from auth_server import (
    account,
    account_events,
    password_confirmation,
    plain_dates,
    sign_in,
    sign_in_records,
    users,
)
from auth_server.errors import RegistrationError
from auth_server.logout_tokens import send_logout_tokens
from auth_server.password_errors import PasswordRefused
from auth_server.signed_in_user import SignedInUser
from auth_server.views.blueprint import bp
from auth_server.views.signed_in import for_signed_in, redirect_to_login
from web import text
from web.clock import now
from web.database import get_db, get_reader, writing
from web.pages import form_page, page

SIGN_INS, EVERYTHING = "sign-ins", "everything"


@bp.get("/account/apps")
@for_signed_in
def account_apps(user: SignedInUser) -> ResponseReturnValue:
    """Show the connected apps, with their scopes and when each was last used."""
    return page(
        "account_apps.html",
        apps=account.connected_apps(get_db(), user),
        present=now(),
        day=plain_dates.day,
        ago=plain_dates.ago,
    )


@bp.get("/account/apps/remove")
@for_signed_in
def app_to_remove(user: SignedInUser) -> ResponseReturnValue:
    """Ask whether to remove the access of an app."""
    client = account.find_connected_app(get_db(), user, request.args.get("client_id", ""))
    if client is None:
        return _redirect_with_notice("account_apps", "not connected")
    return page("account_remove.html", client=client)


@bp.post("/account/apps")
@writing
@for_signed_in
def remove_app(user: SignedInUser) -> ResponseReturnValue:
    """E1 – Remove an app for the resource owner. Its codes and tokens stop working."""
    db = get_db()
    client = account.remove_app(db, user, request.form.get("client_id", ""), request.remote_addr)
    db.commit()
    if client is None:
        return _redirect_with_notice("account_apps", "not connected")
    return _redirect_with_notice("account_apps", "removed", client.name)


@bp.get("/account/sign-out")
@for_signed_in
def end_of_everything(user: SignedInUser) -> ResponseReturnValue:
    """Ask whether to sign out everywhere else and to remove every app."""
    return page("account_end.html", apps=account.connected_apps(get_db(), user))


@bp.post("/account/sign-out")
@writing
@for_signed_in
def sign_out_everywhere(user: SignedInUser) -> ResponseReturnValue:
    """Sign out every other browser and, if the form says so, end the access of every app."""
    db, what = get_db(), request.form.get("end")
    if what not in (SIGN_INS, EVERYTHING):
        abort(
            HTTPStatus.BAD_REQUEST,
            description="Nothing was changed. The form did not say what to end.",
        )
    if what == EVERYTHING:
        account.remove_all_apps(db, user, request.remote_addr)
    others = sign_in_records.list_others(get_reader(), user)
    identifier = account.sign_out_everywhere(db, user, request.remote_addr)
    if identifier is None:
        return redirect_to_login()
    db.commit()
    send_logout_tokens(*others)
    sign_in.stay_signed_in(identifier)
    return _redirect_with_notice("account_apps", "ended", what)


@bp.get("/account/activity")
@for_signed_in
def account_activity(user: SignedInUser) -> ResponseReturnValue:
    """Show the sign-ins of the user, and the recent events of the account."""
    return page(
        "account_activity.html",
        user=user,
        sign_ins=sign_in_records.list_sign_ins(get_db(), user.id),
        present=now(),
        ago=plain_dates.ago,
        events=account_events.recent(get_db(), user.id),
        limit=account_events.SHOWN,
        failures_kept=account_events.FAILURES_KEPT,
        kept_for=account_events.KEPT_FOR.days,
        day_and_time=plain_dates.day_and_time,
    )


@bp.post("/account/activity")
@writing
@for_signed_in
def end_sign_in(user: SignedInUser) -> ResponseReturnValue:
    """End one sign-in of the user, in this browser or another one."""
    db, sign_in_id = get_db(), request.form.get("sign_in", "")
    is_ended = account.end_sign_in(db, user, sign_in_id, request.remote_addr)
    db.commit()
    if not is_ended:
        return _redirect_with_notice("account_activity", "not signed in")
    send_logout_tokens(sign_in_id)
    return _redirect_with_notice("account_activity", "sign-in ended")


@bp.get("/.well-known/change-password")
def password_manager_request() -> ResponseReturnValue:
    """Redirect password managers to the page (W3C, A Well-Known URL for Changing Passwords)."""
    return redirect(url_for("auth_server.account_password"), HTTPStatus.SEE_OTHER)


@bp.get("/account/password")
@for_signed_in
def account_password(user: SignedInUser) -> ResponseReturnValue:
    """Show the form for a new password."""
    return _password_page(user)


@bp.post("/account/password")
@writing
@for_signed_in
def change_password(user: SignedInUser) -> ResponseReturnValue:
    """Change the password and sign out every other browser. Apps stay connected.

    A wrong current password counts as a failed sign-in.
    """
    db = get_db()
    new_password, objections = _read_new_password()
    if objections:
        return _password_page(user, HTTPStatus.BAD_REQUEST, objections=objections)
    current_password = request.form.get("current_password", "")
    others = sign_in_records.list_others(get_reader(), user)
    try:
        password_confirmation.check_password(db, user, current_password, "password_change")
        identifier = account.change_password(db, user, new_password, request.remote_addr)
    except PasswordRefused as refusal:
        objections = {"current_password": str(refusal)}
        return _password_page(user, refusal.status, objections, refusal.retry_after)
    if identifier is None:
        return redirect_to_login()
    db.commit()
    send_logout_tokens(*others)
    sign_in.stay_signed_in(identifier)
    return _redirect_with_notice("account_activity", "password changed")


def _read_new_password() -> tuple[str, dict[str, str]]:
    """Return the canonical form of the new password, and what is wrong with it, by field.

    The view checks this before the current password, so that a typing error is no failed sign-in.
    """
    try:
        new_password = users.check_password(request.form.get("new_password", ""))
    except RegistrationError as error:
        return "", {"new_password": str(error)}
    if new_password not in text.list_password_spellings(request.form.get("repeated_password", "")):
        return "", {"repeated_password": "The two new passwords are not the same."}
    return new_password, {}


def _password_page(
    user: SignedInUser,
    status: int = HTTPStatus.OK,
    objections: dict[str, str] | None = None,
    retry_after: int = 0,
) -> ResponseReturnValue:
    return form_page(
        "account_password.html",
        status,
        retry_after=retry_after,
        user=user,
        objections=objections or {},
    )


def _redirect_with_notice(view: str, outcome: str, detail: str = "") -> ResponseReturnValue:
    """Redirect to a page of the account, which says what was done."""
    flash(detail, outcome)
    return redirect(url_for(f"auth_server.{view}"), HTTPStatus.SEE_OTHER)
