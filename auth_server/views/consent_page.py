"""The consent page of the authorization endpoint."""

from http import HTTPStatus

from flask.typing import ResponseReturnValue

from auth_server import consents, resources, sign_in
from auth_server.authorization_request import Authorization
from auth_server.context import get_settings
from auth_server.registered_client import RegisteredClient
from auth_server.registration_changes import CHANGES
from auth_server.scopes import SCOPES, join_phrases
from auth_server.signed_in_user import SignedInUser
from web.database import get_transaction
from web.event_log import record
from web.headers import allow_forms_to_redirect
from web.pages import page


def show_consent_page(
    authorization: Authorization,
    user: SignedInUser,
    scopes: list[str],
    ticked: set[str] | None = None,
    *,
    is_invalid: bool = False,
) -> ResponseReturnValue:
    """A5 – Show the consent page, with the requested scopes as sentences.

    Its form posts to the address of the authorization request.
    """
    allow_forms_to_redirect()
    client = authorization.client
    known = [scope for scope in authorization.requested_scopes if scope not in scopes]
    record("consent_requested", client_id=client.client_id, client_name=client.name, sub=user.id)
    status = HTTPStatus.OK
    if is_invalid:
        status = HTTPStatus.BAD_REQUEST
    return page(
        "consent.html",
        status,
        client=client,
        redirect_uri=authorization.redirect_uri,
        user=user,
        choices=[(scope, SCOPES[scope], ticked is None or scope in ticked) for scope in scopes],
        asked=join_phrases(scopes),
        resource_servers=_describe_resources(authorization),
        changes=_list_changes(client, user),
        allowed_before=join_phrases(known),
        wrong=is_invalid,
        this_page=sign_in.this_page(),
        lifetime=get_settings().refresh_token_lifetime,
    )


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
