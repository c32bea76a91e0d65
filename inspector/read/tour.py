"""The guided tour: five stops on the inspector's page, each with a heading and a few sentences."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Stop:
    """A stop. `mark` names what is marked, and `part` is the live part of the page around it."""

    mark: str
    part: str
    title: str
    words: str


#: The sentences have a place for the client's name.
STOPS = (
    Stop(
        "parties",
        "diagram",
        "Four parties",
        "Each column is a party. The browser acts for the user. While you read a message, its "
        "sender is marked.",
    ),
    Stop(
        "arrows",
        "diagram",
        "Read from the top",
        "Each arrow is a message. The browser carries the dashed ones. The solid ones go from "
        "server to server, and the browser does not see them.",
    ),
    Stop(
        "lifespan",
        "top",
        "The code is not a token",
        "The code passes through the browser, where it could be stolen. So it works once, and only "
        "with the secret and the verifier of {client}. The tokens never pass through the browser.",
    ),
    Stop(
        "message",
        "messages",
        "Open a message",
        "Select an arrow. You see the parameters of the message, what its receiver checks, and "
        "the raw HTTP. Secrets are masked, and equal values have equal digits.",
    ),
    Stop(
        "views",
        "top",
        "What each party sees",
        "Choose a party beside “Seen by”. The browser never sees a token, and Photo API never sees "
        "a password.",
    ),
)
