"""Who registered a client: the operator, the demo, a user whom the pages name, or itself."""

from enum import StrEnum
from urllib.parse import urlsplit

from sqlalchemy import bindparam, select

from auth_server.models import Client, User
from auth_server.registered_client import RegisteredClient
from web.database import get_reader
from web.statements import Query


class RegisteredBy(StrEnum):
    """How a client registered itself."""

    ITSELF = "itself"  # at the registration endpoint (RFC 7591)
    DOCUMENT = "document"  # by the metadata document at the address that is its client_id


#: What a page calls the links that a client may have registered.
_TITLES = {"policy_uri": "Its policy", "tos_uri": "Its terms"}


def _read_links(stored: dict[str, str] | None) -> dict[str, str]:
    return stored or {}


_FIND_LINKS = Query(
    select(Client.links).where(Client.client_id == bindparam("client_id")), _read_links
)
_FIND_USERNAME = Query(select(User.username).where(User.id == bindparam("user_id")), str)


def is_trusted(client: RegisteredClient) -> bool:
    """Return whether the operator of this server chose the client and its addresses."""
    return client.owner_id is None and client.registered_by is None


def find_registrant(client: RegisteredClient) -> str | None:
    """Return the username of the user who registered the client, or None if no user did.

    A username is unique and looks like no other one, while users choose their names freely.
    """
    if client.owner_id is None:
        return None
    return _FIND_USERNAME.one(get_reader(), user_id=client.owner_id)


def find_links(client: RegisteredClient) -> list[tuple[str, str]]:
    """Return the title and the address of each page about the client that users may want to read.

    Only clients that registered themselves can have such pages.
    """
    if client.registered_by is None:
        return []
    links = _FIND_LINKS.one(get_reader(), client_id=client.client_id) or {}
    return [(title, links[name]) for name, title in _TITLES.items() if name in links]


def find_host(address: str) -> str:
    """Return the host and the port of a web address, as a page shows them."""
    return urlsplit(address).netloc
