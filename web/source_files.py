"""Find out whether a program's own Python files have changed.

The times of the files are compared once a second. That costs a few milliseconds for the 270 files
of this project, works on every file system, and needs no library: `watchfiles` would bring asyncio
into the process that watches over the legs.
"""

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

#: In seconds.
INTERVAL = 1.0


class SourceFiles:
    """The Python files below some folders of `root`, and in `root` itself."""

    def __init__(self, root: Path, folders: Sequence[str]) -> None:
        self._root = root
        self._folders = folders
        self._times = self._read_times()
        self._next = 0.0

    def find_change(self) -> str | None:
        """Return a file that has changed since the last call, or None.

        A file that appeared or disappeared has changed too.
        """
        if time.monotonic() < self._next:
            return None
        before, self._times = self._times, self._read_times()
        self._next = time.monotonic() + INTERVAL
        changed = before.items() ^ self._times.items()
        return next((os.path.relpath(path, self._root) for path, _ in sorted(changed)), None)

    def _read_times(self) -> dict[str, int]:
        files = list(_list_files(self._root, is_deep=False))
        for folder in self._folders:
            files += _list_files(self._root / folder)
        return dict(files)


def _list_files(folder: str | Path, *, is_deep: bool = True) -> Iterator[tuple[str, int]]:
    """Yield path and time of each Python file. A folder that has just been deleted has none."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.name.endswith(".py"):
            try:
                yield entry.path, entry.stat().st_mtime_ns
            except OSError:  # An editor replaces it at this moment.
                continue
        elif is_deep and entry.is_dir() and not entry.name.startswith(("__pycache__", ".")):
            yield from _list_files(entry.path)
