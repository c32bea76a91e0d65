"""The parties of a flow, and which messages each of them can see."""

from dataclasses import dataclass

from inspector.read.messages import Message
from inspector.read.steps import Lane


@dataclass(frozen=True)
class Party:
    """One of the four parties, or everyone, whose `lane` is None. `view` is its name in a query."""

    view: str
    lane: Lane | None

    def sees(self, message: Message) -> bool:
        """Return whether this party sends or receives the message."""
        if self.lane is None or self.lane == message.target:
            return True
        return self.lane == message.source and not message.is_sent_again


EVERYONE = Party("", None)
PARTIES = (
    EVERYONE,
    Party("browser", Lane.BROWSER),
    Party("client", Lane.CLIENT),
    Party("authorization-server", Lane.AUTHORIZATION_SERVER),
    Party("resource-api", Lane.RESOURCE_API),
)


def party(view: str) -> Party:
    """Return the party of this view, or everyone for an unknown view."""
    return next((party for party in PARTIES if party.view == view), EVERYONE)
