"""Signing out: from here to the authorization server, and from there to here."""

from http import HTTPStatus

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from client_app import browser_session
from client_app.access import ConnectionEndedError
from client_app.oauth import BadTokenError, OAuthError, SignedToken
from client_app.openid import end_session_url
from client_app.page_access import current_access
from client_app.print_shop import print_shop
from client_app.session_store import StoreUnavailableError
from client_app.views.blueprint import bp
from client_app.views.connect import end_connection
from web.canonical_host import for_machines
from web.leg_settings import current_settings
from web.pages import page
from web.redirects import requested_page
from web.state_changes import changes_state

NO_STORE = {"Cache-Control": "no-store"}
Answer = tuple[dict[str, str], int, dict[str, str]]


def _ask_before_signing_out() -> tuple[str, int]:
    """Let the user decide, because another site could sign them out otherwise."""
    return page("logout_from_elsewhere.html", address=requested_page())


@bp.get("/logout")
@changes_state(ask_first=_ask_before_signing_out)
def logout() -> Response:
    """Disconnect, and sign out at the authorization server (RP-Initiated Logout §2)."""
    id_token = _find_id_token()
    end_connection()
    home = url_for(".home")
    try:
        address = end_session_url(
            print_shop().client,
            id_token,
            return_to=current_settings().url + home,
            state=browser_session.create_logout_state(),
        )
    except OAuthError:  # The server is out of reach, but the connection has ended here.
        address = None
    return redirect(address or home, HTTPStatus.SEE_OTHER)


@bp.post("/backchannel-logout")
@for_machines
def back_channel_logout() -> Answer:
    """End the connections of a sign-in that ended at the server (Back-Channel Logout §2.5)."""
    tokens = request.form.getlist("logout_token")
    if len(tokens) != 1:
        return _refuse("invalid_request", "Send one logout_token.")
    try:
        print_shop().back_channel_logout.end_connections(tokens[0])
    except BadTokenError as error:
        return _refuse("invalid_request", f"The logout token is not valid: {error.code}.")
    except (OAuthError, StoreUnavailableError):
        # A failed logout has status 400 too (§2.8).
        return _refuse("temporarily_unavailable", "The logout failed. Send the token again later.")
    return {}, HTTPStatus.OK, NO_STORE


def _refuse(error: str, description: str) -> Answer:
    answer = {"error": error, "error_description": description}
    return answer, HTTPStatus.BAD_REQUEST, NO_STORE


def _find_id_token() -> SignedToken | None:
    if browser_session.connection_id() is None:
        return None
    try:
        return current_access().tokens().id_token
    except ConnectionEndedError:
        return None
