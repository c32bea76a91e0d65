"""The clients of a flow: usually one, but in an attack also the attacker's."""

from collections.abc import Iterable, Mapping

from config import DEMO_CLIENT_ID, DEMO_INTROSPECTION_CLIENT_ID
from inspector.read import steps
from inspector.record.exchange import Exchange

UNKNOWN = "A client"


class Clients:
    """The clients that take part in some exchanges."""

    def __init__(
        self, exchanges: Iterable[Exchange], registered: Mapping[str, str] | None = None
    ) -> None:
        """Read the clients. `registered` has known names by client id."""
        ids = dict.fromkeys(filter(None, map(_client_of, exchanges)))
        known = {DEMO_CLIENT_ID: "Print Shop", **(registered or {})}
        self._names = {client_id: known.get(client_id, client_id) for client_id in ids}

    @property
    def together(self) -> str:
        """The names of all of them, for their lifeline."""
        return ", ".join(dict.fromkeys(self._names.values())) or UNKNOWN

    def of(self, exchange: Exchange) -> str:
        """Return the client of `exchange`. If it names none, return the only client there is."""
        named = self._names.get(_client_of(exchange) or "")
        if named:
            return named
        if len(self._names) == 1:
            return self.together
        return UNKNOWN


def registered_names(exchanges: Iterable[Exchange]) -> dict[str, str]:
    """Return the names of clients by client id, as the authorization server knows them."""
    names: dict[str, str] = {}
    for exchange in exchanges:
        registered = steps.registered_client(exchange)
        if registered.get("client_name"):
            names[registered["client_id"]] = registered["client_name"]
        for event in exchange.events:
            if event.get("event") == "consent_requested":
                names[str(event["client_id"])] = str(event["client_name"])
    return names


def _client_of(exchange: Exchange) -> str | None:
    if exchange.leg == "client_app":
        return DEMO_CLIENT_ID
    if exchange.leg != "auth_server":
        return None
    client_id = steps.asked_by(exchange) or steps.registered_client(exchange).get("client_id")
    if client_id == DEMO_INTROSPECTION_CLIENT_ID:
        return None
    return client_id
