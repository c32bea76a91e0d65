"""Who registered a client: its operator, the demo, or a user, whom the pages then name."""

from sqlalchemy import bindparam, select

from auth_server.models import User
from auth_server.registered_client import RegisteredClient
from web.database import get_reader
from web.statements import Query

_FIND_USERNAME = Query(select(User.username).where(User.id == bindparam("user_id")), str)


def is_trusted(client: RegisteredClient) -> bool:
    """Return whether the operator of this server chose the client and its addresses."""
    return client.owner_id is None


def find_registrant(client: RegisteredClient) -> str | None:
    """Return the username of the user who registered the client, or None for the operator.

    A username is unique and looks like no other one, while users choose their names freely.
    """
    if is_trusted(client):
        return None
    return _FIND_USERNAME.one(get_reader(), user_id=client.owner_id)
