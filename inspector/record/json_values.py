"""Walk through the values of a JSON document."""

from collections.abc import Callable, Iterator
from typing import Any


def strings(tree: Any) -> Iterator[str]:
    """Yield every string and number, and the names of members."""
    if isinstance(tree, dict):
        yield from tree
        for value in tree.values():
            yield from strings(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from strings(value)
    elif tree is not None and not isinstance(tree, bool):
        yield str(tree)


def unchanged(text: str) -> str:
    """Return `text`. `with_each` skips the walk for this function."""
    return text


def with_each(tree: Any, change: Callable[[str], str], *, names: bool = False) -> Any:
    """Return the document with every string changed, and each number that `change` would change.

    With `names`, the names of members are changed too.
    """
    if change is unchanged or tree is None or isinstance(tree, bool):
        return tree
    if isinstance(tree, dict):
        changed_values = {name: with_each(tree[name], change, names=names) for name in tree}
        if names:
            return {change(name): value for name, value in changed_values.items()}
        return changed_values
    if isinstance(tree, list | tuple):
        return [with_each(value, change, names=names) for value in tree]
    changed = change(str(tree))
    if changed == str(tree):
        return tree
    return changed
