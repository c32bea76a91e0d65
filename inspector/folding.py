"""Folds what repeats itself: six pictures are loaded one like the other, and one of them tells the story."""

import re
from collections.abc import Sequence
from itertools import groupby

from inspector.message import Message

#: Repetitions that are worth a fold.
LEAST = 2
_ID = re.compile(r"(?<=/)(?=[^/]*\d)[^/]+")


def repetitions(trees: Sequence[Message]) -> list[list[Message]]:
    """The trees in runs of the same shape. In a run long enough, all but the first can be folded."""
    runs = [list(run) for _, run in groupby(trees, key=_shape)]
    return [part for run in runs for part in ([run] if len(run) > LEAST else [[tree] for tree in run])]


def folded(trees: Sequence[Message]) -> list[Message]:
    """The messages that a fold takes away."""
    return [message for run in repetitions(trees) for tree in run[1:] for message in tree.tree()]


def _shape(tree: Message) -> object:
    """What two trees have in common that say the same thing. What failed is never like anything else."""
    parts = [(one.source, one.target, one.exchange.method, _ID.sub("…", one.exchange.path)) for one in tree.tree()]
    failed = any(one.exchange.status >= 400 for one in tree.tree())
    return tree.n if failed or tree.redirected_by else (parts, [one.exchange.status for one in tree.tree()])
