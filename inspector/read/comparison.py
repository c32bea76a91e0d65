"""Compare two recorded values, which may be masked."""

import re
from dataclasses import dataclass

from inspector.record.query_strings import DOT

_FINGERPRINT = re.compile(rf"{DOT}{{8}}~([0-9a-f]{{6}})$")


@dataclass(frozen=True)
class Check:
    """A comparison that a reader can repeat: what it says, whether it holds, and both values.

    `signs` are between the values if it holds, and if it does not.
    """

    words: str
    holds: bool
    value: str
    expected: str
    signs: tuple[str, str] = ("=", "≠")

    @property
    def sign(self) -> str:
        """The sign between the two values."""
        if self.holds:
            return self.signs[0]
        return self.signs[1]


def compare(words: str, value: str, expected: str) -> Check | None:
    """Return the comparison, or None if one of the values is not known."""
    shown, wanted = _recognizable(value), _recognizable(expected)
    if not shown or not wanted:
        return None
    return Check(words, shown == wanted, shown, wanted)


def _recognizable(value: str) -> str:
    """Return what identifies a value: its fingerprint, or itself if it is public, or ""."""
    found = _FINGERPRINT.search(value)
    if found:
        return f"~{found[1]}"
    if DOT in value:
        return ""  # a value without a fingerprint
    return value
