"""One secret in, a key for each leg and purpose out, so that no two signatures or ciphers ever share a key."""

import hashlib
import hmac


def derived_key(secret: str, leg: str, purpose: str) -> str:
    """64 hexadecimal digits: HMAC-SHA256 of the leg and the purpose under `secret`."""
    return hmac.digest(secret.encode(), f"tripod/{leg}/{purpose}".encode(), hashlib.sha256).hex()
