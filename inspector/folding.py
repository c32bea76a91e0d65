"""Folds what repeats itself: six pictures are loaded one like the other, and one of them tells the story.

Of a flow that is long all the same, the middle is folded: how it began and what happens now are what people look at.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from inspector.message import Message, every

#: Repetitions that are worth a fold.
LEAST = 2
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


def parts(trees: Sequence[Message]) -> list[Message | Fold]:
    """The trees in their order, some of them folded."""
    found: list[Message | Fold] = []
    for run in (list(run) for _, run in groupby(trees, key=_shape)):
        is_long = len(run) > LEAST
        found += [run[0], Fold(run[1:], f"{len(run) - 1} more like it")] if is_long else run
    return _without_the_middle(found)


def folded(trees: Sequence[Message]) -> list[Message]:
    """The messages that folds take away."""
    return [message for part in parts(trees) if isinstance(part, Fold) for message in part.messages]


def _without_the_middle(found: list[Message | Fold]) -> list[Message | Fold]:
    if len(found) <= MOST:
        return found
    middle = [tree for part in found[HEAD:-TAIL] for tree in (part.trees if isinstance(part, Fold) else [part])]
    return [*found[:HEAD], Fold(middle, f"{len(middle)} more in between"), *found[-TAIL:]]


def _shape(tree: Message) -> object:
    """What two trees have in common that say the same thing. What failed is never like anything else."""
    shape = [(one.source, one.target, one.exchange.method, _ID.sub("…", one.exchange.path)) for one in tree.tree()]
    failed = any(one.exchange.status >= 400 for one in tree.tree())
    return tree.n if failed or tree.redirected_by else (shape, [one.exchange.status for one in tree.tree()])
