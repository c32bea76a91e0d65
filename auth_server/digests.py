"""The only module that generates, hashes and compares secrets.

Codes, tokens and client secrets are long and random, so one SHA-256 is enough, and its digest can
be an indexed key. Passwords are neither, so they get a memory-hard hash. Comparisons take constant
time.
"""

import hashlib
import hmac
import secrets

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from werkzeug.security import check_password_hash, generate_password_hash

from auth_server.hashing_turns import turns

_METHOD = "scrypt:32768:8:1"
#: Comparing a password with this hash takes as long as with any other. No password has it.
_HASH_FOR_UNKNOWN_USERS = f"{_METHOD}${'0' * 16}${'0' * 128}"


def new_identifier() -> str:
    """Return 96 random bits as 24 letters and digits. It is not a secret."""
    return secrets.token_hex(12)


def new_secret() -> str:
    """Return 256 random bits, safe in a URL, for a code, a token or a client secret."""
    return secrets.token_urlsafe(32)


def digest(value: str) -> str:
    """Return the digest to store instead of `value`: 64 hexadecimal digits. Accept any text."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def digest_matches(presented: str, stored_digest: str | None) -> bool:
    """Return whether `stored_digest` is the digest of `presented`.

    A missing digest never matches, and takes the same time.
    """
    return hmac.compare_digest(digest(presented), stored_digest or "")


def keyed_digest(key: str, value: str) -> str:
    """Return a digest that nobody can reverse by guessing without `key`, for short values."""
    return hmac.digest(key.encode(), value.encode("utf-8", "surrogatepass"), hashlib.sha256).hex()


def s256_matches(verifier: str, challenge: str) -> bool:
    """Return whether BASE64URL(SHA256(verifier)) is the challenge (RFC 7636 §4.6).

    Authlib has checked before that the verifier is ASCII.
    """
    return hmac.compare_digest(create_s256_code_challenge(verifier), challenge)


def hash_password(password: str) -> str:
    """Return a salted scrypt hash of a password in its canonical form. It takes about 60 ms.

    :raises TooBusy: when too many passwords are being hashed.
    """
    with turns.take():
        return generate_password_hash(password, _METHOD)


def password_matches(password: str, password_hash: str | None) -> bool:
    """Return whether `password` has this hash.

    Without a hash (an unknown user) return False after the same time.

    :raises TooBusy: when too many passwords are being hashed.
    """
    with turns.take():
        matches = check_password_hash(password_hash or _HASH_FOR_UNKNOWN_USERS, password)
    return matches and password_hash is not None
