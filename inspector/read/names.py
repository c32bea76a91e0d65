"""The names of the parties on the inspector's page: the same in heads, pills and sentences."""

from dataclasses import dataclass

from inspector.read.steps import Lane


@dataclass(frozen=True)
class Names:
    """The names of the client of a flow and of the authorization server."""

    client: str
    server: str

    def of(self, lane: Lane) -> str:
        """Return the name of a lifeline."""
        return self.in_order()[lane]

    def within_a_sentence(self, lane: Lane) -> str:
        """Return the name as it stands within a sentence."""
        if lane == Lane.BROWSER:
            return "the browser"
        return self.of(lane)

    def in_order(self) -> tuple[str, str, str, str]:
        """Return the names of the lifelines, from left to right."""
        return ("Browser", self.client, self.server, "Photo API")
