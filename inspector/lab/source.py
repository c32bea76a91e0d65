"""The lines of this project that do a check, read off its source, so that what a card shows is what runs."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from config import PROJECT_ROOT
from inspector.lab.checks import Check


@dataclass(frozen=True, kw_only=True)
class Source:
    """A definition: its file, relative to the project, and its lines with their numbers."""

    file: str
    lines: tuple[tuple[int, str], ...]


def source_of(check: Check, root: Path = PROJECT_ROOT) -> Source:
    """Where `check` is done. The path is the declared table's; no request has a say in it.

    :raises LookupError: when the file does not define that symbol.
    """
    text = (root / check.file).read_text()
    first, last = _extent(_definition(ast.parse(text).body, check.symbol.split(".")))
    lines = text.splitlines()[first - 1 : last]
    return Source(file=check.file, lines=tuple(enumerate(lines, start=first)))


def _definition(statements: Iterable[ast.stmt], names: list[str]) -> ast.stmt:
    """Of a function, a class or a constant, or of a method by its class's name and its own."""
    name, *rest = names
    found = next((statement for statement in statements if name in _defined(statement)), None)
    if found is None:
        raise LookupError(name)
    return _definition(getattr(found, "body", ()), rest) if rest else found


def _defined(statement: ast.stmt) -> set[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Assign(targets=targets):
            return {target.id for target in targets if isinstance(target, ast.Name)}
        case ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
    return set()


def _extent(statement: ast.stmt) -> tuple[int, int]:
    """The numbers of its first line, decorators included, and of its last."""
    decorators: Iterable[ast.expr] = getattr(statement, "decorator_list", ())
    first = min([statement.lineno, *(decorator.lineno for decorator in decorators)])
    return first, statement.end_lineno or first
