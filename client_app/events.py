"""This leg's entries in the event log: what the client did and saw in the protocol, told without a secret."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

from client_app.oauth import OAuthError, RefusedError
from client_app.reasons import reason_for
from web import event_log


def log_id(secret: str) -> str:
    """A name for a state or a connection id in the log, from which it cannot be told."""
    return sha256(secret.encode(errors="replace")).hexdigest()[:16]


@contextmanager
def failure_recorded(event: str, **fields: str) -> Iterator[None]:
    """Record `event`, and the reason, when what is done in this context fails."""
    try:
        yield
    except OAuthError as error:
        event_log.record(event, reason=reason_for(error), **_detail(error), **fields)
        raise


def _detail(error: OAuthError) -> dict[str, str]:
    """Return what the code does not say: the server's own `error`, or a text for developers."""
    if isinstance(error, RefusedError):
        return {"error": error.error}
    if str(error) == error.code:
        return {}
    return {"detail": str(error)}
