"""Find what a client did before its flow: it read metadata and registered itself.

Only values of the protocol tie messages, and metadata has none. So a client that registers itself
is known by its client_id, and the messages before that by their User-Agent.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from config import DEMO_CLIENT_ID
from inspector.read import steps
from inspector.record.exchange import Exchange

#: Seconds between such a message and the next one of the same sender that belongs to a flow.
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
    """Finds the flow that a message of a client prepared."""

    def __init__(self, in_order: Sequence[Exchange], flow_of: Mapping[int, str]) -> None:
        """Read the exchanges, in the order in which they began.

        `flow_of` has the flows of those with values of the protocol, by their ids.
        """
        print_shops = {flow_of.get(one.id) for one in in_order if client_of(one) == DEMO_CLIENT_ID}
        self._by_sender: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)
        for exchange in in_order:
            flow = flow_of.get(exchange.id)
            if flow and flow not in print_shops and _is_of_a_client(exchange):
                self._by_sender[_sender(exchange)].append((exchange.started_at, flow))

    def flow_after(self, exchange: Exchange) -> str | None:
        """Return the flow of the next message of the sender, or None if it came too late."""
        if steps.request_step(exchange):
            return None  # It has a code or a token, which is not from this flow.
        latest = exchange.started_at + MAX_SECONDS
        for began, flow in self._by_sender[_sender(exchange)]:
            if exchange.started_at < began <= latest:
                return flow
        return None


def _is_of_a_client(exchange: Exchange) -> bool:
    """Return whether a client sent it that the lab does not play."""
    is_for_machines = steps.is_for_machines(exchange) and not steps.is_the_labs(exchange)
    return is_for_machines and steps.source(exchange) == steps.Lane.CLIENT


def _sender(exchange: Exchange) -> str:
    """Return the User-Agent. The client of the MCP SDK sends none with some of its requests."""
    return steps.header(exchange, "User-Agent")
