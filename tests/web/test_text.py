"""The rules for usernames, passwords, names, titles and scopes (RFC 8265, RFC 6749 §3.3)."""

import os
import unicodedata

import pytest

from web import text
from web.text import TextError

FAMILY, RAINBOW = "👩\u200d👩\u200d👧", "🏳️\u200d🌈"
ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
#: Texts that people write, with the characters that make each one difficult.
WRITTEN = {
    "a family of emoji": FAMILY,
    "a rainbow flag": RAINBOW,
    "a flag of two letters": "🇳🇴",
    "a flag of tags": ENGLAND,
    "a skin tone": "👍🏽",
    "a keycap": "7️⃣",
    "an emoji that is newer than this Python": "\U0001fae9",
    "Persian": "می\u200cخواهم",
    "Arabic with vowels": "مُحَمَّد",
    "Hebrew with points": "שָׁלוֹם",
    "Hebrew with a mark": "חנות\u200f!",
    "Hindi": "हिन्दी क्\u200dष",
    "Thai": "สวัสดี",
    "decomposed accents": "Zoe\u0308",
    "Hangul of Jamo": "\u1112\u1161\u11ab",
    "a soft hyphen": "Print\u00adShop",
    "a wide space": "山田\u3000太郎",
    "a replacement character": "50\ufffd",
}
#: Texts that show nothing.
INVISIBLE = {
    "a space": " ",
    "wide spaces": "\u3000\u00a0\u2003",
    "no width": "\u200b",
    "joiners": "\u200d\u200c",
    "a byte order mark": "\ufeff",
    "a word joiner": "\u2060",
    "a soft hyphen": "\u00ad",
    "a grapheme joiner": "\u034f",
    "Hangul fillers": "\u115f\u1160\u3164\uffa0",
    "a blank of Braille": "\u2800",
    "a variation selector": "\ufe0f\U000e0101",
    "tags": "\U000e0067\U000e007f",
    "a reserved code point": "\u2065\ufff0\U000e0fff",
    "Khmer vowels": "\u17b4\u17b5",
    "a mark of direction": "\u200e\u200f\u061c",
    "accents alone": "\u0301\u0308",
    "private use": "\ue000",
}
CONTROL = {
    "NUL": "a\0b",
    "a line break": "a\nb",
    "an escape": "a\x1b[1m",
    "a C1 control": "a\x85b",
    "a line separator": "a\u2028b",
    "a paragraph separator": "a\u2029b",
    "half of a surrogate pair": "a\ud800",
}
TURNING = {
    "an override": "Print\u202eShop",
    "an embedding": "\u202bPrint Shop",
    "an isolate": "\u2067Print Shop",
}


# Usernames (RFC 8265 §3.3)


@pytest.mark.parametrize(
    "typed",
    [
        "alice",
        "Alice",
        "ALICE",
        "ａｌｉｃｅ",
        "ＡＬＩＣＥ",
        " alice ",
        "alice\u00a0",
        "\u3000alice",
    ],
)
def test_a_username_is_the_same_in_every_case_and_width(typed: str) -> None:
    assert text.canonicalize_username(typed) == "alice"


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_username_is_the_same_in_every_normal_form(form: str) -> None:
    assert text.canonicalize_username(unicodedata.normalize(form, "ZOË")) == "zoë"


@pytest.mark.parametrize(
    "username", ["7", "carol.smith+a@example.org", "x" * 64, "иван", "हिन्दी", "山田太郎", "שלום"]
)
def test_a_canonical_username_does_not_change(username: str) -> None:
    assert text.canonicalize_username(username) == username


@pytest.mark.parametrize(
    "typed",
    [
        *["", " ", ".carol", "carol smith", "carol\n", "car\0ol", "x" * 65, "carol!", "carol/x"],
        *[
            "\u0301carol",
            "ca\u200brol",
            "ca\u00adrol",
            "ca\u202erol",
            "ﬁona",
            "carol🦄",
            "car\udce9l",
        ],
    ],
)
def test_other_usernames_are_rejected(typed: str) -> None:
    with pytest.raises(TextError, match="must have 1 to 64 letters, digits"):
        text.canonicalize_username(typed)


@pytest.mark.parametrize("typed", ["аlice", "αlice", "ivanов"])
def test_letters_of_alphabets_that_look_the_same_are_not_mixed(typed: str) -> None:
    with pytest.raises(TextError, match="must not mix alphabets"):
        text.canonicalize_username(typed)


# Passwords (RFC 8265 §4.2)


def test_a_password_has_one_canonical_form() -> None:
    nfc, nfd = "Grüße\u00a0aus Köln", unicodedata.normalize("NFD", "Grüße\u3000aus Köln")

    assert text.canonicalize_password(nfc) == text.canonicalize_password(nfd) == "Grüße aus Köln"


def test_the_case_of_a_password_matters() -> None:
    assert text.canonicalize_password("Correct Horse") == "Correct Horse"


def test_the_length_of_a_password_is_that_of_its_canonical_form() -> None:
    assert text.canonicalize_password("e\u0301" * 1024) == "é" * 1024
    for typed in ("e\u0301" * 7, "é" * 1025):
        with pytest.raises(TextError, match="must have 8 to 1024 characters"):
            text.canonicalize_password(typed)


@pytest.mark.parametrize("typed", ["correct\0horse", "correct\thorse", "correct\ud800horse"])
def test_a_new_password_has_no_control_characters(typed: str) -> None:
    with pytest.raises(TextError, match="must not contain control characters"):
        text.canonicalize_password(typed)


def test_an_ascii_password_has_one_spelling() -> None:
    assert text.list_password_spellings("wonderland") == ["wonderland"]


def test_the_spellings_of_a_password_begin_with_the_canonical_one() -> None:
    typed = "Grüße\u00a0aus Köln"
    nfc, nfd = (unicodedata.normalize(form, typed) for form in ("NFC", "NFD"))

    assert text.list_password_spellings(nfd) == ["Grüße aus Köln", nfd, nfc]


def test_a_password_that_is_no_longer_allowed_keeps_its_spelling() -> None:
    assert text.list_password_spellings("tab\tbed") == ["tab\tbed"]


# Names and titles


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
def test_names_and_titles_may_be_in_any_language(written: str) -> None:
    assert text.check_name(written, 100) == unicodedata.normalize("NFC", written)
    assert text.check_title(written, 200) == written


@pytest.mark.parametrize("typed", INVISIBLE.values(), ids=INVISIBLE)
def test_names_and_titles_show_something(typed: str) -> None:
    assert not text.is_visible(typed)
    with pytest.raises(TextError, match=r"must not be blank|must have 1 to"):
        text.check_name(typed, 100)
    with pytest.raises(TextError, match="must not be blank"):
        text.check_title(typed, 200)


@pytest.mark.parametrize("typed", CONTROL.values(), ids=CONTROL)
def test_names_and_titles_have_no_control_characters(typed: str) -> None:
    for rule in (text.check_name, text.check_title):
        with pytest.raises(TextError, match="must not contain control characters"):
            rule(typed, 100)


@pytest.mark.parametrize("typed", TURNING.values(), ids=TURNING)
def test_a_name_cannot_turn_the_text_around_it(typed: str) -> None:
    with pytest.raises(TextError, match="direction"):
        text.check_name(typed, 100)


@pytest.mark.parametrize("typed", TURNING.values(), ids=TURNING)
def test_a_title_may_contain_other_directions(typed: str) -> None:
    assert text.check_title(typed, 100) == typed


def test_a_name_has_no_spaces_around_it() -> None:
    assert text.check_name(" \u3000Alice Liddell\u00a0", 100) == "Alice Liddell"


def test_a_title_keeps_its_spaces_and_its_normal_form() -> None:
    assert text.check_title(" Zoe\u0308 ", 200) == " Zoe\u0308 "


def test_lengths_count_code_points() -> None:
    assert text.check_title("🦄" * 200, 200)
    assert text.check_name("e\u0301" * 100, 100) == "é" * 100
    for rule in (text.check_name, text.check_title):
        with pytest.raises(TextError, match="must have 1 to 100 characters"):
            rule("x" * 101, 100)


# Scopes (RFC 6749 §3.3)


@pytest.mark.parametrize("scope", ["profile", "photos:read photos:write", "!#[]~"])
def test_a_scope_is_tokens_with_single_spaces_between_them(scope: str) -> None:
    assert text.check_scope(scope) == scope


@pytest.mark.parametrize(
    "scope", ["", " ", "a  b", " a", "a ", "a\tb", "a\u00a0b", 'a"', "a\\", "é"]
)
def test_other_scopes_are_rejected(scope: str) -> None:
    with pytest.raises(TextError):
        text.check_scope(scope)


def test_only_the_space_divides_scope_tokens() -> None:
    assert text.split_scope("  b a  b\tc\u00a0d ") == ["b", "a", "b\tc\u00a0d"]


# Bytes


def test_a_byte_order_mark_is_dropped() -> None:
    assert text.decode_utf8(b"\xef\xbb\xbfcaf\xc3\xa9") == "café"


@pytest.mark.parametrize("data", [b"caf\xe9", "café".encode("utf-16"), b"\xed\xa0\x80", b"\xc3"])
def test_other_encodings_are_rejected(data: bytes) -> None:
    with pytest.raises(TextError, match=r"must be UTF-8\."):
        text.decode_utf8(data)


def test_an_argument_is_utf_8_whatever_the_locale_says() -> None:
    """In the locale C, Python replaces each byte above 0x7F by a surrogate."""
    assert text.decode_argument("Zoë".encode().decode("ascii", "surrogateescape")) == "Zoë"
    assert text.decode_argument("Zoë") == "Zoë"
    with pytest.raises(TextError):
        text.decode_argument(os.fsdecode(b"Zo\xeb"))
