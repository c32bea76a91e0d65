"""Finds what was masked wherever else it is in the same message, however it is written there."""

from collections.abc import Iterable
from urllib.parse import quote, unquote

from inspector.record.limits import DEPTH, SECRETS
from inspector.record.query_strings import DOT, SAFE

DOTS = DOT * 8
#: What is shorter is not looked for: it would be found in words.
SHORTEST = 8


class Scrubber:
    """Remembers what was masked, and takes it out of other texts."""

    def __init__(self, known: dict[str, tuple[str, str]] | None = None) -> None:
        self._known = known or {}  # by its plain spelling: as it came, and as what it was masked

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to look for."""
        return not self._known

    @property
    def is_full(self) -> bool:
        """Whether there is no room for another value."""
        return len(self._known) >= SECRETS

    def remember(self, value: str, masked: str) -> None:
        """Put `masked` wherever `value` is found. Nobody can have a mask replaced by sending one."""
        if DOTS not in (plain := plainly(value)):
            self._remember(plain, value, masked)

    def forget_fingerprint(self, masked: str) -> None:
        """Leave the dots alone where a value was masked as `masked`."""
        self._remember(plainly(masked), masked, DOTS)

    def _remember(self, plain: str, value: str, masked: str) -> None:
        may_be = masked == DOTS if plain in self._known else not self.is_full
        if may_be and len(plain) >= SHORTEST:
            self._known[plain] = value, masked

    def found_in(self, texts: Iterable[str]) -> "Scrubber":
        """One that knows only what is in these texts: hardly ever anything."""
        all_of_it = plainly("\n".join(texts))
        return Scrubber(
            {plain: known for plain, known in self._known.items() if plain in all_of_it}
        )

    def scrub(self, text: str) -> str:
        """`text`, without any value that has been masked; masked whole, where one is in it in a spelling of its own."""
        if not (found := self._found_in(text)):
            return text
        for value, masked in sorted(
            (self._known[plain] for plain in found), key=lambda known: -len(known[0])
        ):
            for spelling in _spellings(value):
                text = text.replace(spelling, masked)
        return DOTS if self._found_in(text) else text

    def _found_in(self, text: str) -> list[str]:
        if not self._known:
            return []
        all_of_it = plainly(text)
        return [plain for plain in self._known if plain in all_of_it]


def plainly(text: str) -> str:
    """The one spelling to which all others of `text` come down."""
    return unescaped(text).replace("+", " ").casefold()


def unescaped(text: str) -> str:
    """Without escapes, even without escaped ones."""
    for _ in range(DEPTH):
        if "%" not in text or (further := unquote(text)) == text:
            break
        text = further
    return text


def _spellings(value: str) -> list[str]:
    """The usual ones; the longest first, since others may be in it."""
    plain = [one for one in (value, unquote(value)) if len(one) >= SHORTEST]
    escaped = [quote(one, safe, errors="replace") for one in plain for safe in ("", SAFE)]
    return sorted({*plain, *escaped}, key=len, reverse=True)
