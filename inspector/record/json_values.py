"""Walks through what JSON can hold."""

from collections.abc import Callable, Iterator
from typing import Any


def strings(tree: Any) -> Iterator[str]:
    """Every string and number in it, the names of members too."""
    if isinstance(tree, dict):
        yield from tree
        for value in tree.values():
            yield from strings(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from strings(value)
    elif tree is not None and not isinstance(tree, bool):
        yield str(tree)


def as_it_is(text: str) -> str:
    """No change."""
    return text


def with_each(tree: Any, change: Callable[[str], str], *, names: bool = False) -> Any:
    """The same with every string changed, and with `names` those of members too; so are numbers that it would change."""
    if change is as_it_is:
        return tree  # most often
    if isinstance(tree, str):
        return change(tree)
    if isinstance(tree, dict):
        return {
            change(name) if names else name: with_each(each, change, names=names)
            for name, each in tree.items()
        }
    if isinstance(tree, list | tuple):
        return [with_each(each, change, names=names) for each in tree]
    if tree is None or isinstance(tree, bool):
        return tree
    changed = change(str(tree))
    return tree if changed == str(tree) else changed
