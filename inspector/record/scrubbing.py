"""Find masked values in the other texts of a message, in any spelling, and mask them too."""

from urllib.parse import quote, unquote

from inspector.record.limits import ESCAPES, SECRETS
from inspector.record.query_strings import DOT, SAFE

DOTS = DOT * 8
#: Shorter values are not searched for, because ordinary words would contain them.
MIN_LENGTH = 8


class Scrubber:
    """The values that were masked, and what each was masked as."""

    def __init__(self, known: dict[str, tuple[str, str]] | None = None) -> None:
        # The key is the plain spelling; the value is the original spelling and its mask.
        self._known = known or {}

    @property
    def is_empty(self) -> bool:
        """Whether no value is known."""
        return not self._known

    @property
    def is_full(self) -> bool:
        """Whether there is no room for another value."""
        return len(self._known) >= SECRETS

    def remember(self, value: str, masked: str) -> None:
        """Replace `value` by `masked` from now on. A value that looks like a mask is ignored."""
        plain = plain_spelling(value)
        if DOTS not in unescaped(value):
            self._remember(plain, value, masked)

    def forget_fingerprint(self, masked: str) -> None:
        """Replace the mask by dots from now on."""
        self._remember(plain_spelling(masked), masked, DOTS)

    def _remember(self, plain: str, value: str, masked: str) -> None:
        can_store = not self.is_full
        if plain in self._known:
            can_store = masked == DOTS
        if can_store and len(plain) >= MIN_LENGTH:
            self._known[plain] = value, masked

    def found_in(self, text: str) -> "Scrubber":
        """Return a scrubber for only the values in this text. Most often there are none."""
        plain_text = plain_spelling(text)
        return Scrubber(
            {plain: entry for plain, entry in self._known.items() if plain in plain_text}
        )

    def scrub(self, text: str) -> str:
        """Return `text` with all known values masked, or dots if one is in an unusual spelling."""
        if self.is_empty:
            return text
        for value, masked in self._entries_in(text):
            for spelling in _spellings(value):
                text = text.replace(spelling, masked)
        if self._entries_in(text):
            return DOTS
        return text

    def _entries_in(self, text: str) -> list[tuple[str, str]]:
        """Return the values in `text` with their masks, longest first."""
        plain_text = plain_spelling(text)
        found = [entry for plain, entry in self._known.items() if plain in plain_text]
        return sorted(found, key=lambda entry: -len(entry[0]))


def plain_spelling(text: str) -> str:
    """Return the spelling that all spellings of `text` have in common."""
    # The dots of masks become ASCII, because only ASCII is converted quickly.
    return unescaped(text).replace(DOT, "\0").replace("+", " ").casefold()


def unescaped(text: str) -> str:
    """Return `text` with its percent escapes decoded, and escapes within escapes."""
    for _ in range(ESCAPES):
        if "%" not in text:
            break
        text = unquote(text)
    return text


def is_escaped_deeper(text: str) -> bool:
    """Return whether `text` has more levels of escapes than are decoded."""
    plain = unescaped(text)
    return "%" in plain and unquote(plain) != plain


def _spellings(value: str) -> list[str]:
    """Return the usual spellings of `value`, longest first because one may contain another."""
    plain = [text for text in (value, unquote(value)) if len(text) >= MIN_LENGTH]
    escaped = [quote(text, safe, errors="replace") for text in plain for safe in ("", SAFE)]
    return sorted({*plain, *escaped}, key=len, reverse=True)
