"""DESIGN's import directions and single places, read off the source: a house keeps its rooms apart or it has none."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LEGS = ["auth_server", "client_app", "resource_api"]
ROOMS = {*LEGS, "app", "config", "inspector", "migrations", "web"}

#: What each room may import of the house, besides itself. The inspector imports no leg, since the legs meet over HTTP.
MAY_IMPORT = {
    "app": ROOMS,
    "config": {"web"},
    "web": set(),
    "inspector": {"config", "web"},
    "auth_server": {"config", "web"},
    "client_app": {"config", "web"},
    "resource_api": {"config", "web"},
    "migrations": {*LEGS, "web"},
}
#: A file that grows past this has two jobs.
MOST_LINES = 275
#: Long, and one job: every setting with what is refused about it.
LONGER_FOR_A_REASON = {"config.py": 350}

FILES = sorted(
    path for room in ROOMS for path in (*ROOT.glob(f"{room}.py"), *ROOT.glob(f"{room}/**/*.py"))
)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(tree: ast.AST) -> Iterator[str]:
    """Every name that is imported, in full: `web.clock.now` for `from web.clock import now`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import hides where it leads"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_by(name: str) -> set[str]:
    """What the file of that name imports."""
    return set(imports(ast.parse((ROOT / name).read_text())))


def names_in(path: Path) -> Iterator[str]:
    """Every name that the file uses or imports; of `datetime.now`, that and `now`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield from (node.attr, ast.unparse(node))
        elif isinstance(node, ast.alias):
            yield node.name


def files_that_mention(*words: str) -> set[str]:
    """The files in which one of these names is."""
    return {name_of(path) for path in FILES if set(words) & set(names_in(path))}


each_file = pytest.mark.parametrize("path", FILES, ids=name_of)


@each_file
def test_each_room_imports_only_what_it_may(path: Path) -> None:
    room = room_of(path)

    roots = {name.partition(".")[0] for name in imports(ast.parse(path.read_text()))}

    assert roots & ROOMS <= MAY_IMPORT[room] | {room}


@each_file
def test_nothing_imports_the_composition_root(path: Path) -> None:
    assert "app" not in {name.partition(".")[0] for name in imports(ast.parse(path.read_text()))}


@pytest.mark.parametrize("leg", LEGS)
def test_a_legs_revisions_know_that_leg_only(leg: str) -> None:
    others = set(LEGS) - {leg}

    roots = {
        name.partition(".")[0]
        for path in ROOT.glob(f"migrations/{leg}/**/*.py")
        for name in imports(ast.parse(path.read_text()))
    }

    assert not roots & others


def test_a_process_loads_a_leg_when_it_makes_it() -> None:
    """What `app.py` imports at its top, every leg's process loads."""
    top = ast.Module(ast.parse((ROOT / "app.py").read_text()).body, [])
    top.body = [node for node in top.body if isinstance(node, ast.Import | ast.ImportFrom)]

    assert not {name.partition(".")[0] for name in imports(top)} & {*LEGS, "inspector"}


def test_the_file_that_people_copy_needs_requests_and_nothing_else() -> None:
    roots = {name.partition(".")[0] for name in imported_by("client_app/oauth.py")}

    assert roots - sys.stdlib_module_names == {"requests"}


def test_photos_know_nothing_of_oauth() -> None:
    imported = " ".join(imported_by("resource_api/photos.py"))

    assert not [
        word
        for word in ("protection", "introspect", "oauth", "authlib", "flask", "requests")
        if word in imported
    ]


def test_protection_knows_nothing_of_photos() -> None:
    imported = " ".join(imported_by("resource_api/protection.py"))

    assert not [word for word in ("photos", "images", "models", "sqlalchemy") if word in imported]


def test_one_file_reads_the_environment() -> None:
    assert files_that_mention("environ", "getenv", "environb") == {"app.py", "config.py"}


def test_the_composition_root_reads_one_setting() -> None:
    """`python app.py` is the demo unless told otherwise; a desktop is no setting of ours, and the lab's legs get none."""
    lines = re.findall(r"^.*\benviron\b.*$", (ROOT / "app.py").read_text(), re.MULTILINE)

    known = ("TRIPOD_DEMO", "DISPLAY", "temporary_legs.legs(os.environ)")
    assert [line for line in lines if not any(word in line for word in known)] == []


def test_one_file_of_the_authorization_server_hashes_and_compares() -> None:
    mentions = files_that_mention(
        "hashlib", "hmac", "compare_digest", "sha256", "scrypt", "generate_password_hash"
    )

    assert {name for name in mentions if name.startswith("auth_server/")} == {
        "auth_server/digests.py"
    }


def test_one_file_reads_the_clock() -> None:
    """The file that people copy has no other to ask."""
    assert files_that_mention("datetime.now", "utcnow", "today", "time.time") == {
        "web/clock.py",
        "client_app/oauth.py",
    }


@each_file
def test_a_file_has_one_job(path: Path) -> None:
    lines = len(path.read_text().splitlines())

    assert lines <= LONGER_FOR_A_REASON.get(name_of(path), MOST_LINES)


@each_file
def test_a_file_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))
