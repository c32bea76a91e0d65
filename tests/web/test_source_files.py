"""`web/source_files.py`: which changes of files start the demo again."""

from collections.abc import Callable
from pathlib import Path

import pytest

from web import source_files
from web.source_files import SourceFiles


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("app.py", "shop/views/page.py", "shop/page.html", "tests/test_page.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    return tmp_path


@pytest.fixture
def sources(root: Path, monkeypatch: pytest.MonkeyPatch) -> SourceFiles:
    monkeypatch.setattr(source_files, "INTERVAL", 0)
    return SourceFiles(root, ["shop", "absent"])


CHANGES: dict[str, Callable[[Path], object]] = {
    "app.py": lambda path: path.write_text("x = 1"),
    "shop/views/page.py": lambda path: path.unlink(),
    "shop/new.py": lambda path: path.write_text(""),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_new_or_deleted_python_file_is_found_once(
    root: Path, sources: SourceFiles, name: str
) -> None:
    before = sources.find_change()
    CHANGES[name](root / name)

    assert before is None
    assert sources.find_change() == name
    assert sources.find_change() is None


@pytest.mark.parametrize("name", ["shop/page.html", "tests/test_page.py", "shop/.hidden/a.py"])
def test_other_files_are_not_watched(root: Path, sources: SourceFiles, name: str) -> None:
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text("changed")

    assert sources.find_change() is None


def test_the_files_are_not_read_again_at_once(root: Path) -> None:
    sources = SourceFiles(root, ["shop"])
    sources.find_change()
    (root / "app.py").write_text("x = 1")

    assert sources.find_change() is None
