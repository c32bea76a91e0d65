"""The errors of the authorization server.

There is one group of protocol errors for each recipient (RFC 6749 §4.1.2.1, §5.2):

- Without a trusted redirect URI: a page with code, description and a hint for the developer.
- With a trusted redirect URI: a redirect with `error`, `state` and `iss`.
- Back channel: JSON as in the RFC, with one description per error code. Only the event log receives
  the reason code.
"""

from collections.abc import Mapping
from http import HTTPStatus

from authlib.oauth2.rfc6749.errors import (
    InvalidClientError,
    InvalidGrantError,
    OAuth2Error,
)
from werkzeug.http import quote_header_value

from auth_server.realm import realm
from auth_server.reasons import Reason
from auth_server.registered_client import RegisteredClient
from web.event_log import Field

#: The same description for every reason: a client must not learn which check its guess failed.
DESCRIPTIONS = {
    "invalid_client": "Client authentication failed.",
    "invalid_grant": (
        "The code or token is invalid, expired, revoked, already used, "
        "or was issued to another client."
    ),
    "unsupported_grant_type": "This server supports authorization_code and refresh_token.",
}


class InvalidRequest(OAuth2Error):  # type: ignore[misc]  # Authlib is untyped
    """A request with a missing, repeated or unsupported parameter (RFC 6749 §4.1.2.1, §5.2)."""

    def __init__(self, reason: Reason, description: str, error: str = "invalid_request") -> None:
        super().__init__(description, error=error)
        self.reason = reason


class ClientRefused(InvalidClientError):  # type: ignore[misc]
    """A failed client authentication (RFC 6749 §5.2)."""

    def __init__(self, reason: Reason, client_id: str | None = None) -> None:
        super().__init__(status_code=401)
        self.reason = reason
        self.client_id = client_id

    def get_headers(self) -> list[tuple[str, str]]:
        """Return the headers of the answer, with the challenge of a 401 (RFC 9110 §11.6.1)."""
        others = [header for header in super().get_headers() if header[0] != "WWW-Authenticate"]
        quoted = quote_header_value(realm(), allow_token=False)
        return [*others, ("WWW-Authenticate", f'Basic realm={quoted}, charset="UTF-8"')]


class GrantRefused(InvalidGrantError):  # type: ignore[misc]
    """A code or token that cannot be used for this request (RFC 6749 §5.2).

    `fields` are further fields of the event, such as the reason why the grant ended.
    """

    def __init__(self, reason: Reason, grant_id: str | None = None, **fields: Field) -> None:
        super().__init__()
        self.reason = reason
        self.grant_id = grant_id
        self.fields = fields


class ReplayDetected(GrantRefused):
    """A single-use code or refresh token that its own client presented again (RFC 9700 §4.14.2).

    The error handler ends the grant.
    """

    def __init__(self, reason: Reason, grant_id: str) -> None:
        super().__init__(reason, grant_id)


class RequestThrottled(OAuth2Error):  # type: ignore[misc]
    """The answer to a failed request when too many failed before it (RFC 6585 §4).

    `retry_after` is in seconds. `is_first` is whether it is the first answer of this kind.
    """

    error = "temporarily_unavailable"

    def __init__(self, retry_after: int, client_id: str | None, *, is_first: bool) -> None:
        super().__init__(
            f"Too many failed requests. Try again in {retry_after} seconds.",
            status_code=HTTPStatus.TOO_MANY_REQUESTS,
        )
        self.reason = Reason.TOO_MANY_FAILURES
        self.retry_after = retry_after
        self.client_id = client_id
        self.is_first = is_first

    def get_headers(self) -> list[tuple[str, str]]:
        """Return the headers of the answer."""
        return [*super().get_headers(), ("Retry-After", str(self.retry_after))]


class UntrustedRequest(Exception):
    """An authorization request without a trusted redirect URI: it gets a page, never a redirect.

    `hint` is for the developer of the client. `details` are rows for the page: what was requested
    and what is registered. `fields` are further fields of the event.
    """

    event = "authorization_request_refused"
    template = "untrusted_request.html"

    def __init__(
        self,
        error: str,
        reason: Reason,
        description: str,
        hint: str,
        *,
        details: dict[str, str] | None = None,
        fields: dict[str, Field] | None = None,
    ) -> None:
        super().__init__(description)
        self.error = error
        self.reason = reason
        self.description = description
        self.hint = hint
        self.details = details or {}
        self.fields = fields or {}


class LogoutRefused(UntrustedRequest):
    """A request to sign out that is not valid (OpenID Connect RP-Initiated Logout §4).

    It gets a page, and nobody is signed out.
    """

    event = "logout_request_refused"
    template = "logout_refused.html"

    def __init__(self, reason: Reason, hint: str, *, details: dict[str, str] | None = None) -> None:
        super().__init__(
            "invalid_request",
            reason,
            "The app that sent you here made a mistake in its request.",
            hint,
            details=details,
        )


class AuthorizationRefused(Exception):
    """An authorization request that fails after its redirect URI is trusted.

    The client receives the error by a redirect, which the visitor may have to confirm.
    """

    def __init__(
        self,
        error: str,
        reason: Reason,
        description: str,
        *,
        client: RegisteredClient,
        redirect_uri: str,
        state: str | None,
    ) -> None:
        super().__init__(description)
        self.error = error
        self.reason = reason
        self.description = description
        self.client = client
        self.redirect_uri = redirect_uri
        self.state = state


class RegistrationError(Exception):
    """A client or a user that cannot be registered. The message is one sentence.

    `objections` has a sentence for each invalid field of a client.
    """

    def __init__(self, message: str, objections: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.objections = objections or {}


class RegistrationRefused(Exception):
    """A request to register a client, or to manage one, without the right access token."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class DocumentRefused(Exception):
    """A client whose metadata document is not there, or not acceptable. The message is a hint."""

    def __init__(self, reason: Reason, hint: str) -> None:
        super().__init__(hint)
        self.reason = reason


class RegistrationThrottled(Exception):
    """Too many clients registered themselves from one address. `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"try again in {retry_after} s")
        self.retry_after = retry_after


def hide_reason(error: OAuth2Error) -> None:
    """Replace the description of `error` with the common description of its error code."""
    error.description = DESCRIPTIONS.get(error.error, error.description)
