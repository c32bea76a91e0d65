"""The phases of a flow, and which one a message belongs to."""

from dataclasses import dataclass

from inspector.read.messages import Message


@dataclass(frozen=True)
class Phase:
    """A band of the diagram."""

    title: str
    hint: str


AUTHORIZATION = Phase(
    "1 Authorization", "The person decides; the answer comes back through her browser."
)
TOKEN = Phase("2 Token", "Out of the browser’s sight, the code becomes tokens.")
RESOURCE = Phase("3 Resource", "An access token opens what it was issued for.")
REFRESH = Phase("4 Refresh", "A refresh token is presented for a new pair of tokens.")
END = Phase("5 End", "Who ends a grant ends every token of it.")
BESIDE = Phase("Beside the flow", "What the steps of the flow leave out.")

_BY_FIRST_LETTER = {"A": AUTHORIZATION, "T": TOKEN, "R": RESOURCE, "F": REFRESH, "E": END}


def phase_of(tree: Message) -> Phase | None:
    """The phase of a tree: of what was done in it. None where nothing tells, as with a page that leads nowhere."""
    found = {_BY_FIRST_LETTER[message.step[0]] for message in tree.tree() if message.step}
    if tree.exchange.path == "/disconnect":
        return END
    # A callback may end an older connection, an album refresh before it asks: what began it names it.
    return next(
        (phase for phase in (AUTHORIZATION, REFRESH, TOKEN, RESOURCE, END) if phase in found), None
    ) or (AUTHORIZATION if tree.answer_step in ("A3", "A5") else None)


def phase_inside(tree: Message, message: Message) -> Phase | None:
    """The phase of a message inside a tree: the callback belongs to the authorization, the token request in it does not."""
    # With the new tokens in hand, a client gives those of an older connection back: that is no end of this grant.
    return TOKEN if tree.step == "A7" and message.step in ("T1", "E1") else None
