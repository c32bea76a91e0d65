"""Finds the lines of a check in the source, so that a card shows the code that runs."""

import ast
import io
import tokenize
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from config import PROJECT_ROOT
from inspector.lab.checks import MARKER, Check


@dataclass(frozen=True, kw_only=True)
class Source:
    """A definition: its file, relative to the project, and its lines with their numbers.

    The lines from `first` to `last` do the check; the other lines are shown around them.
    """

    file: str
    lines: tuple[tuple[int, str], ...]
    first: int
    last: int

    @property
    def has_more(self) -> bool:
        """Whether the definition has lines that are not part of the check."""
        return (self.first, self.last) != (self.lines[0][0], self.lines[-1][0])

    def coloured_lines(self) -> list[tuple[int, Markup]]:
        """Return the lines as HTML, whose classes name the kind of each token."""
        from pygments import highlight
        from pygments.formatters import HtmlFormatter
        from pygments.lexers import PythonLexer

        code = "\n".join(line for _, line in self.lines)
        coloured = highlight(code, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True))
        numbers = (number for number, _ in self.lines)
        return list(zip(numbers, map(Markup, coloured.splitlines()), strict=True))

    @property
    def where(self) -> str:
        """The line numbers of the check, in words."""
        if self.first == self.last:
            return f"line {self.first}"
        return f"lines {self.first} to {self.last}"


def source_of(check: Check, root: Path = PROJECT_ROOT) -> Source:
    """Return the source of `check`. Its path comes from the table, never from a request.

    :raises LookupError: when the file does not define the symbol, or the marker is not in it.
    """
    text = (root / check.file).read_text()
    definition = _find_definition(ast.parse(text).body, check.symbol.split("."))
    first, last = _extent(definition)
    lines = tuple(enumerate(text.splitlines()[first - 1 : last], start=first))
    if check.has_marker:
        first, last = _extent(_marked_statement(definition, text, check.slug))
    return Source(file=check.file, lines=lines, first=first, last=last)


def find_source(check: Check) -> Source | None:
    """Return the source of `check`, or None while a change to the code hides it."""
    with suppress(LookupError, SyntaxError, OSError):
        return source_of(check)
    return None


def find_markers(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line number and the slug of each marker comment in a Python source."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and token.string.startswith(MARKER):
            yield token.start[0], token.string.removeprefix(MARKER)


def _marked_statement(definition: ast.stmt, text: str, slug: str) -> ast.stmt:
    markers = {found: number for number, found in find_markers(text)}
    if slug in markers:
        for node in ast.walk(definition):
            if isinstance(node, ast.stmt) and node.lineno == markers[slug] + 1:
                return node
    raise LookupError(slug)


def _find_definition(statements: Iterable[ast.stmt], names: list[str]) -> ast.stmt:
    """Return the definition of `names`, for example of a class and then of its method."""
    name, *rest = names
    for statement in statements:
        if name in _defined_names(statement):
            if not rest:
                return statement
            return _find_definition(getattr(statement, "body", ()), rest)
    raise LookupError(name)


def _defined_names(statement: ast.stmt) -> set[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Assign(targets=targets):
            return {target.id for target in targets if isinstance(target, ast.Name)}
        case ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
    return set()


def _extent(statement: ast.stmt) -> tuple[int, int]:
    """Return the number of the first line, decorators included, and of the last line."""
    decorators: Iterable[ast.expr] = getattr(statement, "decorator_list", ())
    first = min([statement.lineno, *(decorator.lineno for decorator in decorators)])
    return first, statement.end_lineno or first
