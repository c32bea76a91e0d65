"""An ID token as a client reads it: with the keys that the server publishes, and nothing else."""

from typing import Any

import requests
from joserfc import jws, jwt
from joserfc.jwk import KeySet

ALGORITHMS = ["RS256", "ES256"]


def header_of(id_token: str) -> dict[str, Any]:
    """Return the header, unverified."""
    return dict(jws.extract_compact(id_token.encode()).headers())


def read_id_token(id_token: str, published: requests.Response) -> dict[str, Any]:
    """Return the claims, after the signature was verified with one of the `published` keys."""
    assert published.status_code == 200, published.text
    keys = KeySet.import_key_set(published.json())
    return dict(jwt.decode(id_token, keys, algorithms=ALGORITHMS).claims)
