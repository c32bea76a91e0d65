"""Folds what repeats itself: six pictures are loaded one like the other, and one of them tells the story.

Of a flow that is long all the same, the middle is folded: how it began and what happens now are what people look at.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, takewhile

from inspector.read import steps
from inspector.read.messages import Message, every

#: Repetitions that are worth a fold.
LEAST = 2
#: A visit is so many parts at most: the album, a picture, the other pictures folded.
LONGEST = 4
#: Of more parts than this, the middle is folded; so many stay at the beginning and at the end.
MOST, HEAD, TAIL = 60, 30, 20
_ID = re.compile(r"(?<=/)(?=[^/]*\d)[^/]+")


@dataclass(frozen=True)
class Fold:
    """Trees that are folded away, and why they can be."""

    trees: Sequence[Message]
    why: str

    @property
    def messages(self) -> list[Message]:
        """What cannot be read while it is folded."""
        return every(self.trees)


Part = Message | Fold


def parts(trees: Sequence[Message]) -> list[Part]:
    """The trees in their order, some of them folded."""
    found: list[Part] = []
    for run in (list(run) for _, run in groupby(trees, key=_shape)):
        is_long = len(run) > LEAST
        found += [run[0], Fold(run[1:], f"{len(run) - 1} more like it")] if is_long else run
    return _without_the_middle(_without_visits(found))


def folded(trees: Sequence[Message]) -> list[Message]:
    """The messages that folds take away."""
    return [message for part in parts(trees) if isinstance(part, Fold) for message in part.messages]


def _without_visits(found: list[Part]) -> list[Part]:
    """Of the same few parts again and again, the first time and the last are left: what happens now is seen."""
    shapes = [_part_shape(part) for part in found]
    left: list[Part] = []
    at = 0
    while at < len(found):
        length, times = max(
            ((n, _times(shapes[at:], n)) for n in range(2, LONGEST + 1)), key=_saved
        )
        end = at + length * times
        if times > LEAST + 1:
            between = _trees(found[at + length : end - length])
            left += [
                *found[at : at + length],
                Fold(between, f"{times - 2} times the same"),
                *found[end - length : end],
            ]
        else:
            end = at + 1
            left.append(found[at])
        at = end
    return left


def _times(shapes: Sequence[object], length: int) -> int:
    """How often in a row the first `length` of them are there."""
    blocks = (shapes[at : at + length] for at in range(0, len(shapes), length))
    return sum(1 for _ in takewhile(lambda block: block == shapes[:length], blocks))


def _saved(repeated: tuple[int, int]) -> int:
    length, times = repeated
    return length * (times - 2)


def _trees(some: Sequence[Part]) -> list[Message]:
    return [tree for part in some for tree in (part.trees if isinstance(part, Fold) else [part])]


def _part_shape(part: Part) -> object:
    return ("fold", _shape(part.trees[0])) if isinstance(part, Fold) else _shape(part)


def _without_the_middle(found: list[Part]) -> list[Part]:
    if len(found) <= MOST:
        return found
    middle = _trees(found[HEAD:-TAIL])
    return [*found[:HEAD], Fold(middle, f"{len(middle)} more in between"), *found[-TAIL:]]


def _shape(tree: Message) -> object:
    """What two trees have in common that say the same thing. What failed, or was part of an attack, is never like another."""
    is_special = tree.redirected_by or any(
        one.exchange.status >= 400 or _is_the_labs(one) for one in tree.tree()
    )
    return tree.n if is_special else [_outline(one) for one in tree.tree()]


def _is_the_labs(message: Message) -> bool:
    return steps.is_the_labs(message.exchange)


def _outline(message: Message) -> object:
    exchange = message.exchange
    path = _ID.sub("…", exchange.path)
    said = (exchange.method, path, exchange.status, steps.asked_by(exchange))
    return (message.source, message.target, message.step, message.answer_step, *said)
