"""The log file of the demo stays small, and loses no event of several processes."""

import json
import logging
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from world.processes import ROOT

from web import event_log
from web.event_log import record

#: A process that appends 400 events to files of 4,000 bytes, and keeps them all.
WRITER = """
import sys
from pathlib import Path
from web import event_log, rotating_log
rotating_log.MOST_BYTES, rotating_log.OLDER_FILES = 4_000, 100
event_log.write_to(Path(sys.argv[1]))
for number in range(400):
    event_log.record("counted", writer=sys.argv[2], number=number)
"""
Numbers = Callable[[], list[int]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log" / "events.jsonl"


@pytest.fixture
def small_log(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Write the event log of this test to files of about 2,000 bytes."""
    monkeypatch.setattr("web.rotating_log.MOST_BYTES", 2_000, raising=False)
    logger = logging.getLogger("tripod.events")
    before = logger.handlers[:], logger.level, logger.propagate
    logger.handlers = []
    path.parent.mkdir()
    event_log.write_to(path)
    yield path
    event_log.write_to(None)
    logger.handlers, logger.level, logger.propagate = before


def names(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir())


def events(*paths: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in paths for line in path.read_text().splitlines()]


def test_the_files_are_bounded_in_size_and_number(small_log: Path) -> None:
    for number in range(300):
        record("counted", number=number)

    older = [small_log.with_name(f"events.jsonl.{number}") for number in (3, 2, 1)]
    numbers = [event["number"] for event in events(*older, small_log)]
    assert names(small_log) == [f"events.jsonl{end}" for end in ("", ".1", ".2", ".3")]
    assert all(2_000 <= each.stat().st_size < 2_200 for each in older)
    assert small_log.stat().st_size < 2_200
    assert numbers == list(range(numbers[0], 300))


def test_only_the_owner_can_read_the_files(small_log: Path) -> None:
    for number in range(50):
        record("counted", number=number)

    modes = {stat.S_IMODE(each.stat().st_mode) for each in small_log.parent.iterdir()}
    assert modes == {0o600}


def test_a_full_file_of_an_earlier_start_is_renamed(small_log: Path) -> None:
    small_log.write_text("x" * 5_000)

    record("started")

    assert [event["event"] for event in events(small_log)] == ["started"]


@pytest.mark.processes
def test_several_processes_lose_no_event(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(writer)], cwd=ROOT)
        for writer in range(4)
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0, 0]

    found = [(event["writer"], event["number"]) for event in events(*path.parent.iterdir())]

    assert sorted(found) == [(str(writer), number) for writer in range(4) for number in range(400)]
    assert len(names(path)) > 20


def test_events_are_accepted_after_the_folder_was_deleted(
    small_log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The README says how to start over; a leg may still be running."""
    shutil.rmtree(small_log.parent)
    for number in range(50):
        record("counted", number=number)

    assert capsys.readouterr().err == ""


def test_a_file_that_cannot_be_renamed_stays_in_use(
    small_log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "replace", refuse)
    for number in range(50):
        record("counted", number=number)

    assert [event["number"] for event in events(small_log)] == list(range(50))
