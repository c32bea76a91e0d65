"""The consent page of the authorization endpoint."""

from collections.abc import Collection
from enum import Enum
from http import HTTPStatus

from flask import request
from flask.typing import ResponseReturnValue

from auth_server import consents, resources, sign_in
from auth_server.authorization_request import Authorization
from auth_server.context import get_settings
from auth_server.registered_client import RegisteredClient
from auth_server.registration_changes import CHANGES, Registration
from auth_server.scopes import SCOPES, join_phrases
from auth_server.signed_in_user import SignedInUser
from web.database import get_transaction
from web.event_log import record
from web.headers import allow_forms_to_redirect
from web.pages import page


class Problem(Enum):
    """Why a decision does not count, with the status of the page that says so."""

    UNDECIDED = HTTPStatus.BAD_REQUEST
    CLIENT_CHANGED = HTTPStatus.CONFLICT


def show_consent_page(
    authorization: Authorization,
    user: SignedInUser,
    scopes: list[str],
    ticked: set[str] | None = None,
    problem: Problem | None = None,
) -> ResponseReturnValue:
    """A5 – Show the consent page, with the requested scopes as sentences.

    Its form posts to the address of the authorization request.
    """
    allow_forms_to_redirect()
    client = authorization.client
    known = [scope for scope in authorization.requested_scopes if scope not in scopes]
    record("consent_requested", client_id=client.client_id, client_name=client.name, sub=user.id)
    status = HTTPStatus.OK
    if problem is not None:
        status = problem.value
    return page(
        "consent.html",
        status,
        client=client,
        registration=Registration.of(client).digest,
        redirect_uri=authorization.redirect_uri,
        user=user,
        choices=[(scope, SCOPES[scope], ticked is None or scope in ticked) for scope in scopes],
        asked=join_phrases(scopes),
        resource_servers=_describe_resources(authorization),
        changes=_list_changes(client, user),
        allowed_before=join_phrases(known),
        problem=problem and problem.name,
        this_page=sign_in.this_page(),
        lifetime=get_settings().refresh_token_lifetime,
    )


def find_problem(
    authorization: Authorization, ticked: set[str], scopes_to_ask: Collection[str]
) -> Problem | None:
    """Return why the form that was sent allows nothing, or None.

    The client can have changed since the page was shown.
    """
    current = Registration.of(authorization.client).digest
    if request.form.get("registration", current) != current:
        return Problem.CLIENT_CHANGED
    is_within_request = ticked <= set(authorization.requested_scopes)
    is_allowed = request.form.get("decision") == "allow"
    if not is_allowed or not ticked & set(scopes_to_ask) or not is_within_request:
        return Problem.UNDECIDED
    return None


def _describe_resources(authorization: Authorization) -> list[str]:
    """Return name and address of each resource server that the request names."""
    db = get_transaction()
    return [
        f"{resources.find_name(db, address)} ({address})" for address in authorization.resources
    ]


def _list_changes(client: RegisteredClient, user: SignedInUser) -> list[str]:
    """Return what the client has changed since the user allowed it, as phrases."""
    changes = consents.changes_since_consent(get_transaction(), user.id, client.client_id)
    return [phrase for name, phrase in CHANGES.items() if name in changes]
