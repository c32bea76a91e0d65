"""Create, change, list and delete registered clients. The caller commits."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from auth_server import client_names
from auth_server.client_metadata import ClientMetadata, check_name
from auth_server.context import get_settings
from auth_server.digests import new_identifier
from auth_server.errors import RegistrationError
from auth_server.grants import lock_grants
from auth_server.models import Client, Grant
from auth_server.redirect_uris import objection_to_resource_address
from auth_server.registrants import RegisteredBy
from auth_server.registration_changes import Registration, apply_change
from auth_server.resources import canonical
from auth_server.scopes import scope_list, scope_text
from auth_server.signed_in_user import SignedInUser
from auth_server.signing_keys import RS256
from web.clock import now
from web.database import Session
from web.event_log import Field, record_on_commit


def register_client(
    db: Session,
    metadata: ClientMetadata,
    *,
    owner: SignedInUser | None = None,
    registered_by: RegisteredBy | None = None,
    client_id: str | None = None,
) -> tuple[Client, str | None]:
    """Register a client, and return it with its secret in clear. A public client has no secret.

    A client that a demo user owns, or that registers itself in the demo, belongs to the demo.

    :raises RegistrationError: when the metadata are not safe or not valid.
    """
    _raise_objections(metadata.objections(is_public=metadata.is_public))
    client = Client(
        client_id=client_id or new_identifier(),
        is_resource_server=False,
        is_demo=registered_by is not None and get_settings().demo,
        created_at=now(),
    )
    fields: dict[str, Field] = {}
    if owner is not None:
        client.owner_id = fields["sub"] = owner.id
        client.is_demo = owner.is_demo
    if registered_by is not None:
        client.registered_by = fields["registered_by"] = registered_by.value
    client_names.check_unmistakable(db, metadata.name, client)
    _set_metadata(client, metadata)
    secret = None
    if not metadata.is_public:
        secret = client.renew_secret()
    db.add(client)
    record_on_commit(db, "client_registered", client_id=client.client_id, **fields)
    return client, secret


def register_resource_server(
    db: Session, name: str, resource: str | None = None
) -> tuple[Client, str]:
    """Register a resource server, which may only introspect, and return it with its secret.

    `resource` is the address that it answers for (RFC 8707 §2). It then learns nothing about tokens
    for others.

    :raises RegistrationError: when a value is not valid, or another one has the same address.
    """
    if resource is not None:
        resource = _check_resource(db, resource)
    client = Client(
        client_id=new_identifier(),
        is_resource_server=True,
        is_demo=False,
        name=check_name(name),
        resource=resource,
        redirect_uris=[],
        scope="",
        created_at=now(),
    )
    secret = client.renew_secret()
    db.add(client)
    record_on_commit(db, "client_registered", client_id=client.client_id)
    return client, secret


def update_client(db: Session, client: Client, metadata: ClientMetadata) -> None:
    """Change the metadata of `client`, and what was granted to it under the old ones.

    :raises RegistrationError: when the metadata are not safe or not valid, or would make a public
        client of a confidential one, or the other way round.
    """
    _raise_objections(metadata.objections(is_public=client.is_public))
    if metadata.auth_method is not None and metadata.is_public != client.is_public:
        _raise_objections({"auth_method": "A client cannot get or lose its secret: register anew."})
    if check_name(metadata.name) != client.name:
        client_names.check_unmistakable(db, metadata.name, client)
    before = Registration.of(client)
    _set_metadata(client, metadata)
    db.flush()
    apply_change(db, client, before)
    record_on_commit(db, "client_updated", client_id=client.client_id)


def has_metadata(client: Client, metadata: ClientMetadata) -> bool:
    """Return whether the client is registered with exactly these metadata."""
    described = Client()
    _set_metadata(described, metadata)
    names = [name for name in vars(described) if not name.startswith("_")]
    return all(getattr(client, name) == getattr(described, name) for name in names)


def rotate_secret(db: Session, client_id: str) -> tuple[Client, str]:
    """Give a confidential client a new secret, and return both. The old secret stops working.

    :raises RegistrationError: when there is no such client, or it is public.
    """
    client = _get_client(db, client_id)
    if client.is_public:
        raise RegistrationError(f"{client_id} is a public client and has no secret.")
    record_on_commit(db, "client_secret_renewed", client_id=client_id)
    return client, client.renew_secret()


def disable_client(db: Session, client_id: str) -> None:
    """Replace the secret of the client by one that nobody knows, and remove its redirect URIs.

    :raises RegistrationError: when there is no such client.
    """
    client = _get_client(db, client_id)
    client.renew_secret()
    client.redirect_uris = []


def delete_client(db: Session, client_id: str) -> None:
    """Delete the client with what is left of its consents, grants and tokens.

    :raises RegistrationError: when there is no such client.
    """
    client = _get_client(db, client_id)
    lock_grants(db, Grant.client_id == client_id)
    db.delete(client)
    record_on_commit(db, "client_deleted", client_id=client_id)


def all_clients(db: Session) -> Sequence[Client]:
    """Return every client, oldest first."""
    return db.scalars(select(Client).order_by(Client.created_at, Client.client_id)).all()


def client_information(client: Client) -> dict[str, object]:
    """Return the client information response (RFC 7591 §3.2.1), without the secret."""
    grant_types: list[str] = []
    response_types: list[str] = []
    more = {
        "resource": client.resource,
        "client_uri": client.homepage,
        "post_logout_redirect_uris": client.post_logout_redirect_uris,
        "backchannel_logout_uri": client.backchannel_logout_uri,
        **(client.links or {}),
    }
    if not client.is_resource_server:
        grant_types = ["authorization_code", "refresh_token"]
        response_types = ["code"]
        more["id_token_signed_response_alg"] = client.id_token_alg or RS256
    return {
        "client_id": client.client_id,
        "client_id_issued_at": int(client.created_at.timestamp()),
        "client_name": client.name,
        "redirect_uris": client.redirect_uris,
        "scope": client.scope,
        "grant_types": grant_types,
        "response_types": response_types,
        "token_endpoint_auth_method": client.token_endpoint_auth_method,
        **{name: value for name, value in more.items() if value is not None},
    }


def _check_resource(db: Session, address: str) -> str:
    address = canonical(address)
    if objection := objection_to_resource_address(address):
        raise RegistrationError(objection)
    if db.scalar(select(Client.client_id).where(Client.resource == address)) is not None:
        raise RegistrationError(f"Another resource server has the address {address}.")
    return address


def _get_client(db: Session, client_id: str) -> Client:
    """Return the client, and lock it for a change."""
    client = db.get(Client, client_id, with_for_update=True)
    if client is None:
        raise RegistrationError(f"There is no client {client_id}.")
    return client


def _set_metadata(client: Client, metadata: ClientMetadata) -> None:
    client.name = check_name(metadata.name)
    client.homepage = metadata.homepage or None
    client.redirect_uris = list(dict.fromkeys(metadata.redirect_uris))
    client.scope = scope_text(scope_list(metadata.scope))
    client.auth_method = metadata.auth_method
    client.id_token_alg = metadata.id_token_alg
    client.post_logout_redirect_uris = list(metadata.post_logout_redirect_uris) or None
    client.backchannel_logout_uri = metadata.backchannel_logout_uri or None
    client.links = dict(metadata.links) or None


def _raise_objections(objections: Mapping[str, str]) -> None:
    for first in objections.values():
        raise RegistrationError(first, objections)
