"""A small disk for PostgreSQL, which can be full. Only root can mount one."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Memory is used only for what is stored.
SIZE = "2g"


class SmallDisk:
    """A file system in memory, mounted at `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mount(self) -> bool:
        """Mount it, and return whether that was allowed."""
        options = f"size={SIZE},mode=755"
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def fill(self) -> None:
        """Leave no room for anything more."""
        self._resize(str(shutil.disk_usage(self.folder).used))

    def make_room(self) -> None:
        """End `fill`."""
        self._resize(SIZE)

    def unmount(self) -> None:
        """Delete everything."""
        subprocess.run(["umount", self.folder], check=True)  # noqa: S607 - it differs

    def _resize(self, size: str) -> None:
        command = ["mount", "-o", f"remount,size={size}", str(self.folder)]
        subprocess.run(command, capture_output=True, check=True)


@contextmanager
def small_disk() -> Iterator[SmallDisk | None]:
    """Mount a disk for the time of the `with` block, or give None if that is not allowed."""
    with tempfile.TemporaryDirectory(prefix="tripod-disk-") as folder:
        disk = SmallDisk(Path(folder))
        if os.geteuid() != 0 or not disk.mount():
            yield None
            return
        try:
            yield disk
        finally:
            disk.unmount()
