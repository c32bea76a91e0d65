"""Find what a client did before its flow: it read metadata and registered itself.

Only values of the protocol tie messages, and metadata has none. So a client that registers itself
is known by its client_id, and the messages before that by their User-Agent.
"""

from collections import defaultdict
from collections.abc import Iterable

from config import DEMO_CLIENT_ID
from inspector.read import steps
from inspector.record.exchange import Exchange

#: Seconds between such a message and the registration or token request of the same sender.
MAX_SECONDS = 600


def self_registered(exchanges: Iterable[Exchange]) -> set[str]:
    """Return the ids of the clients that registered themselves, also by a metadata document."""
    found: set[str] = set()
    for exchange in exchanges:
        client_id = steps.asked_by(exchange) or ""
        if client_id.startswith(("https://", "http://")):
            found.add(client_id)
        found.add(steps.registered_client(exchange).get("client_id", ""))
    return found - {""}


def ties(exchange: Exchange, own_ids: set[str]) -> list[str]:
    """Return the tie of an exchange with one of these clients, which is one agent of one user."""
    client_id = client_of(exchange)
    if client_id in own_ids:
        return [f"client:{client_id}"]
    return []


def client_of(exchange: Exchange) -> str:
    """Return the client that an exchange with the authorization server is about, or ""."""
    if exchange.leg != "auth_server":
        return ""
    if exchange.path.startswith(f"{steps.REGISTRATION}/"):
        return exchange.path.rpartition("/")[2]
    return steps.asked_by(exchange) or steps.registered_client(exchange).get("client_id", "")


class Preparations:
    """Finds the registration or the token request that a message prepared."""

    def __init__(self, in_order: Iterable[Exchange]) -> None:
        """Read the exchanges, in the order in which they began."""
        self._by_sender: defaultdict[str, list[Exchange]] = defaultdict(list)
        for exchange in filter(_begins, in_order):
            self._by_sender[steps.header(exchange, "User-Agent")].append(exchange)

    def followed_by(self, exchange: Exchange) -> Exchange | None:
        """Return the next registration or token request of the sender, or None."""
        sender = steps.header(exchange, "User-Agent")
        if not sender or not _prepares(exchange):
            return None
        latest = exchange.started_at + MAX_SECONDS
        for later in self._by_sender[sender]:
            if exchange.started_at < later.started_at <= latest:
                return later
        return None


def _prepares(exchange: Exchange) -> bool:
    """Return whether a client may have sent it to find the authorization server."""
    if steps.is_the_labs(exchange) or steps.request_step(exchange):
        return False
    return steps.is_for_machines(exchange) and steps.source(exchange) == steps.Lane.CLIENT


def _begins(exchange: Exchange) -> bool:
    """Return whether a client that is not Print Shop registers itself or redeems a code."""
    if client_of(exchange) == DEMO_CLIENT_ID:
        return False
    return bool(steps.registered_client(exchange)) or steps.request_step(exchange) == "T1"
