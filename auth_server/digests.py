"""The only place that hashes or compares secrets, and the only place that makes them.

Codes, tokens and client secrets are random and long, so one SHA-256 is enough and the digest can be the indexed key.
Passwords are neither, so they go through a memory-hard hash. Comparisons take the same time whatever they are given.
"""

import base64
import hashlib
import hmac
import secrets
import string

from werkzeug.security import check_password_hash, generate_password_hash

ALPHANUMERIC = string.ascii_letters + string.digits


def new_identifier(length: int = 24) -> str:
    """A random identifier of letters and digits. Not a secret."""
    return "".join(secrets.choice(ALPHANUMERIC) for _ in range(length))


def new_secret() -> str:
    """256 random bits, safe in a URL: a code, a token or a client secret, in clear for the one answer that carries it."""
    return secrets.token_urlsafe(32)


def digest(value: str) -> str:
    """What is stored of a code, a token or a client secret: 64 hexadecimal digits. Any text is welcome."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def digest_matches(presented: str, stored_digest: str | None) -> bool:
    """Whether `presented` is what `stored_digest` was made of; a missing digest matches nothing, as slowly."""
    return hmac.compare_digest(digest(presented), stored_digest or "")


def keyed_digest(key: str, value: str) -> str:
    """A digest that cannot be guessed back without `key`, for short values such as a name somebody typed."""
    return hmac.digest(key.encode(), value.encode("utf-8", "surrogatepass"), hashlib.sha256).hex()


def s256_matches(verifier: str, challenge: str) -> bool:
    """Whether BASE64URL(SHA256(verifier)) is the challenge (RFC 7636 §4.6). The verifier is ASCII by then."""
    computed = (
        base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest())
        .rstrip(b"=")
        .decode()
    )
    return hmac.compare_digest(computed, challenge)


def hash_password(password: str) -> str:
    """Scrypt with a salt of its own, about 60 ms."""
    return generate_password_hash(password)


def password_matches(password: str, password_hash: str | None) -> bool:
    """Whether `password` is right. Without a hash (an unknown name) it is wrong, and takes the same time."""
    matches = check_password_hash(password_hash or _HASH_OF_NOTHING, password)
    return matches and password_hash is not None


# Made at import: the first unknown name must not take longer than the others.
_HASH_OF_NOTHING = hash_password(new_secret())
