"""Every test here stands on the stage that other projects can have too."""

import os
import shutil
from pathlib import Path

import pytest
from world.routes import remember_routes

pytest_plugins = ["world.fixtures"]

#: A file system in memory. Almost each test has databases, and there their commits cost no time.
MEMORY = Path("/dev/shm")  # noqa: S108 - pytest creates a private folder in it
#: In bytes: a container can have a very small one. A run with four workers needs less than half.
ROOM = 2 * 2**30


def pytest_configure() -> None:
    """Keep the files of the tests in memory, unless the variable says where they are to be.

    Applications are created quickly from the second one on.
    """
    remember_routes()
    if MEMORY.is_dir() and can_hold_the_files():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def can_hold_the_files() -> bool:
    """Return whether the memory has room, and lets programs run: containers often forbid it."""
    is_executable = not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
    return is_executable and shutil.disk_usage(MEMORY).free > ROOM


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Return one worker more than CPUs, since tests with processes wait for them most of the time.

    A selection, as that of `make quick`, gets the usual number.
    """
    if config.option.markexpr:
        return None
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that start processes, so that no long file is left for the end."""
    slow = {item.path for item in items if item.get_closest_marker("processes")}
    items.sort(key=lambda item: item.path not in slow)
