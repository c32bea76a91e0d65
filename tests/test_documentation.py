"""The documentation matches the code: steps, settings, commands and recipes."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
GUIDES = {path.name: path.read_text() for path in sorted((ROOT / "docs").glob("*.md"))}
STEP_ROW = re.compile(r"^\| ([A-Z][0-9]) \| (.+?) \|", re.MULTILINE)
SETTING = re.compile(r'"(TRIPOD_[A-Z_]+)"')
CLAIM = re.compile(r"([A-Z][0-9]) – ")
LEGS = ("auth_server", "client_app", "resource_api")


def documented_steps() -> dict[str, str]:
    return dict(STEP_ROW.findall(README))


def claimed_steps(leg: str) -> set[str]:
    docstrings = (
        ast.get_docstring(node) or ""
        for path in (ROOT / leg).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    )
    return {claim.group(1) for docstring in docstrings if (claim := CLAIM.match(docstring))}


def test_every_step_of_the_table_is_in_the_docstring_of_a_function() -> None:
    claimed = set().union(*map(claimed_steps, LEGS))

    assert claimed == set(documented_steps())


@pytest.mark.parametrize(
    ("leg", "steps"),
    [
        ("auth_server", "A2 A3 A4 A5 A6 A7 F1 F2 R2 T1 T2 E1"),
        ("client_app", "A1 A2 A7 T1 R1 F1 F3 E1"),
        ("resource_api", "R2 R3"),
    ],
)
def test_each_leg_claims_the_steps_that_it_performs(leg: str, steps: str) -> None:
    assert claimed_steps(leg) == set(steps.split())


def test_the_flow_test_has_every_step_of_the_table() -> None:
    walk = (ROOT / "tests" / "test_the_flow.py").read_text()
    walk = re.sub(r"\n    # (?=[a-z])", " ", walk)  # a comment of two lines

    assert (
        dict(re.findall(r"^    # ([A-Z][0-9]) – (.+)$", walk, re.MULTILINE)) == documented_steps()
    )


def test_the_readme_has_at_most_1500_words() -> None:
    assert len(README.split()) <= 1500


def test_every_setting_that_the_code_reads_is_documented() -> None:
    sources = [ROOT / "config.py", *(ROOT / "web").glob("*.py")]
    read = {name for path in sources for name in SETTING.findall(path.read_text())}

    assert {name for name in read if f"`{name}`" not in GUIDES["settings.md"]} == set()


def test_every_file_that_the_readme_names_exists() -> None:
    named = re.findall(r"`([a-z_/]+(?:\.py|/))`", README)
    rooms = [ROOT, *(ROOT / leg for leg in LEGS), ROOT / "inspector", ROOT / "inspector" / "lab"]

    assert [
        name
        for name in named
        if name != "instance/" and not any((room / name).exists() for room in rooms)
    ] == []


COMMANDS = [
    block
    for page in (README, GUIDES["connect.md"], GUIDES["production.md"])
    for block in re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    if ".venv/bin/flask" in block
]


@pytest.mark.processes
@pytest.mark.parametrize("block", COMMANDS, ids=lambda block: block.split("\n")[0][:60])
def test_the_commands_run_as_printed(block: str, tmp_path: Path) -> None:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("TRIPOD_")
    }
    environment["TRIPOD_INSTANCE_PATH"] = str(tmp_path)
    script = block.replace(".venv/bin/", f"{Path(sys.executable).parent}/")

    finished = subprocess.run(
        ["/bin/sh", "-e", "-c", script],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert finished.returncode == 0, finished.stderr


#: What a new page is checked with. ruff sorts the imports of the inspector by its folder.
CHECKED = (
    "app.py",
    "inspector",
    "pyproject.toml",
    "tests/client_app",
    "tests/conftest.py",
    "tests/test_accessibility.py",
)
WRITTEN = ("client_app", "tests/client_app", "tests/test_accessibility.py")
CHECKS = (
    ("ruff", "check", *WRITTEN),
    ("ruff", "format", "--check", *WRITTEN),
    ("mypy", "client_app/views/whoami.py"),
    ("pytest", "tests/client_app/test_whoami_page.py"),
)
PROJECT = ("config.py", "web", *LEGS, "templates", "static", "migrations", "tests/world")


def recipe(heading: str, kind: str) -> list[str]:
    """Return the printed code of this kind below a heading of the README."""
    section = README.split(f"### {heading}")[1].split("\n### ")[0]
    return re.findall(rf"```{kind}\n(.*?)```", section, re.DOTALL)


def copy_project(folder: Path, *names: str) -> None:
    for name in names or PROJECT:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)


def run_python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the interpreter in a copy of the project."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )


def run_in(folder: Path, program: str) -> list[str]:
    """Run a program in a copy of the project. Return the lines that it prints."""
    finished = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={"PYTHONPATH": str(folder / "tests")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.stderr == ""
    return finished.stdout.splitlines()


#: The pages that alice sees: not connected, connected without the scope, asked for the scope.
VISIT = """
from pathlib import Path
from world.browser import Browser
from world.cast import Person
from world.legs import Legs

legs = Legs(Path("instance"))
alice = Person("alice", "wonderland", Browser(legs.network))
pages = [alice.browser.open(f"{legs.client_app_url}/whoami")]
alice.browser.follow("Connect")
alice.sign_in()
pages += [alice.allow("photos:read"), alice.browser.follow("Ask again"), alice.allow("profile")]
for page in pages:
    path = page.url.split("?")[0].removeprefix(legs.client_app_url)
    print(page.status, path, page.title)
reasons = [event["reason"] for event in legs.events_named("connection_ended")]
print("You are Alice Liddell." in page.text, *reasons)
"""


@pytest.mark.processes
def test_the_recipe_for_a_page_adds_a_page(tmp_path: Path) -> None:
    """Run the printed command in a copy of the project and open the page.

    What it writes passes ruff, mypy and its own test as it is.
    """
    [command] = recipe("Add a page to Print Shop", "sh")
    [view] = recipe("Add a page to Print Shop", "python")
    copy_project(tmp_path, *PROJECT, *CHECKED)
    python, *arguments = command.split()
    added = run_python(tmp_path, *arguments)

    assert (python, added.returncode) == (".venv/bin/python", 0), added.stderr
    assert (tmp_path / "client_app" / "views" / "whoami.py").read_text() == view
    assert len(view.splitlines()) < 15
    if (ROOT / ".mypy_cache").exists():  # Without it, mypy reads every library.
        shutil.copytree(ROOT / ".mypy_cache", tmp_path / ".mypy_cache")
    for check in CHECKS:
        checked = run_python(tmp_path, "-m", *check)
        assert checked.returncode == 0, checked.stdout + checked.stderr
    assert run_in(tmp_path, VISIT) == [
        "403 /whoami Your photos are not connected · Print Shop",
        "403 /whoami Print Shop needs your permission · Print Shop",
        "200 http://127.0.0.1:9000/oauth/authorize Allow Print Shop? · Tripod ID",
        "200 /whoami Whoami · Print Shop",
        "True replaced",
    ]


#: Requests the new scope in the browser, and calls the new view with an access token.
USE_THE_SCOPE = """
from pathlib import Path
from world.browser import Browser
from world.cast import Person
from world.legs import Legs

legs = Legs(Path("instance"))
alice = Person("alice", "wonderland", Browser(legs.network))
alice.browser.open(f"{legs.client_app_url}/connect?scope=profile+photos:read+albums:read")
alice.sign_in()
question = "Let Print Shop know who you are, see your photos and see your albums?"
print(question in alice.browser.current.text)
session = legs.session()
for url in (legs.auth_server_url + "/.well-known/oauth-authorization-server",
            legs.resource_api_url + "/.well-known/oauth-protected-resource"):
    print(session.get(url).json()["scopes_supported"][-1])
refused = session.get(legs.resource_api_url + "/albums")
print(refused.status_code)
"""


@pytest.mark.processes
def test_the_recipe_for_a_scope_adds_a_scope(tmp_path: Path) -> None:
    """Add the printed table entry and view to a copy of the project and request the scope.

    A project that followed the recipe has them already.
    """
    entry, view = recipe("Add a scope", "python")
    copy_project(tmp_path)
    table = tmp_path / "auth_server" / "scopes.py"
    end_of_table = "    )\n}"
    without_entry = table.read_text().replace(entry, "")
    table.write_text(without_entry.replace(end_of_table, entry + end_of_table, 1))
    views = tmp_path / "resource_api" / "views.py"
    views.write_text(views.read_text().replace(f"\n\n{view}", "") + f"\n\n{view}")

    assert run_in(tmp_path, USE_THE_SCOPE) == ["True", "albums:read", "albums:read", "401"]
