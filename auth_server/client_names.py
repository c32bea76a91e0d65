"""Refuse the name of a client that a user could mistake for that of another registrant's client.

A registrant is the operator, the demo or a user. One registrant may use a name twice, for example
for the web and the phone application of one product: the consent page names the same registrant.

Clients that register themselves count as one more registrant: a desktop application registers
itself on each machine under the same name. Nobody answers for their names, so these names keep no
other registrant from using them.
"""

from sqlalchemy import Select, or_, select

from auth_server.context import get_settings
from auth_server.demo import PHOTO_API, PRINT_SHOP
from auth_server.errors import RegistrationError
from auth_server.lookalikes import look_alike
from auth_server.models import Client
from web.database import Session, lock

_OBJECTION = (
    "This name looks like that of another app or of this server. Choose one that users cannot "
    "mistake for it."
)


def check_unmistakable(db: Session, name: str, client: Client) -> None:
    """Check the name that `client` is to have; its registrant is set.

    :raises RegistrationError: when it looks like the name of this server, of a client of another
        registrant, or, unless the operator is the registrant, of the demo.
    """
    # Of two names that look alike and are registered together, the second must find the first.
    lock(db, "names of clients")
    taken = [get_settings().name, *db.scalars(_names_of_others(client))]
    if client.owner_id or client.registered_by:
        taken += [PRINT_SHOP, PHOTO_API]
    if any(look_alike(name, other) for other in taken):
        raise RegistrationError(_OBJECTION, {"name": _OBJECTION})


def _names_of_others(client: Client) -> Select[str]:
    """Select the names of the clients of other registrants. Outside the demo, it has none."""
    names = select(Client.name).where(Client.registered_by.is_(None))
    if client.owner_id is not None:
        names = names.where(or_(Client.owner_id.is_(None), Client.owner_id != client.owner_id))
    elif client.registered_by is None:
        names = names.where(or_(Client.owner_id.is_not(None), Client.is_demo))
    if not get_settings().demo:
        names = names.where(Client.is_demo.is_(False))
    return names
