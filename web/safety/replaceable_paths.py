"""Which other accounts of this machine can read, write or replace a file."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def is_open_to_others(path: Path) -> bool:
    """Return whether group or others can read or write."""
    return os.name == "posix" and bool(path.stat().st_mode & 0o066)


def is_of_another_account(path: Path) -> bool:
    """Return whether the owner of the file or link is neither this account nor root."""
    return os.name == "posix" and path.lstat().st_uid not in (0, os.geteuid())


def find_replaceable(path: Path) -> Iterator[str]:
    """Yield a sentence for each folder or link through which another account can replace `path`.

    In a sticky folder, such as `/tmp`, an account can replace only what belongs to it.
    """
    for place in sorted(_find_folders_and_links(path) - {path.absolute(), path.resolve()}):
        mode = place.stat().st_mode
        if is_of_another_account(place):
            yield f"{place} belongs to another account, which can therefore replace {path.name}."
        elif mode & _BY_OTHERS and not mode & stat.S_ISVTX:
            yield f"group or others can write {place}, and can therefore replace {path.name}."
    if path.is_symlink() and is_of_another_account(path):
        yield f"{path} is a link that belongs to another account."


def _find_folders_and_links(path: Path) -> set[Path]:
    """Return the path, the folders above it, and where symbolic links among these lead."""
    found: set[Path] = set()
    pending = [path.absolute()]
    while pending:
        place = pending.pop()
        if place not in found and place.exists():
            found.add(place)
            pending.append(place.parent)
            if place.is_symlink():
                pending.append(place.parent / place.readlink())
    return found
