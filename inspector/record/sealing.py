"""Encrypt what the authorization server issued, to be revealed when it no longer works.

Only a message that issues a code or tokens keeps them encrypted. So other messages, which are most
of them, cost nothing more, and a secret in the wrong place is not kept at all. The key is derived
from the instance's secret key and the id of the run. The store has only the id.
"""

import binascii
import os
from collections.abc import Mapping
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from web.derived_keys import derive_key

_NONCE_BYTES = 12
#: The events of the authorization server when it issues a code or tokens.
ISSUES = {"authorization_code_issued", "code_redeemed", "tokens_refreshed"}


def seal_all(key: str, credentials: Mapping[str, tuple[str, str]]) -> dict[str, list[str]]:
    """Return tie and ciphertext of each value, by its mask."""
    return {masked: [tie, seal(key, tie, value)] for masked, (tie, value) in credentials.items()}


def seal(key: str, tie: str, value: str) -> str:
    """Return `value` encrypted under the key of a run, and bound to its tie."""
    nonce = os.urandom(_NONCE_BYTES)
    sealed = _cipher(key).encrypt(nonce, value.encode(errors="replace"), tie.encode())
    return binascii.b2a_base64(nonce + sealed, newline=False).decode()


def unseal(key: str, tie: str, sealed: str) -> str | None:
    """Return the value, or None if it was sealed under another key or for another tie."""
    try:
        content = binascii.a2b_base64(sealed)
        nonce, ciphertext = content[:_NONCE_BYTES], content[_NONCE_BYTES:]
        return _cipher(key).decrypt(nonce, ciphertext, tie.encode()).decode()
    except (binascii.Error, InvalidTag, ValueError):
        return None


@lru_cache(maxsize=2)
def _cipher(key: str) -> AESGCM:
    return AESGCM(bytes.fromhex(derive_key(key, "inspector", "sealed-values")))
