"""The phases of a flow, and the phase of each message."""

from dataclasses import dataclass

from inspector.read.messages import Message


@dataclass(frozen=True)
class Phase:
    """A phase, which is one band of the diagram. `hint` has a place for the client's name."""

    title: str
    hint: str

    @property
    def anchor(self) -> str:
        """The id of its first band on the page."""
        return f"phase-{self.title.rpartition(' ')[2].lower()}"


AUTHORIZATION = Phase("1 Authorization", "The user decides. Dashed arrows go through the browser.")
TOKEN = Phase("2 Token", "{client} redeems the code, without the browser.")
RESOURCE = Phase("3 Resource", "{client} calls Photo API with the access token.")
REFRESH = Phase("4 Refresh", "{client} exchanges the refresh token for new tokens.")
END = Phase("5 End", "The grant ends, and its tokens stop working.")
#: The phases of the jump bar, in the order of the steps.
PHASES = (AUTHORIZATION, TOKEN, RESOURCE, REFRESH, END)
OUTSIDE = Phase("Outside the flow", "Messages that belong to no step.")

_BY_FIRST_LETTER = {"A": AUTHORIZATION, "T": TOKEN, "R": RESOURCE, "F": REFRESH, "E": END}
#: A tree with messages of several phases belongs to the first of these: a callback may end an older
#: connection, and an album may refresh before it loads.
_PRECEDENCE = (AUTHORIZATION, REFRESH, TOKEN, RESOURCE, END)


def phase_of(tree: Message) -> Phase | None:
    """Return the phase of a tree, or None if its messages belong to no step."""
    if tree.exchange.path == "/disconnect":
        return END
    found = {_BY_FIRST_LETTER[message.step[0]] for message in tree.tree() if message.step}
    if tree.answer_step in ("A3", "A5"):
        found.add(AUTHORIZATION)
    return next((phase for phase in _PRECEDENCE if phase in found), None)


def phase_inside(tree: Message, message: Message) -> Phase | None:
    """Return the phase of a message inside a tree if it differs from that of the tree.

    The token request inside the callback belongs to the token phase. So does the revocation of an
    older connection's tokens, which does not end this grant.
    """
    if tree.step == "A7" and message.step in ("T1", "E1"):
        return TOKEN
    return None
