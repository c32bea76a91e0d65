"""What each party can see of a flow. The rest is a blind spot, and a lesson of its own."""

from dataclasses import dataclass

from inspector.read.messages import Message
from inspector.read.steps import Lane


@dataclass(frozen=True)
class Party:
    """One of the four, or nobody in particular: `lane` is None for who sees everything.

    `called` is what it is called within a sentence.
    """

    view: str
    name: str
    called: str
    lane: Lane | None

    def sees(self, message: Message) -> bool:
        """Whether a message is sent or received by this party."""
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
    """The party of that view; everybody for a view that there is not."""
    return next((party for party in PARTIES if party.view == view), EVERYBODY)
