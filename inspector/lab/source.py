"""The lines of this project that do a check, read off its source, so that what a card shows is what runs."""

import ast
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from config import PROJECT_ROOT
from inspector.lab.checks import Check


@dataclass(frozen=True, kw_only=True)
class Source:
    """A definition: its file, relative to the project, and its lines with their numbers.

    From the line `first` to the line `last` it does the check; the rest is what stands around that.
    """

    file: str
    lines: tuple[tuple[int, str], ...]
    first: int
    last: int

    @property
    def has_more(self) -> bool:
        """Whether anything stands around the check."""
        return (self.first, self.last) != (self.lines[0][0], self.lines[-1][0])

    @property
    def where(self) -> str:
        """The numbers of the lines that do the check, in words."""
        return (
            f"line {self.first}"
            if self.first == self.last
            else f"lines {self.first} to {self.last}"
        )


def source_of(check: Check, root: Path = PROJECT_ROOT) -> Source:
    """Where `check` is done. The path is the declared table's; no request has a say in it.

    :raises LookupError: when the file does not define that symbol, or when the check's line is not in it.
    """
    text = (root / check.file).read_text()
    definition = _definition(ast.parse(text).body, check.symbol.split("."))
    first, last = _extent(definition)
    lines = tuple(enumerate(text.splitlines()[first - 1 : last], start=first))
    if check.line:
        first, last = _part(definition, _beginning_with(check.line, lines))
    return Source(file=check.file, lines=lines, first=first, last=last)


def found_source(check: Check) -> Source | None:
    """Where `check` is done; None while somebody works on it, and the table does not find it."""
    with suppress(LookupError, SyntaxError, OSError):
        return source_of(check)
    return None


def _beginning_with(beginning: str, lines: Iterable[tuple[int, str]]) -> int:
    found = next((number for number, line in lines if line.strip().startswith(beginning)), None)
    if found is None:
        raise LookupError(beginning)
    return found


def _part(definition: ast.stmt, number: int) -> tuple[int, int]:
    """The statement that begins in that line, or else the line alone."""
    statements = (node for node in ast.walk(definition) if isinstance(node, ast.stmt))
    found = next((statement for statement in statements if statement.lineno == number), None)
    return _extent(found) if found else (number, number)


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
