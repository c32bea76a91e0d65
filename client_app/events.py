"""Helpers for the events that this leg writes to the event log. The events contain no secret."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

from client_app.oauth import OAuthError, RefusedError, SignedToken
from client_app.reasons import reason_for
from web import event_log


def log_id(secret: str) -> str:
    """Return a digest that names a state or connection id in the log without revealing it."""
    return sha256(secret.encode(errors="replace")).hexdigest()[:16]


@contextmanager
def record_failure(event: str, **fields: str) -> Iterator[None]:
    """Record `event` with the reason code when the code in this context raises an `OAuthError`."""
    try:
        yield
    except OAuthError as error:
        event_log.record(event, reason=reason_for(error), **_details(error), **fields)
        raise


def record_id_token(id_token: SignedToken | None, **fields: str) -> None:
    """Record which key signed the ID token that was validated, if there is one."""
    if id_token is not None:
        kid, alg = id_token.header.get("kid"), id_token.header["alg"]
        event_log.record("id_token_validated", kid=kid, alg=alg, **fields)


def _details(error: OAuthError) -> dict[str, str]:
    """Return what the code does not say: the server's own `error`, or a text for developers."""
    if isinstance(error, RefusedError):
        return {"error": error.error}
    if str(error) == error.code:
        return {}
    return {"detail": str(error)}
