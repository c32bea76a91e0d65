"""Which secret keys are refused outside the demo: those that a program would guess.

Each signed cookie tells whether a guessed key is right, without a request to the server.
"""

import base64
import hashlib
import re
from contextlib import suppress
from functools import cache
from itertools import pairwise

from web.text import TextError

LEAST_LENGTH = 32
#: A random key of hexadecimal digits has fewer different characters with a probability of 1e-6.
LEAST_DIFFERENT_CHARACTERS = 8
#: Parts of the values that documentation, templates and examples have, in lower case and without
#: punctuation. A random key contains one of them with a probability of about 1e-7.
_PLACEHOLDERS = (
    "changeme|changethis|changeit|replaceme|replacethis|replacewith|insertyour|putyour|setyour"
    "|yoursecret|yourkey|mysecret|supersecret|topsecret|verysecret|secretkey|secrethere|keyhere"
    "|insecure|notsecure|notsecret|placeholder|example|development|password|passphrase"
    "|donotuse|dontuse|foobar|qwerty|abcdefgh|hgfedcba|01234567|12345678|76543210|87654321"
    "|pleasechange|tobechanged|goeshere|randomstring|randomvalue|realvalue|initialvalue|asdfghjk"
    "|batterystaple|quickbrownfox|loremipsum|stringsecret|bitsecret|keyboardcat|neveruse"
)
#: Random keys that are published: anybody can try them.
_PUBLISHED = (
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",  # Flask's documentation
    "5791628bb0b13ce0c676dfde280ba245",  # a tutorial of Flask
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",  # FastAPI's tutorial
    "cg#p$g+j9tax!#a3cup@1$8obt2_+&k3q+pmu)5%asj6yjpkag",  # a tutorial of Django
    "3b7cd727ee24e8444053437c36cc66c3",  # Rails' guides
    "AckfSECXIvnK5r28GVIWUAxmbBSjTsmF",  # Laravel's tests
    "404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",  # tutorials of Spring
    # RFC 7515
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    "ZJYCqe3GGRvdrudKyZS0XhGv_Z45DuKhCUk0gBR1vZk",  # OpenID Connect Dynamic Client Registration
    "7Fjfp0ZBr1KtDRbnfVdmIw",  # RFC 6749
)
#: Words whose digest looks like a random key.
_WORDS = (
    *("", *"abcdefghijklmnopqrstuvwxyz0123456789", *_PLACEHOLDERS.split("|")),
    *("secret", "key", "test", "admin", "root", "user", "hello", "123456", "letmein", "default"),
    *("flask", "django", "tripod", "tripod id", "print shop", "photo api"),
)
_ALGORITHMS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")


def check_secret_key(key: str, least_length: int = LEAST_LENGTH) -> str:
    """Return the key unchanged.

    :raises TextError: when it is too short, repeats itself, is a placeholder or a published key, or
        is the digest of a word. What it encodes is refused for the same reasons.
    """
    if len(key) < least_length:
        raise TextError(f"must have at least {least_length} characters.")
    readings = _decode(key)
    if any(map(_has_pattern, readings)):
        raise TextError("repeats itself or is a sequence, so it is easy to guess.")
    if any(map(_has_placeholder, readings)):
        raise TextError("is a placeholder.")
    if readings & _published_readings():
        raise TextError("is published as an example.")
    if any(map(_is_digest, readings)):
        raise TextError("is the digest of a word.")
    return key


def _decode(key: str) -> set[str]:
    """Return the key, and what it encodes in hexadecimal digits or base64, or in both.

    Each decoded byte becomes one character.
    """
    readings = {key}
    for _ in range(2):
        for reading in list(readings):
            text = reading.removeprefix("base64:").rstrip("=").translate({45: "+", 95: "/"})
            with suppress(ValueError):
                readings.add(bytes.fromhex(text).decode("latin-1"))
            with suppress(ValueError):
                padded = text + "=" * (-len(text) % 4)
                readings.add(base64.b64decode(padded, validate=True).decode("latin-1"))
    return readings


@cache
def _published_readings() -> frozenset[str]:
    return frozenset().union(*map(_decode, _PUBLISHED))


def _has_pattern(text: str) -> bool:
    """Return whether the text has few characters, counts up or down, or repeats one part."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    if len(set(text)) < LEAST_DIFFERENT_CHARACTERS or len(steps) == 1:
        return True
    return any(text.startswith(text[size:]) for size in range(1, (len(text) + 1) // 2 + 1))


def _has_placeholder(text: str) -> bool:
    return bool(re.search(_PLACEHOLDERS, "".join(filter(str.isalnum, text.lower()))))


def _is_digest(text: str) -> bool:
    """Return whether a digest begins with the text, because some keys are shortened digests."""
    return any(digest.startswith(text) for digest in _digests_of_words())


@cache
def _digests_of_words() -> frozenset[str]:
    """Return the digests of the words, with and without the newline that `echo` adds."""
    return frozenset(
        hashlib.new(algorithm, f"{word}{end}".encode(), usedforsecurity=False)
        .digest()
        .decode("latin-1")
        for word in _WORDS
        for end in ("", "\n")
        for algorithm in _ALGORITHMS
    )
