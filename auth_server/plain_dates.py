"""Dates and times as people say them, in UTC."""

from datetime import datetime

MINUTE, HOUR, DAY = 60, 3600, 86400


def day(moment: datetime) -> str:
    """4 March 2031."""
    return f"{moment.day} {moment:%B %Y}"


def day_and_time(moment: datetime) -> str:
    """4 March 2031, 12:04 UTC."""
    return f"{day(moment)}, {moment:%H:%M} UTC"


def ago(moment: datetime, present: datetime) -> str:
    """4 minutes ago, on 4 March 2031."""
    return f"{_distance(moment, present)}on {day(moment)}"


def _distance(moment: datetime, present: datetime) -> str:
    seconds = (present - moment).total_seconds()
    days = (present.date() - moment.date()).days
    if seconds < MINUTE:
        return "just now, "
    if seconds < DAY:
        unit, name = (MINUTE, "minute") if seconds < HOUR else (HOUR, "hour")
        return f"{_count(int(seconds // unit), name)} ago, "
    if days == 1:
        return "yesterday, "
    return f"{days} days ago, " if days <= 30 else ""


def _count(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"
