"""What a change of a client's registration does to what users granted it before. Nothing commits.

Every change of a registered client has to call `apply_change`, also one by a command.
"""

import json
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import bindparam, select

from auth_server import redirect_uris
from auth_server.consents import outdate_consents
from auth_server.digests import digest
from auth_server.grants import end_grant, lock_grants
from auth_server.models import Client, Grant, authorization_codes
from auth_server.reasons import Reason
from auth_server.registered_client import RegisteredClient
from auth_server.withdrawals import withdraw_from_client
from web.clock import now
from web.database import Session
from web.statements import Query

#: What users rely on when they allow a client, as the consent page says that it changed.
CHANGES = {
    "name": "its name",
    "redirect_uris": "the addresses that it sends you to",
    "type": "its type",
}


@dataclass(frozen=True)
class Registration:
    """What users rely on when they allow a client."""

    name: str
    redirect_uris: frozenset[str]
    is_public: bool

    @classmethod
    def of(cls, client: Client | RegisteredClient) -> "Registration":
        """Return what is registered of the client at this moment."""
        return cls(client.name, frozenset(client.redirect_uris), client.is_public)

    @property
    def digest(self) -> str:
        """A digest that differs after each change."""
        facts = [self.name, sorted(self.redirect_uris), self.is_public]
        return digest(json.dumps(facts))

    def changes_from(self, before: "Registration") -> list[str]:
        """Return the names of `CHANGES` that differ."""
        differs = {
            "name": self.name != before.name,
            "redirect_uris": self.redirect_uris != before.redirect_uris,
            "type": self.is_public != before.is_public,
        }
        return [name for name in CHANGES if differs[name]]


class _SentCode(NamedTuple):
    """A code that can be redeemed. Without `redirect_uri`, it was sent to the only one."""

    grant_id: str
    redirect_uri: str | None


_codes = authorization_codes.c
_LIST_CODES = Query(
    select(Grant.id, _codes.redirect_uri)
    .join(authorization_codes)
    .where(
        Grant.client_id == bindparam("client_id"),
        Grant.ended_at.is_(None),
        _codes.redeemed_at.is_(None),
        _codes.expires_at > bindparam("now"),
    )
    .order_by(Grant.id),
    _SentCode,
)


def apply_change(db: Session, client: Client, before: Registration) -> None:
    """Remove from everything granted to the client what its registration no longer covers.

    The caller has locked the client and stored the change. A scope that the registration has lost
    is withdrawn. A code that was sent to an address that is no longer registered cannot be
    redeemed. After another change that users rely on, the client has to ask them again.
    """
    lock_grants(db, Grant.client_id == client.client_id)
    withdraw_from_client(db, client)
    changes = Registration.of(client).changes_from(before)
    if not changes:
        return
    for code in _LIST_CODES.all(db, client_id=client.client_id, now=now()):
        if not _is_sent_to_registered_address(code, client, before):
            end_grant(db, code.grant_id, Reason.REDIRECT_URI_REMOVED)
    outdate_consents(db, client.client_id, changes)


def _is_sent_to_registered_address(code: _SentCode, client: Client, before: Registration) -> bool:
    address = code.redirect_uri
    if address is None and len(before.redirect_uris) == 1:
        [address] = before.redirect_uris
    return address is not None and redirect_uris.matches(
        address, client.redirect_uris, is_public=client.is_public
    )
