"""ID tokens that come back as hints (OpenID Connect Core §3.1.2.1, RP-Initiated Logout §2).

Authlib checks the signature alone, so it would accept a token of another issuer or kind.
"""

from dataclasses import dataclass
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError

from auth_server.context import get_settings
from auth_server.signing_keys import get_signing_keys

#: An ID token has less than a thousand characters.
MAX_LENGTH = 4096


@dataclass(frozen=True, slots=True)
class Hint:
    """Who signed in, at which client, and in which sign-in. The ID token may have expired."""

    client_id: str
    subject: str
    sign_in_id: str | None


def read_hint(presented: str) -> Hint | None:
    """Return what the ID token says, or None when this server did not issue it.

    The key determines the algorithm, whatever the header says.
    """
    if len(presented) > MAX_LENGTH:
        return None
    try:
        claims = _verify(presented)
    except (JoseError, ValueError, TypeError):
        return None
    if claims is None or claims.get("iss") != get_settings().url:
        return None
    client_id, subject, sign_in_id = (claims.get(name) for name in ("aud", "sub", "sid"))
    if not isinstance(client_id, str) or not isinstance(subject, str):
        return None
    return Hint(client_id, subject, sign_in_id)


def _verify(presented: str) -> dict[str, Any] | None:
    """Return the claims, or None when the key is unknown or this is another kind of token.

    A logout token has the same keys, and another `typ` (Back-Channel Logout §2.4).
    """
    header = jws.extract_compact(presented.encode("ascii")).headers()
    key = get_signing_keys().find(str(header.get("kid")))
    if key is None or header.get("typ") != "JWT":
        return None
    return dict(jwt.decode(presented, key.jwk, algorithms=[key.alg]).claims)
