"""Of two names of clients that look alike, one is registered, even if both are at once."""

from contextlib import suppress
from functools import partial
from threading import Barrier, BrokenBarrierError

from sqlalchemy import select
from world.legs import Legs
from world.signed_in import signed_in
from world.threads import at_once

from auth_server import clients
from auth_server.client_metadata import ClientMetadata
from auth_server.errors import RegistrationError
from auth_server.models import User
from web.database import Database

#: How long a transaction stays open, so that the other one can come as far.
OPEN_SECONDS = 2.0


def register(legs: Legs, both_checked: Barrier, username: str, name: str) -> str:
    """Register a client of a user, but commit only when the other one is registered, or waits."""
    database: Database = legs.auth_server.extensions["tripod.database"]
    uri = f"https://{username}.example/callback"
    metadata = ClientMetadata(name=name, redirect_uris=[uri], scope="profile")
    try:
        with legs.auth_server.app_context(), database.writing() as db:
            user = db.scalars(select(User).where(User.username == username)).one()
            clients.register_client(db, metadata, owner=signed_in(user))
            db.flush()
            with suppress(BrokenBarrierError):
                both_checked.wait(OPEN_SECONDS)
    except RegistrationError:
        return "refused"
    return "registered"


def test_one_of_two_lookalike_names_is_refused(legs: Legs) -> None:
    both_checked = Barrier(2)

    outcomes = at_once(
        partial(register, legs, both_checked, "alice", "Harbour Prints"),
        partial(register, legs, both_checked, "bob", "HARB0UR PRlNTS"),
    )

    assert sorted(outcomes) == ["refused", "registered"]
