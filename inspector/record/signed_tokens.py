"""Decode the signed tokens of a message: ID tokens and logout tokens.

Their header and claims are recorded, masked by the rules of their names. The signature is not, so
that nobody can use what was recorded. Nothing is verified here: the receiver does that.
"""

import base64
import binascii
import hashlib
import json
from typing import Any

from inspector.record.json_masking import JsonMasker
from inspector.record.masking import Masker
from inspector.record.openid_parameters import SIGNED_TOKENS

#: Header, claims and signature (RFC 7515 §3.1).
_PARTS = 3
#: Characters of a token. Longer ones are not decoded.
_MAX_LENGTH = 16 * 1024


def decoded(masker: Masker) -> list[dict[str, Any]]:
    """Return the signed tokens that `masker` has met, each as a document.

    `parameter` is the name under which it was sent, `is_signed` is whether it has a signature, and
    `at_hash` is the masked hash of the access token in the same message, or "".
    """
    kept = ((name, masker.kept[name]) for name in SIGNED_TOKENS if name in masker.kept)
    found = (_decode(masker, name, token) for name, token in kept)
    return [document for document in found if document]


def _decode(masker: Masker, name: str, token: str) -> dict[str, Any] | None:
    """Return the document of a token, or None for anything else than a JWT (RFC 7519 §3)."""
    parts = token.split(".")
    if len(parts) != _PARTS or len(token) > _MAX_LENGTH:
        return None
    header, claims = map(_read_json, parts[:2])
    if header is None or claims is None:
        return None
    at_hash = ""
    if "access_token" in masker.kept and str(header.get("alg")).endswith("256"):
        at_hash = masker.named("at_hash", hash_of_access_token(masker.kept["access_token"]))
    json_masker = JsonMasker(masker)
    return {
        "parameter": name,
        "header": json_masker.masked("", header),
        "claims": json_masker.masked("", claims),
        "is_signed": bool(parts[2]),
        "at_hash": at_hash,
    }


def hash_of_access_token(access_token: str) -> str:
    """Return the value of `at_hash` for SHA-256 (OpenID Connect Core §3.1.3.6)."""
    digest = hashlib.sha256(access_token.encode(errors="replace")).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def _read_json(part: str) -> dict[str, Any] | None:
    try:
        content = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
        document = json.loads(content)
    except (binascii.Error, ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    return document
