"""The guard in front of the resources: who may come in with which access token (RFC 6750), and nothing about photos.

`@require_scope` stands above everything else that a view does, so a request that may not come in is refused before a byte
of its body is read. The only way in is the `Authorization` header; a token in a query or a form is not looked at.
"""

import re
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import ParamSpec, TypeVar

from flask import g, request

from resource_api.addresses import absolute_url
from resource_api.errors import ApiError, TemporarilyUnavailable
from resource_api.introspection import Introspection, NoAnswer, TokenRefused, introspect
from web import event_log

P = ParamSpec("P")
R = TypeVar("R")
REALM = "Photo API"

#: Two `Authorization` headers arrive as one, joined by a comma: Bearer counts wherever it stands.
_SPEAKS_OF_BEARER = re.compile(r"(?:^|,)[ \t]*bearer(?![^ \t,])", re.IGNORECASE)
#: credentials = "Bearer" 1*SP b64token (RFC 6750 §2.1)
_BEARER_CREDENTIALS = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)


class AccessRefused(ApiError):
    """A refusal that tells how to come in: every one carries a challenge (RFC 6750 §3)."""

    def challenge(self) -> dict[str, str]:
        """The parameters of the challenge besides `realm` and `resource_metadata`."""
        return self.body()

    def headers(self) -> dict[str, str]:
        metadata = absolute_url("protected_resource_metadata")  # RFC 9728 §5.1
        parameters = {"realm": REALM, **self.challenge(), "resource_metadata": metadata}
        return {
            "WWW-Authenticate": "Bearer "
            + ", ".join(f'{name}="{value}"' for name, value in parameters.items())
        }


class NoCredentials(AccessRefused):
    """A request without credentials learns how to bring some, and no error code in the challenge (RFC 6750 §3.1)."""

    status = HTTPStatus.UNAUTHORIZED
    error = "unauthorized"

    def __init__(self) -> None:
        super().__init__("This needs an access token in the Authorization header.")

    def challenge(self) -> dict[str, str]:
        return {}


class MalformedCredentials(AccessRefused):
    """Bearer was said, but what follows cannot be an access token, or there is more than one."""

    status = HTTPStatus.BAD_REQUEST
    error = "invalid_request"

    def __init__(self) -> None:
        super().__init__(
            "The Authorization header must be the word Bearer, a space and one access token."
        )


class InvalidToken(AccessRefused):
    """One description for every reason: the caller is not told which check failed, the event log is."""

    status = HTTPStatus.UNAUTHORIZED
    error = "invalid_token"

    def __init__(self) -> None:
        super().__init__("The access token has expired, was revoked, or is not meant for this API.")


class InsufficientScope(AccessRefused):
    """The access token is good, but the resource owner did not grant this (RFC 6750 §3.1)."""

    status = HTTPStatus.FORBIDDEN
    error = "insufficient_scope"

    def __init__(self, scope: str) -> None:
        super().__init__("The access token was not granted the scope that this needs.")
        self.scope = scope

    def body(self) -> dict[str, str]:
        return super().body() | {"scope": self.scope}


def require_scope(scope: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a view be reached only with an access token that was granted `scope`."""

    def protect(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def protected_view(*args: P.args, **kwargs: P.kwargs) -> R:
            g.introspection = _authorize(scope)
            return view(*args, **kwargs)

        return protected_view

    return protect


def resource_owner() -> Introspection:
    """Whose access token it is, inside a protected view: the person by whose leave the client is here."""
    introspection: Introspection = g.introspection
    return introspection


def _authorize(scope: str) -> Introspection:
    introspection = _introspect(_presented_token())
    if scope not in introspection.scope:
        ids = {"client_id": introspection.client_id, "sub": introspection.sub}
        raise _recorded(InsufficientScope(scope), f"{scope} was not granted", **ids)
    return introspection


def _presented_token() -> str:
    header = request.headers.get("Authorization", "").strip(" \t")
    if not _SPEAKS_OF_BEARER.search(header):
        raise _recorded(NoCredentials(), "no credentials")
    credentials = _BEARER_CREDENTIALS.fullmatch(header)
    if not credentials:
        raise _recorded(MalformedCredentials(), "malformed credentials")
    return credentials[1]


def _introspect(presented_token: str) -> Introspection:
    try:
        return introspect(presented_token)
    except TokenRefused as refused:
        raise _recorded(InvalidToken(), str(refused)) from None
    except NoAnswer as silence:
        unavailable = TemporarilyUnavailable(
            "The authorization server cannot be asked about the access token."
        )
        raise _recorded(unavailable, str(silence)) from None


def _recorded(refusal: ApiError, reason: str, **ids: str) -> ApiError:
    event_log.record("access_refused", error=refusal.error, reason=reason, **ids)
    return refusal
