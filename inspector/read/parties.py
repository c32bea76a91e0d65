"""The parties of a flow, and which messages each of them can see."""

from dataclasses import dataclass

from inspector.read.messages import Message
from inspector.read.steps import Lane


@dataclass(frozen=True)
class Party:
    """One of the four parties, or everybody, whose `lane` is None.

    `view` is its name in the query, `name` that in headings, and `called` that within a sentence.
    """

    view: str
    name: str
    called: str
    lane: Lane | None

    def sees(self, message: Message) -> bool:
        """Return whether this party sends or receives the message."""
        return self.lane is None or self.lane in (message.source, message.target)


EVERYBODY = Party("", "Everything", "everybody", None)
PARTIES = (
    EVERYBODY,
    Party("browser", "Browser", "the browser", Lane.BROWSER),
    Party("client", "Client", "the client", Lane.CLIENT),
    Party(
        "authorization-server",
        "Authorization server",
        "the authorization server",
        Lane.AUTHORIZATION_SERVER,
    ),
    Party("resource-api", "Resource API", "the resource API", Lane.RESOURCE_API),
)


def party(view: str) -> Party:
    """Return the party of this view, or everybody for an unknown view."""
    return next((party for party in PARTIES if party.view == view), EVERYBODY)
