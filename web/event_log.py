"""The event log: one JSON line per event, with ids and without secrets.

`record` writes immediately, for refusals and events outside a transaction. `record_on_commit`
writes when the session's transaction commits, and not at all when it is rolled back, so that the
log holds no event that did not happen. Records pass through the logger
`tripod.events`; a listener is a `logging.Handler` that reads `record.fields`.
"""

import json
import logging
import os
import sys
from pathlib import Path

from flask import current_app, has_app_context
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy.orm import Session

from web.clock import now
from web.request_id import current_request_id

logger = logging.getLogger("tripod.events")
Field = str | int | bool | list[str] | None


def record(event: str, **fields: Field) -> None:
    """Write the event now.

    `fields` hold ids, error codes and reason codes, and never a token, code, password or secret.
    """
    logger.info(event, extra={"fields": _common_fields() | {"event": event} | fields})


def record_on_commit(session: Session, event: str, **fields: Field) -> None:
    """Write the event when `session` commits; drop it when `session` rolls back."""
    session.info.setdefault("events", []).append((event, fields))


def watch(session: Session) -> Session:
    """Make `record_on_commit` work for `session`, and return it."""
    sqlalchemy_event.listen(session, "after_commit", _write_pending)
    sqlalchemy_event.listen(
        session, "after_rollback", lambda rolled_back: rolled_back.info.pop("events", None)
    )
    return session


def write_to(path: Path | None) -> None:
    """Write the event log of this process to the file at `path`, with mode 0600.

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
    os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
    return logging.FileHandler(path, encoding="utf-8")


def _common_fields() -> dict[str, Field]:
    leg = None
    if has_app_context():
        leg = current_app.name
    return {
        "time": now().isoformat(timespec="milliseconds"),
        "leg": leg,
        "request_id": current_request_id(),
    }


def _write_pending(session: Session) -> None:
    for event, fields in session.info.pop("events", []):
        record(event, **fields)


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Return the record's fields as one line of ASCII JSON."""
        fields = getattr(record, "fields", {"event": record.getMessage()})
        return json.dumps(fields, ensure_ascii=True)
