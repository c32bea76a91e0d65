"""The messages of a flow: its exchanges in order, each with its place in the flow.

A browser's request and all messages between servers that it caused are one tree. Trees are ordered
by their beginning, so simultaneous requests of a browser are listed one after the other.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from inspector.read import steps
from inspector.read.steps import Lane
from inspector.record.exchange import Exchange


@dataclass(eq=False)
class Message:
    """An exchange in its flow.

    `n` counts from 1. `step` and `answer_step` are A1 … E1 or "". `outer` is the message that
    caused this one, and `inside` has the messages that this one caused. `redirected_by` is the
    message whose response redirected the browser to this one.
    """

    n: int
    exchange: Exchange
    source: Lane
    target: Lane
    step: str
    answer_step: str
    inside: "list[Message]" = field(default_factory=list)
    outer: "Message | None" = None
    redirected_by: "Message | None" = None

    @property
    def front(self) -> bool:
        """Whether the browser carries it, which is the front channel."""
        return self.source == Lane.BROWSER

    @property
    def attacker(self) -> bool:
        """Whether the lab's attacker sent it."""
        return steps.is_the_attackers(self.exchange)

    @property
    def is_sent_again(self) -> bool:
        """Whether the inspector sent it, as a copy of a recorded message."""
        return steps.sent_again_from(self.exchange) is not None

    def tree(self) -> "Iterator[Message]":
        """Yield this message and all messages inside it."""
        yield self
        for message in self.inside:
            yield from message.tree()


def read_trees(exchanges: Iterable[Exchange]) -> list[Message]:
    """Return the trees of a flow in order, with numbered messages."""
    trees: list[Message] = []
    for exchange in sorted(exchanges, key=lambda one: one.started_at):
        message = _message(exchange)
        message.outer = _find_outer(trees, message)
        siblings = trees
        if message.outer:
            siblings = message.outer.inside
        siblings.append(message)
    _number(trees)
    _join_redirects(trees)
    _correct_steps(trees)
    return trees


def every(trees: Iterable[Message]) -> list[Message]:
    """Return all messages of the trees, in order."""
    return [message for tree in trees for message in tree.tree()]


def _message(exchange: Exchange) -> Message:
    step, answer_step = steps.request_step(exchange), steps.answer_step(exchange)
    return Message(0, exchange, steps.source(exchange), steps.target(exchange), step, answer_step)


def _find_outer(trees: list[Message], message: Message) -> Message | None:
    """Return the newest and innermost message that can have caused `message`."""
    candidates = (outer for tree in reversed(trees) for outer in reversed(list(tree.tree())))
    return next((outer for outer in candidates if _caused(outer, message)), None)


def _caused(outer: Message, inner: Message) -> bool:
    """Return whether `outer` caused `inner`.

    They have the same request id, the receiver of `outer` sent `inner`, and `inner` began
    meanwhile. Its end proves nothing: a client continues when it has read the response, and the
    server may close it later.
    """
    one, other = outer.exchange, inner.exchange
    began_meanwhile = one.started_at <= other.started_at <= one.ended_at
    return one.request_id == other.request_id and outer.target == inner.source and began_meanwhile


def _number(trees: list[Message]) -> None:
    for n, message in enumerate(every(trees), 1):
        message.n = n


def _join_redirects(trees: list[Message]) -> None:
    for before, after in pairwise(trees):
        if before.front and after.front and steps.leads_to(before.exchange, after.exchange):
            after.redirected_by = before


def _correct_steps(trees: list[Message]) -> None:
    """Correct the steps that follow from earlier messages.

    An authorization request with a known state is the same one again, after the sign-in. The first
    use of an access token after a refresh is F3. What the inspector sends again changes no step.
    """
    is_after_refresh = False
    states = set[str]()
    for message in every(trees):
        if message.is_sent_again:
            continue
        if message.step == "A2":
            state = dict(message.exchange.query).get("state", "")
            if state in states:
                message.step = ""
            states.add(state)
        elif message.answer_step == "F2":
            is_after_refresh = True
        elif message.step == "R1" and is_after_refresh and message.answer_step:
            message.step, is_after_refresh = "F3", False
