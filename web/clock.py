"""The only module that reads the clock, so that a test can change the time of every leg at once."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current time in UTC, with its time zone."""
    return datetime.now(UTC)
