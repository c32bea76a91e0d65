"""Move the clock of this process by the seconds in a file, and follow the file."""

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine

POLL = 0.1


def _follow(file: Path) -> None:
    offset, travel = 0.0, None
    pause = time.sleep
    while True:
        wanted = _read(file, offset)
        if wanted != offset:
            if travel is not None:
                travel.stop()
                travel = None
            offset = wanted
            if offset:
                travel = time_machine.travel(datetime.now(UTC) + timedelta(seconds=offset))
                travel.start()
        pause(POLL)


def _read(file: Path, otherwise: float) -> float:
    try:
        return float(file.read_text())
    except (OSError, ValueError):
        return otherwise


if "TRIPOD_TEST_CLOCK" in os.environ:
    file = Path(os.environ["TRIPOD_TEST_CLOCK"])
    threading.Thread(target=_follow, args=(file,), daemon=True).start()
