"""The one place that reads the clock, so that a test can turn it for every leg at once."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, in UTC, with its time zone."""
    return datetime.now(UTC)
