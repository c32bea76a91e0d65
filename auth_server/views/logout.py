"""The endpoint at which clients sign users out (OpenID Connect RP-Initiated Logout)."""

from http import HTTPStatus

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from auth_server import sign_in
from auth_server.logout_request import PARAMETERS, LogoutRequest, read_logout_request
from auth_server.registrants import is_trusted
from auth_server.views.blueprint import bp
from web.addresses import append_parameters
from web.database import get_db, writing
from web.form_tokens import needs_no_token
from web.headers import allow_forms_to_redirect
from web.pages import page
from web.state_changes import changes_state


@bp.get("/oauth/logout")
@changes_state()
@writing
def logout_request() -> ResponseReturnValue:
    """Sign the user out if the ID token is of this sign-in, and ask first if it is not (§2)."""
    requested = read_logout_request(request.args.to_dict(flat=False))
    user = sign_in.signed_in_user()
    if user is None:
        return _answer_signed_out(requested)
    if requested.has_hint_of(user):
        sign_in.sign_out(get_db(), user)
        return _return_to_client(requested)
    allow_forms_to_redirect()
    return page(
        "logout.html",
        user=user,
        requested=requested,
        this_page=append_parameters(url_for("auth_server.logout_confirmation"), _list_parameters()),
    )


@bp.post("/oauth/logout")
@needs_no_token
def logout_request_by_form() -> ResponseReturnValue:
    """Redirect to the same request by GET.

    The form comes from another site, so the browser sends it without the cookie of the sign-in.
    """
    parameters = [(name, value) for name in PARAMETERS for value in request.form.getlist(name)]
    address = append_parameters(url_for("auth_server.logout_request"), parameters)
    return redirect(address, HTTPStatus.SEE_OTHER)


@bp.post("/oauth/logout/confirmation")
@writing
def logout_confirmation() -> ResponseReturnValue:
    """Sign out the user, who has confirmed it."""
    requested = read_logout_request(request.args.to_dict(flat=False))
    user = sign_in.signed_in_user()
    if user is not None:
        sign_in.sign_out(get_db(), user)
    return _return_to_client(requested)


def _list_parameters() -> list[tuple[str, str]]:
    """Return the parameters of this request that mean something, to send them again."""
    return [(name, request.args[name]) for name in PARAMETERS if name in request.args]


def _answer_signed_out(requested: LogoutRequest) -> ResponseReturnValue:
    """Answer when nobody is signed in.

    Only a client that the operator trusts gets the visitor back at once. Otherwise, any user could
    register an address and make this server redirect to it (RFC 9700 §4.11.2).
    """
    if requested.hint is not None and requested.client and is_trusted(requested.client):
        return _return_to_client(requested)
    return page("signed_out.html", requested=requested)


def _return_to_client(requested: LogoutRequest) -> ResponseReturnValue:
    if requested.return_address is None:
        return page("signed_out.html", requested=requested)
    return redirect(requested.return_address, HTTPStatus.SEE_OTHER)
