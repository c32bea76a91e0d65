"""The messages of a flow: its exchanges in the order of the story, each with its place in it.

A browser's request and all that servers said to each other because of it are one tree. Trees follow one another in the order
in which they began, so that requests which a browser made at the same time are told one by one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from inspector.read import steps
from inspector.read.steps import Lane
from inspector.record.exchange import Exchange


@dataclass(eq=False)
class Message:
    """An exchange in its flow. `n` counts from 1; `step` and `answer_step` are A1 … E1 or "".

    `redirected_by` is the message whose answer sent the browser here; `outer` is the one because of which it happened, `inside`
    are the calls that it caused itself.
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
        """Whether the browser carries it: the front channel."""
        return self.source == Lane.BROWSER

    @property
    def attacker(self) -> bool:
        """Whether the lab's attacker sent it."""
        return steps.is_the_attackers(self.exchange)

    def tree(self) -> "Iterator[Message]":
        """This message and all inside it."""
        yield self
        for message in self.inside:
            yield from message.tree()


def read_trees(exchanges: Iterable[Exchange]) -> list[Message]:
    """The trees of a flow, in order, numbered through."""
    trees: list[Message] = []
    for exchange in sorted(exchanges, key=lambda one: one.started_at):
        message = _message(exchange)
        message.outer = next(
            (
                each
                for tree in reversed(trees)
                for each in _deepest_first(tree)
                if _holds(each, message)
            ),
            None,
        )
        (message.outer.inside if message.outer else trees).append(message)
    _number(trees)
    _join_redirects(trees)
    _settle_steps(trees)
    return trees


def every(trees: Iterable[Message]) -> list[Message]:
    """All messages of the trees, in order."""
    return [message for tree in trees for message in tree.tree()]


def _message(exchange: Exchange) -> Message:
    step, answer_step = steps.request_step(exchange), steps.answer_step(exchange)
    return Message(0, exchange, steps.source(exchange), steps.target(exchange), step, answer_step)


def _deepest_first(tree: Message) -> list[Message]:
    return list(tree.tree())[::-1]


def _holds(outer: Message, inner: Message) -> bool:
    """Whether `inner` happened because of `outer`: same request id, asked by whom `outer` had asked, and meanwhile."""
    one, other = outer.exchange, inner.exchange
    # Its end tells nothing: whoever has read an answer goes on before the one who gave it has closed it.
    began_meanwhile = one.started_at <= other.started_at <= one.ended_at
    return one.request_id == other.request_id and outer.target == inner.source and began_meanwhile


def _number(trees: list[Message]) -> None:
    for n, message in enumerate(every(trees), 1):
        message.n = n


def _join_redirects(trees: list[Message]) -> None:
    for before, after in pairwise(trees):
        if before.front and after.front and steps.leads_to(before.exchange, after.exchange):
            after.redirected_by = before


def _settle_steps(trees: list[Message]) -> None:
    """What a look at one exchange cannot tell: the authorization request comes back after the sign-in, F3 follows F2."""
    has_refreshed, has_asked = False, set[str]()
    for message in every(trees):
        if message.step == "A2":
            state = dict(message.exchange.query).get("state", "")
            if state in has_asked:
                message.step = ""
            has_asked.add(state)
        elif message.answer_step == "F2":
            has_refreshed = True
        elif message.step == "R1" and has_refreshed and message.answer_step:
            message.step, has_refreshed = "F3", False
