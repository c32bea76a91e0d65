"""The authorization endpoint (RFC 6749 §3.1): the request, the consent page, and the decision."""

from collections.abc import Collection, Mapping
from datetime import datetime

from flask import request
from flask.typing import ResponseReturnValue

from auth_server import (
    account_events,
    consents,
    grants,
    metadata_documents,
    resources,
    sign_in,
    withdrawals,
)
from auth_server.authorization_request import Authorization, read_authorization
from auth_server.errors import DocumentRefused, UntrustedRequest
from auth_server.protocol_request import ProtocolRequest
from auth_server.reasons import Reason
from auth_server.scopes import scope_list, scope_text
from auth_server.server import front_channel_request
from auth_server.sign_in import signed_in_user
from auth_server.signed_in_user import SignedInUser
from auth_server.views.blueprint import bp
from auth_server.views.consent_page import find_problem, show_consent_page
from auth_server.views.signed_in import redirect_to_login
from web.database import get_transaction, writing
from web.event_log import record, record_on_commit
from web.request_text import checks_query
from web.state_changes import changes_state
from web.waiting import for_event_loop


@bp.get("/oauth/authorize")
@changes_state()
@checks_query
@for_event_loop
@writing
def authorization_request() -> ResponseReturnValue:
    """A2 – Authorization request (RFC 6749 §4.1.1): ask the user, unless nothing is to be asked."""
    protocol_request = front_channel_request()
    _refresh_metadata_document(protocol_request)
    authorization = read_authorization(protocol_request)
    user = _resource_owner(authorization)
    if user is None:
        return _redirect_to_sign_in(authorization)
    grants.lock_oldest_grants_of(get_transaction(), user.id, authorization.client.client_id)
    allowed_at = _find_allowed(authorization, user)
    scopes_to_ask = _scopes_to_ask(authorization, allowed_at)
    if not scopes_to_ask:
        _record_remembered(authorization, user, allowed_at)
        return _authorization_response(authorization, user, set(authorization.requested_scopes))
    if "none" in authorization.prompt:
        raise authorization.refused(
            "consent_required", Reason.CONSENT_REQUIRED, "The resource owner must be asked first."
        )
    return show_consent_page(authorization, user, scopes_to_ask)


@bp.post("/oauth/authorize")
@checks_query
@writing
def authorization_decision() -> ResponseReturnValue:
    """A6 – Read the resource owner's decision: all or some scopes, or none (RFC 6749 §4.1)."""
    authorization = read_authorization(front_channel_request())
    user = _resource_owner(authorization)
    if user is None:
        return _redirect_to_sign_in(authorization)
    grants.lock_grants_of(get_transaction(), user.id, authorization.client.client_id)
    ticked = set(request.form.getlist("granted_scope"))
    asked = scope_list(request.form.get("asked_scope"))
    # What the page has asked about counts, even if it was allowed in another tab since.
    allowed_before = _find_allowed(authorization, user).keys() - set(asked)
    scopes_to_ask = _scopes_to_ask(authorization, allowed_before)
    if request.form.get("decision") == "deny":
        _withdraw(authorization, user, asked)
        raise _denied(authorization, user)
    if problem := find_problem(authorization, ticked, scopes_to_ask):
        return show_consent_page(authorization, user, scopes_to_ask, ticked, problem)
    _withdraw(authorization, user, set(asked) - ticked)
    record_on_commit(
        get_transaction(),
        "consent_given",
        client_id=authorization.client.client_id,
        sub=user.id,
        scope=scope_text(ticked),
    )
    granted = ticked | (set(authorization.requested_scopes) - set(scopes_to_ask))
    _store_consent(authorization, user, granted)
    return _authorization_response(authorization, user, granted)


def _refresh_metadata_document(protocol_request: ProtocolRequest) -> None:
    """Fetch the metadata document of the client, if it has one, before a transaction begins."""
    client_ids = protocol_request.values.get("client_id", [])
    if len(client_ids) != 1:
        return
    try:
        metadata_documents.refresh(client_ids[0], request.remote_addr or "")
    except DocumentRefused as refusal:
        raise UntrustedRequest(
            "invalid_client",
            refusal.reason,
            "The app that sent you here describes itself in a document that cannot be used.",
            str(refusal),
            details={"App": client_ids[0][:200]},
            fields={"detail": str(refusal)},
        ) from None


def _record_remembered(
    authorization: Authorization, user: SignedInUser, allowed_at: Mapping[str, datetime]
) -> None:
    """Record that the user is not asked, and when they allowed the last of the scopes."""
    newest = max(allowed_at[scope] for scope in authorization.requested_scopes)
    record_on_commit(
        get_transaction(),
        "consent_remembered",
        client_id=authorization.client.client_id,
        sub=user.id,
        scope=scope_text(authorization.requested_scopes),
        allowed_at=int(newest.timestamp()),
    )


def _withdraw(authorization: Authorization, user: SignedInUser, scopes: Collection[str]) -> None:
    """Withdraw what the user was asked for and does not allow any more: the newest decision counts.

    `scopes` come from the form.
    """
    db, client = get_transaction(), authorization.client
    refused = set(authorization.requested_scopes).intersection(scopes)
    withdrawn = withdrawals.withdraw_from_user(db, user.id, client.client_id, refused)
    if not withdrawn:
        return
    account_events.note(
        db, user.id, "permission_withdrawn", client_name=client.name, address=request.remote_addr
    )
    record_on_commit(
        db,
        "consent_withdrawn",
        client_id=client.client_id,
        sub=user.id,
        scope=scope_text(withdrawn),
    )


def _denied(authorization: Authorization, user: SignedInUser) -> Exception:
    record("consent_denied", client_id=authorization.client.client_id, sub=user.id)
    get_transaction().commit()
    sign_in.forget_request_of_sign_in()
    return authorization.refused(
        "access_denied", Reason.ACCESS_DENIED, "The resource owner denied the request."
    )


def _resource_owner(authorization: Authorization) -> SignedInUser | None:
    """Return the signed-in user, or None when the user must sign in or choose the account first.

    With `prompt=select_account`, the choice must have been for this request.

    :raises AuthorizationRefused: when `prompt=none` forbids to show the login page, or another user
        signed in than the one of the `id_token_hint`.
    """
    user = signed_in_user()
    must_sign_in = user is None or _needs_new_sign_in(authorization, user)
    if not must_sign_in and not _needs_choice(authorization):
        return user
    if "none" in authorization.prompt:
        raise authorization.refused(
            "login_required", Reason.LOGIN_REQUIRED, "The resource owner must sign in."
        )
    return None


def _needs_new_sign_in(authorization: Authorization, user: SignedInUser) -> bool:
    """Return whether the user must sign in for this request, although they are signed in.

    `prompt=login`, `max_age` or `id_token_hint` can require it (OpenID Connect Core §3.1.2.1).
    """
    openid = authorization.openid
    if sign_in.signed_in_for_this_request():
        if not openid.can_be_answered_for(user):
            raise authorization.refused(
                "login_required",
                Reason.ANOTHER_USER,
                "Another user than the expected one signed in.",
            )
        return False
    return (
        "login" in authorization.prompt
        or openid.is_outdated(user)
        or not openid.can_be_answered_for(user)
    )


def _needs_choice(authorization: Authorization) -> bool:
    """Return whether `prompt=select_account` requires that the user chooses the account."""
    is_asked = "select_account" in authorization.prompt
    return is_asked and not sign_in.chose_account_for_this_request()


def _redirect_to_sign_in(authorization: Authorization) -> ResponseReturnValue:
    """Redirect to the login page, or to the account choice if the user only has to choose.

    A user who must sign in anyway chooses the account on the login page.
    """
    user = signed_in_user()
    if user is None or _needs_new_sign_in(authorization, user):
        return redirect_to_login()
    return redirect_to_login(view="account_choice_page")


def _find_allowed(authorization: Authorization, user: SignedInUser) -> dict[str, datetime]:
    """Return the scopes that the user need not be asked about, with the time of the consent."""
    if "consent" in authorization.prompt or not _can_be_remembered(authorization):
        return {}
    return consents.remembered_consents(get_transaction(), user.id, authorization.client.client_id)


def _scopes_to_ask(authorization: Authorization, allowed_before: Collection[str]) -> list[str]:
    return [scope for scope in authorization.requested_scopes if scope not in allowed_before]


def _can_be_remembered(authorization: Authorization) -> bool:
    """Return whether the user's consent counts for later requests, and an earlier one for this.

    Any program can pretend to be a public client. A consent is for the Photo API alone: what a
    client may do at another resource server says nothing about the user's photos.
    """
    is_usual_api = set(authorization.resources) <= set(resources.audiences(None))
    return is_usual_api and not authorization.client.is_public


def _store_consent(
    authorization: Authorization, user: SignedInUser, granted_scopes: set[str]
) -> None:
    """Store the consent if it can be remembered, and an account event for a new connection."""
    db, client = get_transaction(), authorization.client
    if not grants.is_connected(db, user.id, client.client_id):
        account_events.note(
            db, user.id, "app_allowed", client_name=client.name, address=request.remote_addr
        )
    if _can_be_remembered(authorization):
        consents.remember_consent(db, user.id, client.client_id, sorted(granted_scopes))


def _authorization_response(
    authorization: Authorization, user: SignedInUser, granted_scopes: set[str]
) -> ResponseReturnValue:
    """A7 – Authorization response (RFC 6749 §4.1.2): redirect with the code, `state` and `iss`."""
    grant = authorization.grant
    grant.request.granted_scope = scope_text(granted_scopes)
    grant.request.resources = authorization.resources
    status, body, headers = grant.create_authorization_response(authorization.redirect_uri, user)
    get_transaction().commit()
    sign_in.forget_request_of_sign_in()
    return body, status, headers
