"""Names for the places in the code where a sample was taken."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
STANDARD_LIBRARY = "Python's standard library"
OWN = "this project"
BENCHMARK = "benchmarks/"


class Places(NamedTuple):
    """The package whose code runs, and the file of this project for which it runs."""

    package: str
    file: str


def name_places(files: Iterable[str]) -> Places | None:
    """Return the places of a sample, whose files are listed from the inside to the outside.

    Return None for the time of the benchmark itself. Code that is called by no file of this
    project, such as Flask's dispatching, belongs to its package.
    """
    package = None
    for file in files:
        own = name_own_file(file)
        package = package or name_package(file)
        if own is not None and own.startswith(BENCHMARK):
            break
        if own is not None:
            return Places(package or OWN, own)
    if package in (None, OWN):
        return None
    return Places(str(package), str(package))


@cache
def name_own_file(file: str) -> str | None:
    """Return the path of a file of this project, or None."""
    path = Path(file)
    if not path.is_relative_to(ROOT) or "site-packages" in path.parts:
        return None
    return path.relative_to(ROOT).as_posix()


@cache
def name_package(file: str) -> str | None:
    """Return the name of the package that a file belongs to; None for code without a file."""
    if file.startswith("<"):
        return None
    path = Path(file)
    if "site-packages" in path.parts:
        return path.parts[path.parts.index("site-packages") + 1].removesuffix(".py")
    if path.is_relative_to(ROOT):
        return OWN
    return STANDARD_LIBRARY
