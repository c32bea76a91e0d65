"""The event log: one JSON line per event, with ids and without secrets.

`record` writes immediately, for refusals and events outside a transaction. `record_on_commit`
writes when the transaction commits, and not at all when it is rolled back, so that the log holds no
event that did not happen. Records pass through the logger `tripod.events`; a listener is a
`logging.Handler` that reads `record.fields`.
"""

import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import current_app, has_app_context

from web.clock import now
from web.request_id import current_request_id
from web.rotating_log import RotatingLog
from web.statements import Executor

logger = logging.getLogger("tripod.events")
#: What receives the name of each event that is too frequent for a line in the log.
counters: list[Callable[[str], None]] = []
Field = str | int | bool | list[str] | None


def record(event: str, **fields: Field) -> None:
    """Write the event now.

    `fields` hold ids, error codes and reason codes, and never a token, code, password or secret.
    """
    logger.info(event, extra={"fields": _common_fields() | {"event": event} | fields})


def count(event: str) -> None:
    """Count an event that is too frequent for a line. Without metrics, nobody counts it."""
    for counter in counters:
        counter(event)


def record_on_commit(db: Executor, event: str, **fields: Field) -> None:
    """Write the event when `db` commits; drop it when `db` rolls back."""
    db.info.setdefault("events", []).append((event, fields))


def write_pending(info: dict[Any, Any]) -> None:
    """Write the events of a transaction that has committed, which has this `info`."""
    for event, fields in info.pop("events", ()):
        record(event, **fields)


def write_to(path: Path | None) -> None:
    """Write the event log of this process to the file at `path`, which is renamed when it is full.

    With None, the log goes to standard error.
    """
    handler = _open_handler(path)
    handler.setFormatter(_JsonLines())
    for previous in logger.handlers[:]:
        logger.removeHandler(previous)
        previous.close()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False


def _open_handler(path: Path | None) -> logging.Handler:
    if path is None:
        return logging.StreamHandler(sys.stderr)
    return RotatingLog(path)


def _common_fields() -> dict[str, Field]:
    leg = None
    if has_app_context():
        leg = current_app.name
    return {
        "time": now().isoformat(timespec="milliseconds"),
        "leg": leg,
        "request_id": current_request_id(),
    }


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Return the record's fields as one line of ASCII JSON."""
        fields = getattr(record, "fields", {"event": record.getMessage()})
        return json.dumps(fields, ensure_ascii=True)
