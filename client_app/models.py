"""What Print Shop remembers about one browser: the flows that it has begun, and its connection to the photos.

Orders belong to the connection under which they were made, and are forgotten with it.

A browser may hold several flows at once, one in each tab, and for a moment two connections, when two of them end
together. Tokens answer only to the id of their own connection, which is made when they are stored: whoever knew this
browser's cookie before, and may have planted it, does not know that id.
"""

import json
from dataclasses import asdict, dataclass, field
from secrets import compare_digest
from typing import Any, Self

from client_app.oauth import AuthorizationRequest, AuthorizationResponse, BadResponseError, Tokens
from client_app.orders import MAX_ORDERS, Order
from client_app.reasons import Reason

MAX_REQUESTS = 10
REQUEST_LIFETIME = 600  # seconds
#: Seconds in which a connection that the browser does not hold may be on its way to it, as another tab's answer.
HANDOVER = 60


@dataclass
class Connection:
    """Tokens, the id to which they answer, and what was ordered with them."""

    id: str = field(repr=False)
    tokens: Tokens
    made_at: float
    orders: list[Order] = field(default_factory=list)

    def keep(self, order: Order) -> None:
        """Remember an order; the oldest make room."""
        self.orders = [*self.orders, order][-MAX_ORDERS:]

    @classmethod
    def from_stored(cls, stored: dict[str, Any]) -> Self:
        """As `dataclasses.asdict` left it."""
        orders = [Order.from_stored(order) for order in stored.get("orders", [])]
        return cls(stored["id"], Tokens(**stored["tokens"]), stored["made_at"], orders)


@dataclass
class Record:
    """One browser's. Moments are in epoch seconds."""

    requests: list[AuthorizationRequest] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to remember."""
        return not self.requests and not self.connections

    def remember(self, request: AuthorizationRequest) -> None:
        """Keep a request until its response comes; the oldest make room."""
        recent = [
            old for old in self.requests if old.created_at > request.created_at - REQUEST_LIFETIME
        ]
        self.requests = [*recent, request][-MAX_REQUESTS:]

    def take(self, response: AuthorizationResponse, now: float) -> AuthorizationRequest:
        """The request that `response` answers, once: it is forgotten here, whatever becomes of it.

        :raises BadResponseError: when there is none, or it is too old.
        """
        for request in self.requests:
            if request.is_answered_by(response):
                self.requests.remove(request)
                if request.created_at > now - REQUEST_LIFETIME:
                    return request
        raise BadResponseError(Reason.UNKNOWN_STATE)

    def connection(self, connection_id: str) -> Connection | None:
        """The connection of that id."""
        return next(
            (held for held in self.connections if compare_digest(held.id, connection_id)), None
        )

    def connect(self, new: Connection, instead_of: str | None) -> list[Connection]:
        """Add a connection; take away and return the one it replaces, and any that no browser ever took up.

        Their orders go with them: it may be another person's who has signed in this time.
        """
        young = [
            held
            for held in self.connections
            if held.made_at > new.made_at - HANDOVER and held.id != instead_of
        ]
        over = [held for held in self.connections if held not in young]
        self.connections = [*young, new]
        return over

    def disconnect(self, connection_id: str) -> None:
        """Forget the connection of that id."""
        self.connections = [
            held for held in self.connections if not compare_digest(held.id, connection_id)
        ]

    def to_json(self) -> bytes:
        """For the store."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """As stored.

        :raises ValueError: when another version of this program wrote it.
        """
        try:
            stored = json.loads(data)
            requests = [AuthorizationRequest(**request) for request in stored["requests"]]
            connections = [Connection.from_stored(held) for held in stored["connections"]]
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("not a record of this version") from error
        return cls(requests, connections)
