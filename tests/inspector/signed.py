"""Build signed tokens whose parts the tests know. Nobody verifies them."""

import base64
import json
from typing import Any

from inspector.record.signed_tokens import hash_of_access_token

ACCESS_TOKEN = "Splxl0BeZQQYbYS6WxSbIAtGzvFWFjXmRk1J2mO8_cQ"
NONCE = "n-0S6_WzA2Mj0S6_WzA2Mj0S6_WzA2Mj0S6_WzA2Mj"
SIGNATURE = "c2lnbmF0dXJl" * 28
HEADER = {"alg": "RS256", "kid": "2026-11", "typ": "JWT"}
CLAIMS = {
    "iss": "http://127.0.0.1:9000",
    "sub": "248289761001",
    "aud": "print-shop",
    "iat": 1000,
    "exp": 4600,
    "auth_time": 990,
    "nonce": NONCE,
    "at_hash": hash_of_access_token(ACCESS_TOKEN),
    "sid": "c2lkLW9mLWFsaWNl",
}


def encode(document: Any) -> str:
    """Return a part of a token."""
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


def token(
    header: dict[str, Any] | None = None, signature: str = SIGNATURE, **changes: object
) -> str:
    """Return a token with these claims. A value of None leaves a claim out."""
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not None}
    return f"{encode(header or HEADER)}.{encode(claims)}.{signature}"
