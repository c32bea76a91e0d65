"""The authorization endpoint (RFC 6749 §3.1): the request, the consent page that it shows, and the decision."""

from collections.abc import Collection
from http import HTTPStatus

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from auth_server import account_events, consents, grants, sign_in
from auth_server.authorization_request import Authorization, read_authorization
from auth_server.context import get_settings
from auth_server.models import User
from auth_server.reasons import Reason
from auth_server.scopes import SCOPES, scope_list, scope_text
from auth_server.server import authorization_server, front_channel_request
from auth_server.sign_in import signed_in_user
from auth_server.views import bp
from web.database import get_db, writing
from web.event_log import record, record_on_commit
from web.headers import allow_forms_to_redirect
from web.pages import page


@bp.get("/oauth/authorize")
@writing
def authorization_request() -> ResponseReturnValue:
    """A2 – Authorization request (RFC 6749 §4.1.1), answered as `prompt` and what is remembered allow."""
    authorization = read_authorization(front_channel_request())
    user = _resource_owner(authorization)
    if user is None:
        return redirect(
            url_for("auth_server.login_page", next=sign_in.this_page()), HTTPStatus.SEE_OTHER
        )
    scopes_to_ask = _scopes_to_ask(authorization, user)
    if not scopes_to_ask:
        return _authorization_response(authorization, user, set(authorization.requested_scopes))
    if "none" in authorization.prompt:
        raise authorization.refused(
            "consent_required", Reason.CONSENT_REQUIRED, "The resource owner must be asked first."
        )
    return _consent_page(authorization, user, scopes_to_ask)


@bp.post("/oauth/authorize")
@writing
def authorization_decision() -> ResponseReturnValue:
    """A6 – The resource owner consents, wholly or in part, or denies (RFC 6749 §4.1)."""
    authorization = read_authorization(front_channel_request())
    user = _resource_owner(authorization)
    if user is None:
        return redirect(
            url_for("auth_server.login_page", next=sign_in.this_page()), HTTPStatus.SEE_OTHER
        )
    decision, ticked = request.form.get("decision"), set(request.form.getlist("granted_scope"))
    scopes_to_ask = _scopes_to_ask(
        authorization, user, asked=scope_list(request.form.get("asked_scope"))
    )
    if decision == "deny":
        record("consent_denied", client_id=authorization.client.client_id, sub=user.id)
        sign_in.forget_what_the_sign_in_was_for()
        raise authorization.refused(
            "access_denied", Reason.ACCESS_DENIED, "The resource owner denied the request."
        )
    if (
        decision != "allow"
        or not ticked & set(scopes_to_ask)
        or not ticked <= set(authorization.requested_scopes)
    ):
        return _consent_page(authorization, user, scopes_to_ask, ticked=ticked, wrong=True)
    record_on_commit(
        get_db(),
        "consent_given",
        client_id=authorization.client.client_id,
        sub=user.id,
        scope=scope_text(ticked),
    )
    settled = set(authorization.requested_scopes) - set(scopes_to_ask)
    return _authorization_response(authorization, user, ticked | settled)


def _resource_owner(authorization: Authorization) -> User | None:
    """Whoever is signed in, unless the client wants a fresh sign-in; None when the login page is to be shown."""
    user = signed_in_user()
    if user is not None and (
        "login" not in authorization.prompt or sign_in.signed_in_for_this_request()
    ):
        return user
    if "none" in authorization.prompt:
        raise authorization.refused(
            "login_required", Reason.LOGIN_REQUIRED, "The resource owner is not signed in."
        )
    return None


def _scopes_to_ask(
    authorization: Authorization, user: User, asked: Collection[str] = ()
) -> list[str]:
    """What was allowed before is not asked again. A public client is asked about every time: anyone can pretend to be it.

    What the page in hand has `asked` stays a question, whatever another tab has settled since.
    """
    client = authorization.client
    if client.is_public or "consent" in authorization.prompt:
        return list(authorization.requested_scopes)
    remembered = consents.remembered_scopes(get_db(), user.id, client.client_id)
    return [
        scope
        for scope in authorization.requested_scopes
        if scope in asked or scope not in remembered
    ]


def _consent_page(
    authorization: Authorization,
    user: User,
    scopes: list[str],
    ticked: set[str] | None = None,
    *,
    wrong: bool = False,
) -> ResponseReturnValue:
    """A5 – The consent page, with the requested scopes as sentences; it posts back to the request it belongs to."""
    allow_forms_to_redirect()
    client = authorization.client
    record("consent_requested", client_id=client.client_id, client_name=client.name, sub=user.id)
    return page(
        "consent.html",
        HTTPStatus.BAD_REQUEST if wrong else HTTPStatus.OK,
        client=client,
        redirect_uri=authorization.redirect_uri,
        user=user,
        choices=[(scope, SCOPES[scope], ticked is None or scope in ticked) for scope in scopes],
        settled=[SCOPES[scope] for scope in authorization.requested_scopes if scope not in scopes],
        wrong=wrong,
        this_page=sign_in.this_page(),
        switch=url_for("auth_server.login_page", next=sign_in.this_page()),
        lifetime=get_settings().refresh_token_lifetime,
    )


def _authorization_response(
    authorization: Authorization, user: User, granted_scopes: set[str]
) -> ResponseReturnValue:
    """A7 – Authorization response (RFC 6749 §4.1.2): 302 back to the client with the code, `state` and `iss`."""
    db, client = get_db(), authorization.client
    grant = authorization.grant
    grant.request.granted_scope = scope_text(granted_scopes)
    if not grants.is_connected(db, user.id, client.client_id):
        account_events.note(
            db, user.id, "app_let_in", client_name=client.name, address=request.remote_addr
        )
    if not client.is_public:
        consents.remember_consent(db, user.id, client.client_id, sorted(granted_scopes))
    response = authorization_server().create_authorization_response(
        grant.request, grant_user=user, grant=grant
    )
    db.commit()
    sign_in.forget_what_the_sign_in_was_for()
    return response  # type: ignore[no-any-return]
