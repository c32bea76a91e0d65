"""Which secret keys are refused outside the demo: those that a program would guess.

Each signed cookie tells whether a guessed key is right, without a request to the server.
"""

import re

from web.text import TextError

LEAST_LENGTH = 32
#: A random key of hexadecimal digits has fewer different characters with a probability of 1e-6.
LEAST_DIFFERENT_CHARACTERS = 8
#: Parts of the values that documentation, templates and examples have, in lower case and without
#: punctuation. A random key contains one of them with a probability of about 1e-7.
_PLACEHOLDERS = re.compile(
    "changeme|changethis|changeit|replaceme|replacethis|replacewith|insertyour|putyour|setyour"
    "|yoursecret|yourkey|mysecret|supersecret|topsecret|verysecret|secretkey|secrethere|keyhere"
    "|insecure|notsecure|notsecret|placeholder|example|development|password|passphrase"
    "|donotuse|dontuse|foobar|qwerty|abcdefgh|hgfedcba|01234567|12345678|76543210|87654321"
    "|pleasechange|tobechanged|goeshere|randomstring|randomvalue|realvalue|initialvalue|asdfghjk"
    "|batterystaple|quickbrownfox|loremipsum"
)


def check_secret_key(key: str, least_length: int = LEAST_LENGTH) -> str:
    """Return the key unchanged.

    :raises TextError: when it is too short, repeats itself, or is a placeholder.
    """
    if len(key) < least_length:
        raise TextError(f"must have at least {least_length} characters.")
    if _repeats_itself(key) or len(set(key)) < LEAST_DIFFERENT_CHARACTERS:
        raise TextError("repeats itself and is easy to guess.")
    if _PLACEHOLDERS.search("".join(filter(str.isalnum, key.lower()))):
        raise TextError("is a placeholder.")
    return key


def _repeats_itself(key: str) -> bool:
    """Return whether the key consists of one part that is repeated."""
    return any(key.startswith(key[size:]) for size in range(1, (len(key) + 1) // 2 + 1))
