"""The event log of the servers in this process."""

import logging
from typing import Any


class Events(logging.Handler):
    """The fields of the events between `attach` and `detach`, oldest first."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[dict[str, Any]] = []
        self._logger = logging.getLogger("tripod.events")
        self._level = self._logger.level

    def attach(self) -> None:
        """Begin to receive events."""
        self._level = self._logger.level
        self._logger.addHandler(self)
        self._logger.setLevel(logging.INFO)

    def detach(self) -> None:
        """Stop receiving events, and restore the logger's level."""
        self._logger.removeHandler(self)
        self._logger.setLevel(self._level)

    def emit(self, record: logging.LogRecord) -> None:
        """Store the fields of one event."""
        self.entries.append(getattr(record, "fields", {}))

    def named(self, event: str) -> list[dict[str, Any]]:
        """Return the events of this name, oldest first."""
        return [entry for entry in self.entries if entry["event"] == event]
