"""What a party does not see, said without showing it."""

from collections.abc import Sequence

from inspector.drawing.rows import Unseen
from inspector.message import Message
from inspector.parties import Party
from inspector.steps import Lane

#: The first step among the hidden messages that tells a story, and the story.
STORIES = {
    "A4": "The person signs in and decides",
    "A6": "The person decides",
    "T1": "The code becomes tokens",
    "F1": "Old tokens become new ones",
    "E1": "The tokens are revoked",
    "R1": "The access token opens the photos",
    "F3": "The new access token opens the photos",
    "R2": "Photo API asks Tripod ID about the token",
    "A1": "The person starts at the client",
    "A7": "The code comes back to the client",
}


def note(hidden: Sequence[Message], party: Party) -> Unseen:
    """The note that stands for messages which `party` takes no part in."""
    steps = {message.step for message in hidden}
    story = next((text for step, text in STORIES.items() if step in steps), _without_a_step(hidden))
    lanes: list[Lane] = [lane for message in hidden for lane in (message.source, message.target)]
    count = f"{len(hidden)} messages" if len(hidden) > 1 else "One message"
    return Unseen(
        left=min(lanes), right=max(lanes), text=story, more=f"{count} out of sight for the {party.name.lower()}."
    )


def _without_a_step(hidden: Sequence[Message]) -> str:
    is_discovery = any("/.well-known/" in message.exchange.path for message in hidden)
    return "The client asks where to go" if is_discovery else "Something else is said"
