"""Validate usernames, passwords, names, titles and scopes.

Each rule returns the text to store or to compare, or raises `TextError`. Lengths count code points,
as PostgreSQL does. Usernames follow PRECIS (RFC 8265 §3.3). Passwords, names and titles do not,
since its FreeformClass refuses many emoji and every character that is newer than this Python.
"""

import os
import re
import unicodedata
from contextlib import suppress

from precis_i18n import get_profile

MAX_USERNAME = 64
MIN_PASSWORD, MAX_PASSWORD = 8, 1024

_USERNAME = get_profile("UsernameCaseMapped")
#: The forms of Unicode in which earlier versions hashed a password.
_EARLIER_PASSWORD = get_profile("OpaqueString")
#: Begins with a letter or a digit, and has no other ASCII punctuation than . _ @ + and -.
_USERNAME_SHAPE = re.compile(r"[^\W_][^!-*,/:-?\[-^`{-~]*")
#: Alphabets whose letters look the same, by the first word of Unicode's letter names.
_SIMILAR_ALPHABETS = {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN"}

#: Unicode categories: control characters, of which PostgreSQL rejects NUL; unpaired surrogates,
#: which cannot be encoded; and the separators of lines and paragraphs.
_FORBIDDEN = {"Cc", "Cs", "Zl", "Zp"}
#: Characters that change the direction of the text around them, such as the rest of a page.
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
#: Categories whose characters are invisible on their own: format characters, characters for
#: private use, marks that combine with a letter, and spaces.
_INVISIBLE = {"Cf", "Co", "Mn", "Mc", "Me", "Zs"}
#: Fillers, blank symbols and unassigned code points that Unicode reserves for invisible characters.
_BLANK = re.compile(
    "[\u115f\u1160\u2065\u2800\u3164\uffa0\ufff0-\ufff8\U0001d159\U000e0000-\U000e0fff]"
)

#: Scope tokens with single spaces between them (RFC 6749 §3.3).
_SCOPE = re.compile(r"[!#-\[\]-~]+( [!#-\[\]-~]+)*")


class TextError(ValueError):
    """A text breaks a rule.

    The message is the end of a sentence that starts with what the text is: "A name", "title".
    """


def canonicalize_username(typed: str) -> str:
    """Return the canonical form of a username, which is the same for every way to type it.

    Width, case and normal form do not matter (RFC 8265 §3.3), nor do spaces around it.

    :raises TextError: when it cannot be a username.
    """
    try:
        canonical = _USERNAME.enforce(_strip_spaces(typed))
    except UnicodeEncodeError:
        canonical = ""
    if len(canonical) > MAX_USERNAME or not _USERNAME_SHAPE.fullmatch(canonical):
        raise TextError(
            f"must have 1 to {MAX_USERNAME} letters, digits and . _ @ + -, "
            "and begin with a letter or digit."
        )
    alphabets = {unicodedata.name(character).partition(" ")[0] for character in canonical}
    if len(alphabets & _SIMILAR_ALPHABETS) > 1:
        raise TextError("must not mix alphabets whose letters look the same.")
    return canonical


def canonicalize_password(typed: str) -> str:
    """Return the canonical form of a new password, NFKC, which is the one to hash.

    :raises TextError: when it is too short, too long, or has control characters.
    """
    canonical = unicodedata.normalize("NFKC", typed)
    if not MIN_PASSWORD <= len(canonical) <= MAX_PASSWORD:
        raise TextError(f"must have {MIN_PASSWORD} to {MAX_PASSWORD} characters.")
    if any(unicodedata.category(character) in _FORBIDDEN for character in canonical):
        raise TextError("must not contain control characters.")
    return canonical


def list_password_spellings(typed: str) -> list[str]:
    """Return the texts to compare with a password hash. The canonical form comes first.

    Earlier versions hashed the password in the form of RFC 8265 §4.2, and before that as the user
    typed it, in NFC or NFD. ASCII has a single spelling.
    """
    canonical, *others = (unicodedata.normalize(form, typed) for form in ("NFKC", "NFC", "NFD"))
    spellings = [canonical, typed, *others]
    with suppress(UnicodeEncodeError):
        spellings.insert(1, _EARLIER_PASSWORD.enforce(typed))
    return list(dict.fromkeys(spellings))


def check_name(typed: str, max_length: int) -> str:
    """Return the name of a user, a client or a server, in NFC and without spaces around it.

    :raises TextError: when it is too long, shows nothing, or could change the text around it.
    """
    if _DIRECTION.search(typed):
        raise TextError("must not contain characters that change the direction of text.")
    return _check_one_line(_strip_spaces(unicodedata.normalize("NFC", typed)), max_length)


def check_title(typed: str, max_length: int) -> str:
    """Return the title unchanged.

    Its owner alone sees it, so it may contain characters that change its direction.

    :raises TextError: when it is too long, shows nothing, or has control characters.
    """
    return _check_one_line(typed, max_length)


def check_scope(typed: str) -> str:
    """Return the scope unchanged (RFC 6749 §3.3).

    :raises TextError: when it is not scope tokens with single spaces between them.
    """
    if not _SCOPE.fullmatch(typed):
        raise TextError("must be scopes with single spaces between them.")
    return typed


def split_scope(scope: str) -> list[str]:
    """Return the tokens between the spaces of a scope, without repetitions, in their order."""
    return list(dict.fromkeys(filter(None, scope.split(" "))))


def is_visible(text: str) -> bool:
    """Return whether the text has a visible character."""
    return any(map(_shows, text))


def decode_utf8(data: bytes) -> str:
    """Return the text of a file, a pipe or a JSON document, without a byte order mark.

    :raises TextError: when it is not UTF-8.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TextError("must be UTF-8.") from None


def decode_argument(value: str) -> str:
    """Return an argument of a command, or an environment variable.

    Python replaces bytes by surrogates when they do not fit the encoding of the terminal. In the
    locale C that happens to UTF-8 too.

    :raises TextError: when the bytes are not UTF-8.
    """
    try:
        value.encode()
    except UnicodeEncodeError:
        return decode_utf8(os.fsencode(value))
    return value


def _strip_spaces(text: str) -> str:
    """Remove spaces of any width at both ends, but no control characters."""
    spaces = "".join({character for character in text if unicodedata.category(character) == "Zs"})
    return text.strip(spaces)


def _check_one_line(text: str, max_length: int) -> str:
    if not 1 <= len(text) <= max_length:
        raise TextError(f"must have 1 to {max_length} characters.")
    if any(unicodedata.category(character) in _FORBIDDEN for character in text):
        raise TextError("must not contain control characters.")
    if not is_visible(text):
        raise TextError("must not be blank.")
    return text


def _shows(character: str) -> bool:
    return unicodedata.category(character) not in _INVISIBLE and not _BLANK.match(character)
