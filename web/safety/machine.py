"""Checks of this machine: files, clock, libraries and switches of the framework."""

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from flask.helpers import get_debug_flag
from sqlalchemy import func, select

from auth_server.models import Client, Grant, User
from config import PROJECT_ROOT
from web.clock import now
from web.doctor import check_library_versions
from web.safety.installation import Installation
from web.safety.replaceable_paths import find_replaceable, is_of_another_account, is_open_to_others

#: Clocks of several machines differ by less.
CLOCK_TOLERANCE = timedelta(minutes=5)


def check_instance_folder(installation: Installation) -> Iterator[str]:
    """Check that only the account of the legs can enter the instance folder and replace it."""
    for folder in {own.instance_path for own in installation.settings}:
        if is_open_to_others(folder):
            yield f"others can read or write {folder}: run chmod 700 on it."
        if os.name == "posix" and folder.stat().st_uid != os.geteuid():
            yield f"{folder} belongs to another account."
        yield from find_replaceable(folder)


def check_private_files(installation: Installation) -> Iterator[str]:
    """Check that only the account of the legs can use their files, and the folders among them."""
    files = {store.path for store in installation.stores if store.is_file}
    for folder in {own.instance_path for own in installation.settings}:
        files.update(folder.rglob("*"))
    for path in sorted(files):
        # The database can delete a file meanwhile.
        with suppress(FileNotFoundError):
            yield from _check_file(path)


def _check_file(path: Path) -> Iterator[str]:
    if is_open_to_others(path):
        yield f"others can read or write {path}: run chmod {_safe_mode(path)} on it."
    if is_of_another_account(path.resolve()):
        yield f"{path} belongs to another account."
    yield from find_replaceable(path)


def check_clock(installation: Installation) -> Iterator[str]:
    """Check that the clock is not behind what is stored: tokens would expire late."""
    with installation.registrations() as db:
        newest = [db.scalar(select(func.max(table.created_at))) for table in (User, Client, Grant)]
    moments = list(filter(None, newest))
    if moments and max(moments) > now() + CLOCK_TOLERANCE:
        yield "the database has times in the future, so the clock is slow: synchronize it with NTP."


def check_libraries(installation: Installation) -> Iterator[str]:
    """Check that the libraries are those that were tested."""
    yield from check_library_versions(PROJECT_ROOT / "requirements.txt")


def check_debugging(installation: Installation) -> Iterator[str]:
    """Check that no page offers a debugger."""
    if get_debug_flag() and not installation.is_demo:
        yield "FLASK_DEBUG is set, so an error page would let a visitor run code: unset it."


def _safe_mode(path: Path) -> str:
    if path.is_dir():
        return "700"
    return "600"
