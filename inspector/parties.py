"""What each party can see of a flow. The rest is a blind spot, and a lesson of its own."""

from dataclasses import dataclass

from inspector.message import Message
from inspector.steps import Lane


@dataclass(frozen=True)
class Party:
    """One of the four, or nobody in particular: `lane` is None for who sees everything."""

    view: str
    name: str
    lane: Lane | None

    def sees(self, message: Message) -> bool:
        """Whether a message is sent or received by this party."""
        return self.lane is None or self.lane in (message.source, message.target)


EVERYBODY = Party("", "Everything", None)
PARTIES = (
    EVERYBODY,
    Party("browser", "Browser", Lane.BROWSER),
    Party("client", "Client", Lane.CLIENT),
    Party("authorization-server", "Authorization server", Lane.AUTHORIZATION_SERVER),
    Party("resource-api", "Resource API", Lane.RESOURCE_API),
)


def party(view: str) -> Party:
    """The party of that view; everybody for a view that there is not."""
    return next((party for party in PARTIES if party.view == view), EVERYBODY)
