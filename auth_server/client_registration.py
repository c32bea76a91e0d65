"""Clients that register themselves (RFC 7591), and manage their registration (RFC 7592).

A registration access token is not rotated: it is shown when the client is registered, and works
until the client is deleted. Nothing here commits.
"""

from auth_server import clients, request_throttling
from auth_server.context import get_settings
from auth_server.digests import digest, digest_matches, new_identifier, new_secret
from auth_server.errors import RegistrationError, RegistrationRefused, RegistrationThrottled
from auth_server.models import Client
from auth_server.reasons import Reason
from auth_server.registrants import RegisteredBy
from auth_server.registration_request import Members, read_metadata
from web.database import Session

#: The members of a response that an update must not repeat (RFC 7592 §2.2).
_READ_ONLY = (
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
)


def check_initial_access(token: str | None) -> None:
    """Check that a client may be registered with this initial access token (RFC 7591 §3).

    :raises RegistrationRefused: when it may not.
    """
    settings = get_settings()
    if settings.registration == "closed":
        raise RegistrationRefused(Reason.REGISTRATION_CLOSED)
    if settings.registration != "token":
        return
    if token is None:
        raise RegistrationRefused(Reason.REGISTRATION_TOKEN_MISSING)
    if not digest_matches(token, digest(settings.registration_token)):
        raise RegistrationRefused(Reason.WRONG_REGISTRATION_TOKEN)


def register(db: Session, members: Members, address: str) -> tuple[Client, str | None, str]:
    """Register a client; return it with its secret, if any, and its registration access token.

    :raises RegistrationError: when the metadata are not safe or not valid.
    :raises RegistrationThrottled: when too many clients were registered from this address.
    """
    client_id = new_identifier()
    # RFC 7591 §2: without a name, the page shows the client_id.
    metadata = read_metadata(members, default_name=client_id)
    client, secret = clients.register_client(
        db, metadata, registered_by=RegisteredBy.ITSELF, client_id=client_id
    )
    if throttled := request_throttling.count_registration(address):
        raise RegistrationThrottled(throttled.retry_after)
    token = new_secret()
    client.registration_token_digest = digest(token)
    return client, secret, token


def find_client(db: Session, client_id: str, token: str | None, *, lock: bool = False) -> Client:
    """Return the client with this registration access token (RFC 7592 §2).

    With `lock`, lock its row for a change.

    :raises RegistrationRefused: when the token is not that of the client, or the client is unknown.
    """
    if token is None:
        raise RegistrationRefused(Reason.REGISTRATION_TOKEN_MISSING)
    client = None
    if client_id.isascii() and client_id.isalnum():
        client = db.get(Client, client_id, with_for_update=lock or None)
    if client is None or not digest_matches(token, client.registration_token_digest):
        raise RegistrationRefused(Reason.WRONG_REGISTRATION_TOKEN)
    if client.is_demo and not get_settings().demo:
        raise RegistrationRefused(Reason.WRONG_REGISTRATION_TOKEN)
    return client


def update(db: Session, client: Client, members: Members) -> None:
    """Replace the metadata of a client. What is omitted is removed (RFC 7592 §2.2).

    :raises RegistrationError: when the metadata are not safe or not valid.
    """
    for member in _READ_ONLY:
        if member in members:
            _reject_member(member, f"{member} is set by this server. Leave it out.")
    if members.get("client_id") != client.client_id:
        _reject_member("client_id", "client_id must be that of this client.")
    secret = members.get("client_secret")
    if secret is not None and not _is_secret_of(client, secret):
        _reject_member("client_secret", "client_secret must be that of this client, or omitted.")
    metadata = read_metadata(members, default_name=client.client_id)
    clients.update_client(db, client, metadata)


def _is_secret_of(client: Client, presented: object) -> bool:
    return isinstance(presented, str) and digest_matches(presented, client.client_secret_digest)


def _reject_member(member: str, objection: str) -> None:
    raise RegistrationError(objection, {member: objection})
