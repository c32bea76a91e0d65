"""The phases of a flow, and the phase of each message."""

from dataclasses import dataclass

from inspector.read import steps
from inspector.read.messages import Message
from inspector.record.exchange import Exchange


@dataclass(frozen=True)
class Phase:
    """A phase, which is one band of the diagram. `hint` has a place for the client's name."""

    title: str
    hint: str

    @property
    def anchor(self) -> str:
        """The id of its first band on the page."""
        return f"phase-{self.title.rpartition(' ')[2].lower()}"


DISCOVERY = Phase("0 Discovery", "{client} learns which server to ask, and may register itself.")
AUTHORIZATION = Phase("1 Authorization", "The user decides. Dashed arrows go through the browser.")
TOKEN = Phase("2 Token", "{client} redeems the code, without the browser.")
RESOURCE = Phase("3 Resource", "{client} calls Photo API with the access token.")
REFRESH = Phase("4 Refresh", "{client} exchanges the refresh token for new tokens.")
END = Phase("5 End", "The grant ends, and its tokens stop working.")
AGAIN = Phase("Sent again", "The inspector sends recorded messages again.")
#: The phases of every flow, in the order of the steps.
PHASES = (AUTHORIZATION, TOKEN, RESOURCE, REFRESH, END)
OUTSIDE = Phase("Outside the flow", "Messages that belong to no step.")

#: The addresses at which a user signs out.
_ENDS = {
    ("client_app", "/disconnect"),
    ("client_app", "/logout"),
    ("client_app", steps.BACK_CHANNEL_LOGOUT),
    ("auth_server", steps.LOGOUT),
    ("auth_server", steps.LOGOUT_CONFIRMATION),
}
_BY_FIRST_LETTER = {"A": AUTHORIZATION, "T": TOKEN, "R": RESOURCE, "F": REFRESH, "E": END}
#: A tree with messages of several phases belongs to the first of these: a callback may end an older
#: connection, and an album may refresh before it loads.
_PRECEDENCE = (AUTHORIZATION, REFRESH, TOKEN, RESOURCE, END)


def phase_of(tree: Message) -> Phase | None:
    """Return the phase of a tree, or None if its messages belong to no step."""
    exchange = tree.exchange
    if tree.is_sent_again:
        return AGAIN
    if (exchange.leg, exchange.path) in _ENDS:
        return END
    found = {_BY_FIRST_LETTER[message.step[0]] for message in tree.tree() if message.step}
    if tree.answer_step in ("A3", "A5"):
        found.add(AUTHORIZATION)
    if not found and (_is_discovery(exchange) or is_without_token(exchange)):
        return DISCOVERY
    return next((phase for phase in _PRECEDENCE if phase in found), None)


def _is_discovery(exchange: Exchange) -> bool:
    """Return whether a client reads metadata or its registration, or registers itself."""
    return steps.is_for_machines(exchange) and (
        "/.well-known/" in exchange.path or exchange.path.startswith(steps.REGISTRATION)
    )


def is_without_token(exchange: Exchange) -> bool:
    """Return whether the API answered a client without an access token that it needs one."""
    is_challenge = exchange.leg == "resource_api" and exchange.status == 401
    return is_challenge and not steps.header(exchange, "Authorization")


def phase_inside(tree: Message, message: Message) -> Phase | None:
    """Return the phase of a message inside a tree if it differs from that of the tree.

    The token request inside the callback belongs to the token phase. So do the keys for the ID
    token, and the revocation of an older connection's tokens, which does not end this grant.
    """
    if tree.step != "A7":
        return None
    if message.step in ("T1", "E1") or message.exchange.path == "/oauth/jwks":
        return TOKEN
    if message.step == "R1":
        return RESOURCE
    return None
