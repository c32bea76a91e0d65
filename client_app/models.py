"""What Print Shop stores about one browser: its open authorization requests and its connection.

A browser may have several open requests, one in each tab. For a moment it may have two connections,
when the flows of two tabs end together. Tokens belong to the id of their connection, which is
created when they are stored. An attacker who planted the browser's cookie does not know that id.

Orders belong to the connection under which they were made, and are deleted with it.
"""

import json
from dataclasses import asdict, dataclass, field, replace
from secrets import compare_digest
from typing import Any, Self

from client_app.oauth import (
    AuthorizationRequest,
    AuthorizationResponse,
    BadResponseError,
    SignedToken,
    Tokens,
)
from client_app.orders import MAX_ORDERS, Order
from client_app.reasons import Reason

MAX_REQUESTS = 10
MAX_BROWSERS = 50
REQUEST_LIFETIME = 600  # seconds
#: Seconds after which a connection that is not in the browser's cookie will not get there any more.
HANDOVER = 60


@dataclass
class Connection:
    """Tokens, the id that gives access to them, and the orders that were made with them."""

    id: str = field(repr=False)
    tokens: Tokens
    made_at: float
    orders: list[Order] = field(default_factory=list)

    def add_order(self, order: Order) -> None:
        """Store an order; drop the oldest when there are too many."""
        self.orders = [*self.orders, order][-MAX_ORDERS:]

    def is_replaced(self, new: "Connection", replaced_id: str | None) -> bool:
        """Return whether this connection has `replaced_id`, or was not used within `HANDOVER`."""
        return self.id == replaced_id or self.made_at <= new.made_at - HANDOVER

    @classmethod
    def from_stored(cls, stored: dict[str, Any]) -> Self:
        """Create a connection from the result of `dataclasses.asdict`."""
        orders = [Order.from_stored(order) for order in stored.get("orders", [])]
        return cls(stored["id"], _read_tokens(stored["tokens"]), stored["made_at"], orders)


@dataclass
class Record:
    """What is stored about one browser. Times are in epoch seconds.

    A record of the index of sign-ins has nothing but `browsers`.
    """

    requests: list[AuthorizationRequest] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    browsers: list[str] = field(default_factory=list, repr=False)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to store."""
        return not self.requests and not self.connections and not self.browsers

    def add_request(self, request: AuthorizationRequest) -> None:
        """Store a request until its response arrives; drop the oldest when there are too many."""
        earliest = request.created_at - REQUEST_LIFETIME
        recent = [stored for stored in self.requests if stored.created_at > earliest]
        self.requests = [*recent, request][-MAX_REQUESTS:]

    def take_request(self, response: AuthorizationResponse, now: float) -> AuthorizationRequest:
        """Remove and return the request that `response` answers, so that it is answered once.

        :raises BadResponseError: when there is none, or it is too old.
        """
        for request in self.requests:
            if request.is_answered_by(response):
                self.requests.remove(request)
                if request.created_at > now - REQUEST_LIFETIME:
                    return request
        raise BadResponseError(Reason.UNKNOWN_STATE)

    def find_connection(self, connection_id: str) -> Connection | None:
        """Return the connection with that id, or None."""
        for connection in self.connections:
            if compare_digest(connection.id, connection_id):
                return connection
        return None

    def add_connection(self, new: Connection, replaced_id: str | None) -> list[Connection]:
        """Add a connection, and remove and return those that are not needed any more.

        These are the one with `replaced_id` and those that no browser has used within `HANDOVER`
        seconds. Their orders are deleted too, because another user may have signed in this time.
        """
        removed = [old for old in self.connections if old.is_replaced(new, replaced_id)]
        self.connections = [stored for stored in self.connections if stored not in removed] + [new]
        return removed

    def remove_connection(self, connection_id: str) -> None:
        """Remove the connection with that id."""
        self.connections = [
            stored for stored in self.connections if not compare_digest(stored.id, connection_id)
        ]

    def add_browser(self, browser: str) -> None:
        """Add a browser to this entry of the index; drop the oldest when there are too many."""
        self.remove_browser(browser)
        self.browsers = [*self.browsers, browser][-MAX_BROWSERS:]

    def remove_browser(self, browser: str) -> None:
        """Remove a browser from this entry of the index."""
        self.browsers = [stored for stored in self.browsers if stored != browser]

    def to_json(self) -> bytes:
        """Return the record in the format of the store."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Read a record in the format of the store.

        :raises ValueError: when another version of this program wrote it.
        """
        try:
            stored = json.loads(data)
            requests = [AuthorizationRequest(**request) for request in stored["requests"]]
            connections = [Connection.from_stored(item) for item in stored["connections"]]
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("not a record of this version") from error
        return cls(requests, connections, stored.get("browsers", []))


def _read_tokens(stored: dict[str, Any]) -> Tokens:
    tokens = Tokens(**stored)
    if tokens.id_token is None:
        return tokens
    return replace(tokens, id_token=SignedToken(**stored["id_token"]))
