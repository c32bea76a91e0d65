"""The parameters of an authorization request that OpenID Connect adds (Core §3.1.2.1)."""

from auth_server.errors import InvalidRequest
from auth_server.reasons import Reason

#: Clients send about 64 characters at most. The database and the ID token hold the nonce.
MAX_NONCE = 512


def check_nonce(nonce: str) -> None:
    """Raise unless the nonce can be stored; PostgreSQL stores no NUL.

    :raises InvalidRequest: when it cannot.
    """
    if len(nonce) > MAX_NONCE or "\0" in nonce:
        raise InvalidRequest(
            Reason.MALFORMED_NONCE, f"nonce must have at most {MAX_NONCE} characters, and no NUL."
        )
