"""`python app.py new page NAME`: what it writes, and the names that it refuses."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from client_app.new_page import PageRefused, add_page
from config import PROJECT_ROOT

FILES = ("client_app/views", "templates/client_app", "tests/client_app")


@pytest.fixture
def project(tmp_path):
    """Return a copy of the folders that the command reads and writes."""
    for name in FILES:
        shutil.copytree(PROJECT_ROOT / name, tmp_path / name)
    shutil.copy(PROJECT_ROOT / "tests" / "test_accessibility.py", tmp_path / "tests")
    return tmp_path


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.suffix in (".py", ".html")
    }


@pytest.mark.parametrize("name", ["whoami", "a", "my_gallery_of_prints", "a" * 30])
def test_the_command_writes_a_view_a_template_a_test_and_two_entries(project, name):
    before = contents(project)
    changed = add_page(project, name)
    after = contents(project)

    assert {path.as_posix() for path in changed} == {
        path for path in after if after[path] != before.get(path)
    }
    assert set(after) - set(before) == {
        f"client_app/views/{name}.py",
        f"templates/client_app/{name}.html",
        f"tests/client_app/test_{name}_page.py",
    }
    assert f"    {name},\n" in after["client_app/views/__init__.py"]
    assert f'"client_app/{name}",' in after["tests/test_accessibility.py"]
    for path in changed:
        if path.suffix == ".py":
            ast.parse(after[path.as_posix()])
            assert max(map(len, after[path.as_posix()].splitlines())) <= 100


def test_the_files_are_formatted_and_a_second_page_fits(project):
    shutil.copy(PROJECT_ROOT / "pyproject.toml", project)
    for name in ("whoami", "about_us"):
        add_page(project, name)
    formatted = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--check", "."],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )

    assert formatted.returncode == 0, formatted.stdout


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "cannot be the name of a page"),
        ("Whoami", "cannot be the name of a page"),
        ("who-am-i", "cannot be the name of a page"),
        ("../whoami", "cannot be the name of a page"),
        ("_private", "cannot be the name of a page"),
        ("two__underscores", "cannot be the name of a page"),
        ("page2", "cannot be the name of a page"),
        ("größe", "cannot be the name of a page"),
        ("a" * 31, "cannot be the name of a page"),
        ("class", "has a meaning in Python code"),
        ("list", "has a meaning in Python code"),
        ("page", "has a meaning in Python code"),
        ("photos", "Print Shop has 'photos' already"),
        ("album", "Print Shop has 'album' already"),
        ("callback", "Print Shop has 'callback' already"),
        ("inspector", "Print Shop has 'inspector' already"),
        ("denied", "templates/client_app/denied.html exists already"),
    ],
)
def test_a_bad_or_existing_name_changes_nothing(project, name, reason):
    before = contents(project)
    with pytest.raises(PageRefused, match=reason):
        add_page(project, name)

    assert contents(project) == before


def test_the_same_page_cannot_be_added_twice(project):
    add_page(project, "whoami")
    with pytest.raises(PageRefused, match="Choose another name"):
        add_page(project, "whoami")
