"""Who the clients of a flow are: usually one; an attack has the one that it is aimed at and the attacker's."""

from collections.abc import Iterable, Mapping

from config import DEMO_CLIENT_ID, DEMO_INTROSPECTION_CLIENT_ID
from inspector.read import steps
from inspector.record.exchange import Exchange

NOBODY_KNOWN = "A client"


class Clients:
    """The clients that some exchanges tell of."""

    def __init__(
        self, exchanges: Iterable[Exchange], registered: Mapping[str, str] | None = None
    ) -> None:
        """`registered` are names that are known from elsewhere, by client id."""
        ids = dict.fromkeys(filter(None, map(_client_of, exchanges)))
        known = {DEMO_CLIENT_ID: "Print Shop", **(registered or {})}
        self._names = {client_id: known.get(client_id, client_id) for client_id in ids}

    @property
    def together(self) -> str:
        """What their lifeline is called."""
        return ", ".join(dict.fromkeys(self._names.values())) or NOBODY_KNOWN

    def of(self, exchange: Exchange) -> str:
        """The client that takes part in `exchange`; when the exchange does not say, the only one there is."""
        named = self._names.get(_client_of(exchange) or "")
        return named or (self.together if len(self._names) == 1 else NOBODY_KNOWN)


def registered_names(exchanges: Iterable[Exchange]) -> dict[str, str]:
    """Return the names of clients by client id, as the authorization server logs them."""
    return {
        str(event["client_id"]): str(event["client_name"])
        for exchange in exchanges
        for event in exchange.events
        if event.get("event") == "consent_requested"
    }


def _client_of(exchange: Exchange) -> str | None:
    """Print Shop's id for what Print Shop is asked itself."""
    if exchange.leg == "client_app":
        return DEMO_CLIENT_ID
    asked_by = steps.asked_by(exchange) if exchange.leg == "auth_server" else None
    return asked_by if asked_by != DEMO_INTROSPECTION_CLIENT_ID else None
