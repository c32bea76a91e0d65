"""The rules of the source code: import directions, single places, sizes and plain expressions."""

import ast
import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LEGS = ["auth_server", "client_app", "resource_api"]
PACKAGES = {*LEGS, "app", "config", "inspector", "migrations", "web"}

#: The packages that each package may import, besides itself. The inspector imports no leg, because
#: the legs exchange data over HTTP only.
MAY_IMPORT = {
    "app": PACKAGES,
    "config": {"web"},
    "web": set(),
    "inspector": {"config", "web"},
    "auth_server": {"config", "web"},
    "client_app": {"config", "web"},
    "resource_api": {"config", "web"},
    "migrations": {*LEGS, "web"},
    # It judges the installation as a whole, and reads what is registered. Only `app` imports it.
    "web/safety": {*LEGS, "config", "web"},
}
#: A longer file has more than one purpose.
MOST_LINES_OF_A_FILE = 275
#: Longer files, with the reason for each.
LONGER_FILES = {
    # People copy this file, so it imports no other file of the project. It has the OAuth flow, and
    # the check of the ID token that a client needs as soon as it asks for `openid`.
    "client_app/oauth.py": 545,
}
#: Code lines, without the docstring.
MOST_LINES_OF_A_FUNCTION = 30
MOST_CONDITIONAL_EXPRESSIONS_PER_100_LINES = 1

FILES = sorted(
    path
    for package in PACKAGES
    for path in (*ROOT.glob(f"{package}.py"), *ROOT.glob(f"{package}/**/*.py"))
)
#: The migrations list the tables' columns, one after the other. Rules about expressions and sizes
#: of functions would split a list without making it easier to read.
FILES_WITHOUT_MIGRATIONS = [
    path for path in FILES if path.relative_to(ROOT).parts[0] != "migrations"
]

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def package_of(path: Path) -> str:
    if name_of(path).startswith("web/safety/"):
        return "web/safety"
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def module_of(path: Path) -> str:
    """Return the dotted name: `web.clock` for `web/clock.py`, `web` for `web/__init__.py`."""
    return name_of(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def nodes_of(path: Path) -> list[ast.AST]:
    """Return all nodes of the file. Almost each test looks at them."""
    return [*ast.walk(parse(path))]


def find_imports(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield each imported name in full: `web.clock.now` for `from web.clock import now`."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import does not name its package"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def imported_by(name: str) -> set[str]:
    """Return the names that the file imports anywhere."""
    return set(find_imports(nodes_of(ROOT / name)))


def roots_imported_by(name: str) -> set[str]:
    """Return the top-level packages that the file imports anywhere."""
    return {imported.partition(".")[0] for imported in imported_by(name)}


def walk_module_level(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes outside functions; `if TYPE_CHECKING` blocks are included."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, Function | ast.Lambda):
            yield child
            yield from walk_module_level(child)


@cache
def names_in(path: Path) -> set[str]:
    """Return the names that the file uses or imports; `datetime.now` also counts as `now`."""
    names: set[str] = set()
    for node in nodes_of(path):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            names.update((node.attr, ast.unparse(node)))
        elif isinstance(node, ast.alias):
            names.add(node.name)
    return names


def files_that_mention(*words: str) -> set[str]:
    """Return the files that use or import one of these names."""
    return {name_of(path) for path in FILES if set(words) & names_in(path)}


def find_nodes(kind: type[ast.AST] | object) -> Iterator[tuple[str, ast.AST]]:
    """Yield the nodes of a kind in the product code, each with its `path:line`."""
    for path in FILES_WITHOUT_MIGRATIONS:
        for node in nodes_of(path):
            if isinstance(node, kind):
                yield f"{name_of(path)}:{node.lineno}", node


# Import directions


def test_each_package_imports_only_the_packages_it_may() -> None:
    offenders = [
        f"{name_of(path)} imports {root}"
        for path in FILES
        for root in sorted(roots_imported_by(name_of(path)) & PACKAGES - {package_of(path)})
        if root not in MAY_IMPORT[package_of(path)]
    ]

    assert offenders == []


def test_nothing_imports_the_composition_root() -> None:
    assert [name_of(path) for path in FILES if "app" in roots_imported_by(name_of(path))] == []


def test_the_migrations_of_a_leg_import_no_other_leg() -> None:
    offenders = [
        f"{name_of(path)} imports {other}"
        for leg in LEGS
        for path in ROOT.glob(f"migrations/{leg}/**/*.py")
        for other in sorted(roots_imported_by(name_of(path)) & set(LEGS) - {leg})
    ]

    assert offenders == []


def find_module(imported: str, modules: set[str]) -> str | None:
    """Return the module of an imported name: `web.clock` for `web.clock.now`."""
    while imported and imported not in modules:
        imported = imported.rpartition(".")[0]
    return imported or None


def make_import_graph() -> dict[str, set[str]]:
    """Return the modules with the modules that each imports at module level."""
    modules = {module_of(path) for path in FILES_WITHOUT_MIGRATIONS}
    graph = {}
    for path in FILES_WITHOUT_MIGRATIONS:
        imports = find_imports(walk_module_level(parse(path)))
        found = {find_module(imported, modules) for imported in imports}
        graph[module_of(path)] = found - {None}
    return graph


def find_reachable(start: str, graph: dict[str, set[str]]) -> set[str]:
    """Return the modules that the import of `start` leads to; `start` only through a circle."""
    reachable: set[str] = set()
    waiting = [*graph[start]]
    while waiting:
        module = waiting.pop()
        if module not in reachable:
            reachable.add(module)
            waiting += graph[module]
    return reachable


def test_there_is_no_circular_import() -> None:
    """List the strongly connected components. Imports under `if TYPE_CHECKING` count too."""
    graph = make_import_graph()
    reachable = {module: find_reachable(module, graph) for module in graph}

    circles = {
        tuple(sorted(other for other in reachable[module] if module in reachable[other]))
        for module in graph
    }

    assert sorted(circles - {()}) == []


def test_the_composition_root_imports_no_leg_at_module_level() -> None:
    """Each process loads only the leg that it serves."""
    imports = find_imports(walk_module_level(parse(ROOT / "app.py")))

    assert sorted({name.partition(".")[0] for name in imports} & {*LEGS, "inspector"}) == []


def test_the_file_that_people_copy_needs_two_libraries() -> None:
    roots = roots_imported_by("client_app/oauth.py")

    assert sorted(roots - sys.stdlib_module_names) == ["joserfc", "requests"]


def test_the_photos_module_is_independent_of_oauth() -> None:
    imported = " ".join(imported_by("resource_api/photos.py"))
    words = ("protection", "introspect", "oauth", "authlib", "flask", "requests")

    assert [word for word in words if word in imported] == []


def test_the_protection_module_is_independent_of_photos() -> None:
    imported = " ".join(imported_by("resource_api/protection.py"))
    words = ("photos", "images", "models", "sqlalchemy")

    assert [word for word in words if word in imported] == []


# Single places


def test_one_module_reads_the_environment() -> None:
    """In three modules, the word is the name of a request's variables (PEP 3333).

    `resource_api/decoders.py` leaves out the environment when it starts a process.
    """
    mentions = files_that_mention("environ", "getenv", "environb")
    variables = {"web/redirects.py", "web/request_bodies.py", "web/metrics.py"}

    assert mentions - variables - {"resource_api/decoders.py"} == {"app.py", "config.py"}


def test_the_composition_root_reads_no_settings() -> None:
    """`app.py` reads the switch of the demo and the desktop; the lab's legs copy the rest."""
    lines = re.findall(r"^.*\benviron\b.*$", (ROOT / "app.py").read_text(), re.MULTILINE)

    known = ("TRIPOD_DEMO", "open_in_browser", "temporary_legs.legs(os.environ)", "add_lab(")
    assert [line for line in lines if not any(word in line for word in known)] == []


def test_one_module_of_the_authorization_server_hashes_and_compares() -> None:
    mentions = files_that_mention(
        "hashlib", "hmac", "compare_digest", "sha256", "scrypt", "generate_password_hash"
    )

    in_auth_server = [name for name in mentions if name.startswith("auth_server/")]
    assert in_auth_server == ["auth_server/digests.py"]


def test_one_module_reads_the_clock() -> None:
    """`client_app/oauth.py` reads it too, because people copy that file alone."""
    assert files_that_mention("datetime.now", "utcnow", "today", "time.time") == {
        "web/clock.py",
        "client_app/oauth.py",
    }


# Sizes


def test_no_file_is_too_long() -> None:
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in FILES}

    assert [
        f"{name}: {length} lines"
        for name, length in lengths.items()
        if length > LONGER_FILES.get(name, MOST_LINES_OF_A_FILE)
    ] == []


def count_docstring_lines(node: ast.AST) -> int:
    """Return the number of lines of the docstring, 0 without one."""
    if ast.get_docstring(node, clean=False) is None:
        return 0
    return node.body[0].end_lineno - node.body[0].lineno + 1


def count_function_lines(function: Function) -> int:
    """Return the number of lines of the function, without its docstring."""
    return function.end_lineno - function.lineno + 1 - count_docstring_lines(function)


def test_no_function_is_too_long() -> None:
    assert [
        f"{place} {function.name}: {count_function_lines(function)} lines"
        for place, function in find_nodes(Function)
        if count_function_lines(function) > MOST_LINES_OF_A_FUNCTION
    ] == []


def test_each_file_has_a_docstring() -> None:
    assert [name_of(path) for path in FILES if not ast.get_docstring(parse(path))] == []


# Plain expressions


def count_code_lines(path: Path) -> int:
    """Return the number of lines that hold code: no blank lines, comments or docstrings."""
    layout = {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    }
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
        if token.type not in layout:
            lines.update(range(token.start[0], token.end[0] + 1))
    documented = Function | ast.Module | ast.ClassDef
    nodes = [node for node in nodes_of(path) if isinstance(node, documented)]
    return len(lines) - sum(count_docstring_lines(node) for node in nodes)


def test_conditional_expressions_are_rare_in_every_package() -> None:
    """`app.py` and `config.py` count as one package."""
    packages = {"app": "app and config", "config": "app and config"}
    lines: Counter[str] = Counter()
    expressions: Counter[str] = Counter()
    for path in FILES_WITHOUT_MIGRATIONS:
        package = packages.get(package_of(path), package_of(path))
        lines[package] += count_code_lines(path)
        expressions[package] += sum(isinstance(n, ast.IfExp) for n in nodes_of(path))

    per_100_lines = {package: 100 * expressions[package] / lines[package] for package in lines}
    assert [
        f"{package}: {rate:.2f} per 100 code lines"
        for package, rate in per_100_lines.items()
        if rate >= MOST_CONDITIONAL_EXPRESSIONS_PER_100_LINES
    ] == []


def is_nested(expression: ast.IfExp) -> bool:
    return any(isinstance(n, ast.IfExp) for n in ast.walk(expression) if n is not expression)


def test_no_conditional_expression_is_nested() -> None:
    assert [place for place, expression in find_nodes(ast.IfExp) if is_nested(expression)] == []


def has_two_conditions(comprehension: Comprehension) -> bool:
    """Return whether an `if` follows another one, or joins conditions with `and` or `or`."""
    conditions = [condition for part in comprehension.generators for condition in part.ifs]
    return len(conditions) > 1 or any(isinstance(c, ast.BoolOp) for c in conditions)


def test_no_comprehension_has_two_conditions() -> None:
    assert [place for place, node in find_nodes(Comprehension) if has_two_conditions(node)] == []


def has_walrus(expression: ast.BoolOp) -> bool:
    return any(isinstance(node, ast.NamedExpr) for node in ast.walk(expression))


def test_no_boolean_chain_assigns_a_name() -> None:
    assert [place for place, node in find_nodes(ast.BoolOp) if has_walrus(node)] == []
