"""The start page, and the addresses that start, refresh and end a connection."""

from http import HTTPStatus

from flask import abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from client_app import browser_session
from client_app.events import record_failure
from client_app.oauth import BadResponseError
from client_app.outcomes import Outcome, outcome_of_refresh, redirect_with
from client_app.page_access import current_access, granted_scopes
from client_app.print_shop import print_shop
from client_app.reasons import Reason
from client_app.return_to import checked_return_to
from client_app.scope_uses import other_uses, uses_of
from client_app.views.blueprint import bp
from web import text
from web.pages import page
from web.redirects import requested_page
from web.request_text import checks_query, has_utf8_query
from web.state_changes import changes_state
from web.text import TextError

MAX_SCOPE_LENGTH = 200
#: What `prompt` can require (OpenID Connect Core §3.1.2.1). `none` would end in an error page.
PROMPTS = ("login", "consent", "login consent", "consent login")


@bp.get("/")
def home() -> tuple[str, int] | Response:
    """Show what Print Shop is, and a button to connect.

    After a logout, the server sends the user here with the `state` of the request for it.
    """
    browser_session.ensure_browser_id()
    if state := request.args.get("state"):
        if browser_session.is_logout_state(state):
            flash("signed out")
        return redirect(url_for(".home"), HTTPStatus.SEE_OTHER)
    scopes = print_shop().default_scope.split()
    return page(
        "home.html",
        is_connected=granted_scopes() is not None,
        uses=uses_of(scopes),
        other_uses=other_uses(scopes),
    )


def _ask_before_connecting() -> tuple[str, int]:
    """Let the user decide whether to connect. The button repeats the request unchanged."""
    _read_prompt()
    return page(
        "connect_from_elsewhere.html",
        uses=uses_of(_read_scope().split()),
        address=requested_page(),
    )


@bp.get("/connect")
@changes_state(ask_first=_ask_before_connecting)
def connect() -> Response:
    """A1 – The resource owner uses the client to reach a resource (RFC 6749 §4.1)."""
    scope, prompt = _read_scope(), _read_prompt()
    return_to = checked_return_to(request.args.get("return_to"))
    browser = browser_session.ensure_browser_id()
    return redirect(print_shop().flow.begin(browser, scope, return_to, **prompt))


@bp.get("/callback")
@changes_state()
@checks_query
def authorization_response() -> Response:
    """A7 – Authorization response (RFC 6749 §4.1.2).

    On success, respond with status 303, so that the code does not stay in the address bar.
    """
    with record_failure("authorization_response_refused"):
        if not has_utf8_query():
            raise BadResponseError(Reason.NOT_UTF8)
        if not browser_session.has_cookie():
            raise BadResponseError(Reason.SESSION_COOKIE_MISSING)
    made = print_shop().flow.finish(
        browser_session.browser_id(),
        browser_session.connection_id(),
        request.args.items(multi=True),
    )
    browser_session.store_connection_id(made.connection_id)
    if made.return_to is None:
        return redirect_with(Outcome.CONNECTED, url_for(".album"))
    return redirect(made.return_to, HTTPStatus.SEE_OTHER)


@bp.post("/refresh")
def refresh() -> Response:
    """Refresh the tokens now, even if they have not expired."""
    access = current_access()
    new = access.refresh(access.tokens())
    return redirect_with(outcome_of_refresh(access.replaced, new), url_for(".album"))


@bp.post("/disconnect")
def disconnect() -> Response:
    """Revoke and delete the tokens; the next page says whether the server confirmed it."""
    end_connection()
    return redirect(url_for(".home"), HTTPStatus.SEE_OTHER)


def end_connection() -> None:
    """Revoke and delete the tokens, if there are any, and leave a message for the start page."""
    if browser_session.connection_id():
        outcome = "only forgotten"
        if current_access().disconnect():
            outcome = "revoked"
        flash(outcome)
        browser_session.remove_connection_id()


def _read_scope() -> str:
    scope = request.args.get("scope") or print_shop().default_scope
    try:
        text.check_scope(scope)
        is_valid = len(scope) <= MAX_SCOPE_LENGTH
    except TextError:
        is_valid = False
    if not is_valid:
        abort(
            HTTPStatus.BAD_REQUEST,
            description="That is not a valid scope. Separate scopes with single spaces.",
        )
    return scope


def _read_prompt() -> dict[str, str]:
    """Return the parameter of the authorization request, or no parameter."""
    prompt = request.args.get("prompt")
    if not prompt:
        return {}
    if prompt not in PROMPTS:
        abort(
            HTTPStatus.BAD_REQUEST,
            description="That is not a valid prompt. It can be login, consent or login consent.",
        )
    return {"prompt": prompt}
