"""Errors know their audience (RFC 6749 §4.1.2.1 and §5.2).

No redirect URI to trust: a page with the code, the description and a hint for the developer. A trusted one: a redirect
with `error`, `state` and `iss`. Back channel: JSON in the RFC's form, with one description per error; the reason why goes to
the event log and nowhere else.
"""

from authlib.oauth2.rfc6749.errors import (
    InvalidClientError,
    InvalidGrantError,
    OAuth2Error,
)

#: What the wire says, whatever the reason: a client that guesses must not learn which check it failed.
DESCRIPTIONS = {
    "invalid_client": "Client authentication failed.",
    "invalid_grant": "The code or token is invalid, expired, revoked, already used, or was issued to another client.",
    "unsupported_grant_type": "This server supports authorization_code and refresh_token.",
}


class ClientRefused(InvalidClientError):  # type: ignore[misc]  # Authlib is untyped
    """Client authentication failed (RFC 6749 §5.2); `reason` is for the event log."""

    def __init__(self, reason: str, client_id: str | None = None) -> None:
        super().__init__(status_code=401)
        self.reason = reason
        self.client_id = client_id

    def get_headers(self) -> list[tuple[str, str]]:
        """With the challenge that a 401 owes (RFC 9110 §11.6.1)."""
        others = [header for header in super().get_headers() if header[0] != "WWW-Authenticate"]
        return [*others, ("WWW-Authenticate", 'Basic realm="Tripod ID", charset="UTF-8"')]


class GrantRefused(InvalidGrantError):  # type: ignore[misc]
    """A code or token is not good for this (RFC 6749 §5.2); `reason` is for the event log."""

    def __init__(self, reason: str, grant_id: str | None = None) -> None:
        super().__init__()
        self.reason = reason
        self.grant_id = grant_id


class ReplayDetected(GrantRefused):
    """A spent code or refresh token came again from the client it belongs to: its grant is to end (RFC 9700 §4.14.2)."""

    def __init__(self, reason: str, grant_id: str) -> None:
        super().__init__(reason, grant_id)


class UntrustedRequest(Exception):
    """An authorization request without a redirect URI to trust: it gets a page, never a redirect.

    `hint` is for the developer of the client, `reason` for the event log. `details` are rows for the page: what was asked
    for, what is registered.
    """

    def __init__(
        self, error: str, description: str, hint: str, *, reason: str = "", **details: str
    ) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.hint = hint
        self.reason = reason or description
        self.details = details


class AuthorizationRefused(Exception):
    """An authorization request that fails once the redirect URI is trusted: the client is told, by a redirect."""

    def __init__(
        self, error: str, description: str, *, client_id: str, redirect_uri: str, state: str | None
    ) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.client_id = client_id
        self.redirect_uri = redirect_uri
        self.state = state


def describe_for_the_wire(error: OAuth2Error) -> str:
    """Settle on the one description of an error of a machine endpoint; gives back the reason for the event log."""
    reason = getattr(error, "reason", None) or error.description or error.error
    error.description = DESCRIPTIONS.get(error.error, error.description)
    return str(reason)
