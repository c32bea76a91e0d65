"""Walk through the values of a JSON document."""

import json
from collections.abc import Callable
from typing import Any

_NESTED = {dict, list}
_write_lines = json.JSONEncoder(ensure_ascii=False, separators=(",\n  ", ": ")).encode


def strings(tree: Any) -> list[str]:
    """Return the text of every value, and the names of members."""
    found: list[str] = []
    values = [tree]
    for value in values:
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, dict):
            found += value
            values += value.values()
        elif isinstance(value, (list, tuple)):
            values += value
        else:
            found.append(str(value))
    return found


def written(tree: Any) -> str:
    """Return the document as indented text.

    `json` indents slowly, so an object without inner values, such as most responses, is written
    as its members, separated by the ends of their lines.
    """
    if isinstance(tree, dict) and tree and _NESTED.isdisjoint(map(type, tree.values())):
        members = _write_lines(tree)[1:-1]
        return f"{{\n  {members}\n}}"
    return json.dumps(tree, indent=2, ensure_ascii=False)


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
    if isinstance(tree, (list, tuple)):
        return type(tree)(with_each(value, change, names=names) for value in tree)
    changed = change(str(tree))
    if changed == str(tree):
        return tree
    return changed
