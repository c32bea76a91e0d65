"""Describe the messages that a party does not see, without showing them."""

from collections.abc import Sequence

from inspector.draw.rows import BlindSpot
from inspector.read.messages import Message
from inspector.read.names import Names
from inspector.read.steps import USERINFO, Lane

#: What happens at a step whose message was refused.
REFUSED = {
    "A4": "A sign-in fails",
    "A6": "The decision is rejected",
    "T1": "The code is not redeemed",
    "F1": "The refresh is rejected",
    "R1": "The access token is rejected",
    "F3": "The access token is rejected",
}
#: What happens at a step. The first of these steps among the hidden messages is described.
STORIES = {
    "A4": "The user signs in and decides",
    "A6": "The user decides",
    "T1": "The code is redeemed for tokens",
    "F1": "The tokens are refreshed",
    "E1": "The tokens are revoked",
    "R1": "{client} loads the photos",
    "F3": "{client} loads the photos with the new token",
    "R2": "Photo API introspects the token",
    "A1": "The user starts at {client}",
    "A7": "The browser brings the code to {client}",
}


def note(hidden: Sequence[Message], lane: Lane, names: Names) -> BlindSpot:
    """Return the note about messages that the party at `lane` neither sends nor receives."""
    lanes: list[Lane] = [end for message in hidden for end in (message.source, message.target)]
    count = "One message"
    if len(hidden) > 1:
        count = f"{len(hidden)} messages"
    return BlindSpot(
        first_lane=min(lanes),
        last_lane=max(lanes),
        text=_describe(hidden).format(client=names.client, server=names.server),
        more=f"{count} not visible to {names.within_a_sentence(lane)}.",
    )


def _describe(hidden: Sequence[Message]) -> str:
    if hidden[0].is_sent_again:
        return "A message is sent again"
    steps = {message.step for message in hidden}
    step = next((step for step in STORIES if step in steps), None)
    if step is None:
        return _describe_without_step(hidden)
    if all(message.exchange.path == USERINFO for message in hidden if message.step == step):
        return "{client} asks {server} who the user is"
    succeeded = any(message.exchange.status < 400 for message in hidden if message.step == step)
    if succeeded:
        return STORIES[step]
    return REFUSED.get(step, STORIES[step])


def _describe_without_step(hidden: Sequence[Message]) -> str:
    if any("/.well-known/" in message.exchange.path for message in hidden):
        return "{client} reads the addresses of {server}"
    if not all(message.front for message in hidden):
        return "Servers exchange messages"
    if all(message.target == Lane.CLIENT for message in hidden):
        return "The user uses {client}"
    return "The user uses {server}"
