"""Fold messages that repeat others, later minutes at the API, and the middle of a long flow.

Six images that load alike become one row and its fold, and a later minute becomes one fold. Of a
flow that is still long, the beginning and the newest messages are shown.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby, takewhile

from inspector.read import steps
from inspector.read.messages import Message, every
from inspector.read.phases import REFRESH, RESOURCE, phase_of

#: More repetitions than this are folded.
MIN_REPEATED = 2
#: The maximum number of parts in a visit: the album, one image, the fold of the other images.
MAX_VISIT = 4
#: Of more parts than `MAX_SHOWN`, `HEAD` are shown at the beginning and `TAIL` at the end.
MAX_SHOWN, HEAD, TAIL = 60, 30, 20
#: The seconds in which a visit of the album loads.
VISIT = 15
_ID = re.compile(r"(?<=/)(?=[^/]*\d)[^/]+")


@dataclass(frozen=True)
class Omission:
    """Trees that are not shown, and why."""

    trees: Sequence[Message]
    why: str

    @property
    def messages(self) -> list[Message]:
        """The messages that are not shown."""
        return every(self.trees)


Part = Message | Omission


def parts(trees: Sequence[Message], unfolded: int | None = None) -> list[Part]:
    """Return the trees in their order, with omissions.

    The omission that contains the message `unfolded` is not made.
    """
    found: list[Part] = []
    for part in _fold_minutes(trees):
        if isinstance(part, Omission):
            found.append(part)
        else:
            found += _fold_similar(part)
    found = _fold_middle(_fold_visits(found))
    return [each for part in found for each in _unfold(part, unfolded)]


def folded(some: Sequence[Part]) -> list[Message]:
    """Return the messages that are not shown."""
    omissions = (part for part in some if isinstance(part, Omission))
    return [message for omission in omissions for message in omission.messages]


def _unfold(part: Part, number: int | None) -> Sequence[Part]:
    if isinstance(part, Omission) and any(one.n == number for one in part.messages):
        return part.trees
    return [part]


def _fold_minutes(trees: Sequence[Message]) -> list[Sequence[Message] | Omission]:
    """Fold what happened at the API in each minute after the round trip was over.

    It is over when the API has answered for the first time. What began soon after that, the newest
    visit and the first refresh are shown.
    """
    over = next((tree for tree in trees if _is_answered(tree)), None)
    if over is None:
        return [trees]
    first_refresh = next((tree for tree in trees if phase_of(tree) == REFRESH), None)
    since, until = _began(over) + VISIT, max(map(_began, trees)) - VISIT

    def minute(tree: Message) -> int | None:
        is_later = since < _began(tree) < until
        if tree is first_refresh or not is_later or not _is_routine(tree):
            return None
        return int(_began(tree) // 60)

    found: list[Sequence[Message] | Omission] = []
    for number, group in groupby(trees, key=minute):
        similar = list(group)
        if number is None or len(similar) < MIN_REPEATED:
            found.append(similar)
        else:
            found.append(Omission(similar, _describe_minute(similar)))
    return found


def _began(tree: Message) -> float:
    return tree.exchange.started_at


def _is_answered(tree: Message) -> bool:
    return any(message.answer_step == "R3" for message in tree.tree())


def _is_routine(tree: Message) -> bool:
    """Return whether a tree is a usual call of the API or a refresh."""
    is_ordinary = phase_of(tree) in (RESOURCE, REFRESH, None)
    return is_ordinary and not any(_is_special(message) for message in tree.tree())


def _describe_minute(trees: Sequence[Message]) -> str:
    began = datetime.fromtimestamp(_began(trees[0]), UTC)
    words = f"{began:%H:%M} UTC, {len(trees)} requests"
    refreshes = sum(message.step == "F1" for message in every(trees))
    if refreshes == 1:
        words += ", 1 refresh"
    elif refreshes:
        words += f", {refreshes} refreshes"
    return words


def _fold_similar(trees: Sequence[Message]) -> list[Part]:
    """Fold trees that repeat the one before."""
    found: list[Part] = []
    for _, group in groupby(trees, key=_shape):
        similar = list(group)
        if len(similar) > MIN_REPEATED:
            found += [similar[0], Omission(similar[1:], f"{len(similar) - 1} more like it")]
        else:
            found += similar
    return found


def _fold_visits(found: list[Part]) -> list[Part]:
    """Fold repeated sequences of parts, but keep the first one and the last one of them."""
    shapes = [_part_shape(part) for part in found]
    folded_parts: list[Part] = []
    at = 0
    while at < len(found):
        length, times = _longest_repetition(shapes[at:])
        if times > MIN_REPEATED + 1:
            end = at + length * times
            between = _trees(found[at + length : end - length])
            omission = Omission(between, f"the same {times - 2} more times")
            folded_parts += [*found[at : at + length], omission, *found[end - length : end]]
            at = end
        else:
            folded_parts.append(found[at])
            at += 1
    return folded_parts


def _longest_repetition(shapes: Sequence[object]) -> tuple[int, int]:
    """Return length and number of the repetitions at the start that save most rows."""
    candidates = [(length, _times(shapes, length)) for length in range(2, MAX_VISIT + 1)]
    return max(candidates, key=_saved_parts)


def _times(shapes: Sequence[object], length: int) -> int:
    """Return how often the first `length` shapes follow one another."""
    blocks = (shapes[at : at + length] for at in range(0, len(shapes), length))
    return sum(1 for _ in takewhile(lambda block: block == shapes[:length], blocks))


def _saved_parts(repetition: tuple[int, int]) -> int:
    length, times = repetition
    return length * (times - 2)


def _trees(some: Sequence[Part]) -> list[Message]:
    trees: list[Message] = []
    for part in some:
        if isinstance(part, Omission):
            trees += part.trees
        else:
            trees.append(part)
    return trees


def _part_shape(part: Part) -> object:
    if isinstance(part, Omission):
        return ("omission", _shape(part.trees[0]))
    return _shape(part)


def _fold_middle(found: list[Part]) -> list[Part]:
    if len(found) <= MAX_SHOWN:
        return found
    middle = _trees(found[HEAD:-TAIL])
    omission = Omission(middle, f"{len(middle)} more in between")
    return [*found[:HEAD], omission, *found[-TAIL:]]


def _shape(tree: Message) -> object:
    """Return what similar trees have in common.

    A tree with an error, a redirect, or a message of the lab or of the inspector is similar to no
    other.
    """
    if tree.redirected_by or any(_is_special(message) for message in tree.tree()):
        return tree.n
    return [_outline(message) for message in tree.tree()]


def _is_special(message: Message) -> bool:
    is_of_a_party = not (message.is_sent_again or steps.is_the_labs(message.exchange))
    return message.exchange.status >= 400 or not is_of_a_party


def _outline(message: Message) -> object:
    exchange = message.exchange
    path = _ID.sub("…", exchange.path)
    content = (exchange.method, path, exchange.status, steps.asked_by(exchange))
    asked = [steps.header(exchange, name) for name in steps.MCP_HEADERS]
    return (message.source, message.target, message.step, message.answer_step, *content, *asked)
