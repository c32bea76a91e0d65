"""The start page, sign-in and sign-out."""

from http import HTTPStatus
from urllib.parse import parse_qs

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from auth_server import account_events, sign_in
from auth_server.demo import ACCOUNTS
from auth_server.password_errors import TooBusy
from auth_server.registered_client import RegisteredClient, find_client
from auth_server.throttling import TooManyFailures
from auth_server.views.blueprint import bp
from web import text
from web.database import get_db, writing
from web.event_log import record
from web.form_tokens import FormRefused
from web.headers import allow_forms_to_redirect
from web.pages import form_page, page
from web.request_origin import may_change_cookies
from web.text import TextError


class LoginForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF is untyped
    """The username and the password, which users type only at this server."""

    # A text can be longer as it is typed than in its canonical form.
    username = StringField(validators=[InputRequired(), Length(max=4 * 64)])
    password = PasswordField(validators=[InputRequired(), Length(max=4 * 1024)])


@bp.get("/")
def home() -> ResponseReturnValue:
    """Show who is signed in, or what this server is."""
    return page("home.html", user=sign_in.signed_in_user())


@bp.get("/login")
def login_page() -> ResponseReturnValue:
    """A3 – Show the login page."""
    return _login_page(LoginForm(request.form))


@bp.post("/login")
@writing
def login() -> ResponseReturnValue:
    """A4 – Authenticate the resource owner.

    The response has status 303, so that the browser does not send the password again.
    """
    form, next_page = LoginForm(request.form), sign_in.own_page(request.args.get("next"))
    user = None
    try:
        if form.validate():
            user = sign_in.authenticate(get_db(), form.username.data, form.password.data)
    except TooManyFailures as error:
        record("sign_in_throttled", address=request.remote_addr)
        return _login_page(
            form, HTTPStatus.TOO_MANY_REQUESTS, problem="throttled", retry_after=error.retry_after
        )
    except TooBusy as error:
        record("sign_in_postponed", address=request.remote_addr)
        return _login_page(form, error.status, problem="busy", retry_after=error.retry_after)
    if user is None:
        record("sign_in_refused", address=request.remote_addr)
        return _login_page(form, HTTPStatus.FORBIDDEN, problem="mismatch")
    account_events.note(get_db(), user.id, "signed_in", address=request.remote_addr)
    sign_in.sign_in(get_db(), user, next_page)
    return redirect(next_page, HTTPStatus.SEE_OTHER)


@bp.get("/login/account")
def account_choice_page() -> ResponseReturnValue:
    """A3 – Show the page to choose an account, if a user is signed in; or else the login page."""
    next_page = sign_in.own_page(request.args.get("next"))
    login_page = _address("login_page", next_page)
    user = sign_in.signed_in_user()
    if user is None:
        return redirect(login_page, HTTPStatus.SEE_OTHER)
    allow_forms_to_redirect()
    return page(
        "account_choice.html",
        user=user,
        client=_requesting_client(next_page),
        this_page=_address("choose_account", next_page),
        login_address=login_page,
    )


@bp.post("/login/account")
def choose_account() -> ResponseReturnValue:
    """Continue as the signed-in user. The choice counts for one authorization request."""
    next_page = sign_in.own_page(request.args.get("next"))
    user = sign_in.signed_in_user()
    if user is None:
        return redirect(_address("login_page", next_page), HTTPStatus.SEE_OTHER)
    sign_in.choose_account(user, next_page)
    return redirect(next_page, HTTPStatus.SEE_OTHER)


@bp.post("/logout")
@writing
def logout() -> ResponseReturnValue:
    """End the sign-in of this browser. Apps keep their access."""
    user = sign_in.signed_in_user()
    if user is not None:
        sign_in.sign_out(get_db(), user)
    return redirect(url_for("auth_server.home"), HTTPStatus.SEE_OTHER)


@bp.app_errorhandler(FormRefused)
def form_refused(error: FormRefused) -> ResponseReturnValue:
    """Say why a form was refused, and offer a new one.

    The response to a form that can be from another site contains no form, because its session
    cookie would replace the user's.
    """
    if not may_change_cookies() or request.endpoint != "auth_server.login":
        retry_address = sign_in.own_page(sign_in.this_page())
        if request.endpoint == "auth_server.login":
            retry_address = url_for("auth_server.login_page")
        return page(
            "form_refused.html",
            HTTPStatus.BAD_REQUEST,
            reason=error.reason,
            retry_address=retry_address,
        )
    # The user may have signed in in another tab.
    if sign_in.signed_in_user():
        return redirect(sign_in.own_page(request.args.get("next")), HTTPStatus.SEE_OTHER)
    return _login_page(LoginForm(request.form), HTTPStatus.BAD_REQUEST, problem=error.reason)


def _address(view: str, next_page: str) -> str:
    """Return the address of a view of this module that leads to `next_page`."""
    if next_page == "/":
        return url_for(f"auth_server.{view}")
    return url_for(f"auth_server.{view}", next=next_page)


def _login_page(
    form: LoginForm, status: int = HTTPStatus.OK, problem: str = "", retry_after: int = 0
) -> ResponseReturnValue:
    allow_forms_to_redirect()
    next_page = sign_in.own_page(request.args.get("next"))
    return form_page(
        "login.html",
        status,
        retry_after=retry_after,
        form=form,
        username=form.username.data or _login_hint(next_page),
        problem=problem,
        this_page=_address("login", next_page),
        client=_requesting_client(next_page),
        demo_accounts=[(username, password) for username, (_, password) in ACCOUNTS.items()],
    )


def _requesting_client(next_page: str) -> RegisteredClient | None:
    """Return the client whose authorization request led to the login page, or None."""
    return find_client(get_db(), _requested(next_page, "client_id"))


def _login_hint(next_page: str) -> str:
    """Return the username that the client expects (OpenID Connect Core §3.1.2.1), or ""."""
    try:
        return text.canonicalize_username(_requested(next_page, "login_hint") or "")
    except TextError:
        return ""


def _requested(next_page: str, name: str) -> str | None:
    """Return a parameter of the authorization request that led to this page, if it is there."""
    path, _, query = next_page.partition("?")
    values = parse_qs(query).get(name, [])
    if path != url_for("auth_server.authorization_request") or len(values) != 1:
        return None
    return values[0]
