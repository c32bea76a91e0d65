"""The encryption of private keys at rest: nobody can sign with a copy of the database."""

import base64
import json
from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from config import AuthServerSettings
from web.derived_keys import derive_key


class KeyCipher:
    """Encrypts private JWKs with the first of `secret_keys`, and decrypts those of any of them."""

    def __init__(self, secret_keys: Sequence[str]) -> None:
        leg = AuthServerSettings.leg
        derived = (derive_key(key, leg, "signing-keys") for key in secret_keys)
        self._fernet = MultiFernet(
            [Fernet(base64.urlsafe_b64encode(bytes.fromhex(key))) for key in derived]
        )

    def encrypt(self, private_jwk: dict[str, Any]) -> str:
        """Return the key as authenticated ciphertext."""
        return self._fernet.encrypt(json.dumps(private_jwk).encode()).decode()

    def decrypt(self, ciphertext: str) -> dict[str, Any] | None:
        """Return the private JWK, or None when it was encrypted with another secret key."""
        try:
            private_jwk: dict[str, Any] = json.loads(self._fernet.decrypt(ciphertext))
        except InvalidToken:
            return None
        return private_jwk
