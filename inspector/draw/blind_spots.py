"""What a party does not see, said without showing it."""

from collections.abc import Sequence

from inspector.draw.rows import Unseen
from inspector.read.messages import Message
from inspector.read.parties import Party
from inspector.read.steps import Lane

#: When that was refused.
REFUSED = {
    "A4": "Somebody fails to sign in",
    "A6": "The decision does not count",
    "T1": "There are no tokens for the code",
    "F1": "There are no new tokens",
    "R1": "The access token opens nothing",
    "F3": "The access token opens nothing",
}
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
    lanes: list[Lane] = [lane for message in hidden for lane in (message.source, message.target)]
    count = f"{len(hidden)} messages" if len(hidden) > 1 else "One message"
    return Unseen(
        left=min(lanes),
        right=max(lanes),
        text=_story(hidden),
        more=f"{count} out of sight for {party.called}.",
    )


def _story(hidden: Sequence[Message]) -> str:
    steps = {message.step for message in hidden}
    done = {message.step for message in hidden if message.exchange.status < 400}
    found = next((step for step in STORIES if step in steps), None)
    if found is None:
        return _without_a_step(hidden)
    return STORIES[found] if found in done else REFUSED.get(found, STORIES[found])


def _without_a_step(hidden: Sequence[Message]) -> str:
    if any("/.well-known/" in message.exchange.path for message in hidden):
        return "The client asks where to go"
    if not all(message.front for message in hidden):
        return "Servers speak to each other"
    uses_the_client = all(message.target == Lane.CLIENT for message in hidden)
    return "The person uses the client" if uses_the_client else "The person is at Tripod ID"
