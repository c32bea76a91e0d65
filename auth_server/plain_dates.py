"""Dates and times as text for pages, in UTC."""

from datetime import datetime

MINUTE, HOUR, DAY = 60, 3600, 86400  # in seconds


def day(moment: datetime) -> str:
    """Return the date, for example "4 March 2031"."""
    return f"{moment.day} {moment:%B %Y}"


def day_and_time(moment: datetime) -> str:
    """Return date and time, for example "4 March 2031, 12:04 UTC"."""
    return f"{day(moment)}, {moment:%H:%M} UTC"


def ago(moment: datetime, present: datetime) -> str:
    """Return how long ago it was, for example "4 minutes ago, on 4 March 2031"."""
    return f"{_distance(moment, present)}on {day(moment)}"


def _distance(moment: datetime, present: datetime) -> str:
    seconds = (present - moment).total_seconds()
    days = (present.date() - moment.date()).days
    if seconds < MINUTE:
        return "just now, "
    if seconds < HOUR:
        return f"{_count(int(seconds // MINUTE), 'minute')} ago, "
    if seconds < DAY:
        return f"{_count(int(seconds // HOUR), 'hour')} ago, "
    if days == 1:
        return "yesterday, "
    if days <= 30:
        return f"{days} days ago, "
    return ""


def _count(number: int, unit: str) -> str:
    if number == 1:
        return f"1 {unit}"
    return f"{number} {unit}s"
