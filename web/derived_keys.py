"""Keys for each leg and purpose, derived from one secret.

No two signatures or ciphers share a key.
"""

import hashlib
import hmac


def derive_key(secret: str, leg: str, purpose: str) -> str:
    """Return 64 hexadecimal digits: HMAC-SHA256 of `leg` and `purpose` under `secret`."""
    return hmac.digest(secret.encode(), f"tripod/{leg}/{purpose}".encode(), hashlib.sha256).hex()
