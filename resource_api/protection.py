"""Access control for the protected resources by bearer token (RFC 6750); independent of photos.

`@require_scope` is the outermost decorator of a view below its route, so that a request without
access is rejected before its body is read. The access token must be in the `Authorization` header;
a token in the query or in a form is ignored.
"""

import re
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import ParamSpec, TypeVar

from flask import Flask, g, request

from resource_api.addresses import absolute_url
from resource_api.errors import ApiError, TemporarilyUnavailable
from resource_api.introspection import Introspection, NoAnswer, TokenRefused, introspect
from resource_api.reasons import Reason
from web import event_log, request_bodies
from web.canonical_host import for_machines
from web.cors import for_browser_clients

P = ParamSpec("P")
R = TypeVar("R")
REALM = "Photo API"

#: Two `Authorization` headers arrive as one value, joined by a comma, so Bearer can follow one.
_MENTIONS_BEARER = re.compile(r"(?:^|,)[ \t]*bearer(?![^ \t,])", re.IGNORECASE)
#: credentials = "Bearer" 1*SP b64token (RFC 6750 §2.1)
_BEARER_CREDENTIALS = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)


class AccessRefused(ApiError):
    """A refusal with a challenge, which tells the client how to get access (RFC 6750 §3).

    `scope` is the one that the request needs.
    """

    scope: str = ""

    def challenge(self) -> dict[str, str]:
        """Return the parameters of the challenge besides `realm` and `resource_metadata`."""
        return self.body()

    def headers(self) -> dict[str, str]:
        """Return the `WWW-Authenticate` header."""
        metadata = absolute_url("protected_resource_metadata")  # RFC 9728 §5.1
        parameters = {"realm": REALM, **self.challenge(), "resource_metadata": metadata}
        if self.scope:
            parameters["scope"] = self.scope
        pairs = ", ".join(f'{name}="{value}"' for name, value in parameters.items())
        return {"WWW-Authenticate": f"Bearer {pairs}"}


class NoCredentials(AccessRefused):
    """A request without credentials. Its challenge has no error code (RFC 6750 §3.1)."""

    status = HTTPStatus.UNAUTHORIZED
    error = "unauthorized"
    description = "This request needs an access token in the Authorization header."

    def challenge(self) -> dict[str, str]:
        """Return no parameter."""
        return {}


class MalformedCredentials(AccessRefused):
    """A request with a Bearer header that holds no access token, or more than one."""

    status = HTTPStatus.BAD_REQUEST
    error = "invalid_request"
    description = "The Authorization header must be the word Bearer, a space and one access token."


class InvalidToken(AccessRefused):
    """A token that failed a check. Only the event log says which, so the description is general."""

    status = HTTPStatus.UNAUTHORIZED
    error = "invalid_token"
    description = "The access token has expired, was revoked, or is not meant for this API."


class InsufficientScope(AccessRefused):
    """A valid access token without the scope that the request needs (RFC 6750 §3.1)."""

    status = HTTPStatus.FORBIDDEN
    error = "insufficient_scope"
    description = "The access token was not granted the scope that this request needs."

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def body(self) -> dict[str, str]:
        """Return the members of the JSON object, with the scope that is needed."""
        return super().body() | {"scope": self.scope}


def require_scope(scope: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator that lets a view be called only with an access token of this `scope`.

    The protected resource metadata lists the scope. The view answers on any spelling of the host,
    and scripts of other origins may call it, since its callers are programs.
    """

    def protect(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def protected_view(*args: P.args, **kwargs: P.kwargs) -> R:
            authorize(scope)
            request_bodies.check_length()
            return view(*args, **kwargs)

        protected_view.required_scope = scope  # type: ignore[attr-defined]
        protected_view.checks_length = True  # type: ignore[attr-defined]
        mark = for_browser_clients("Authorization", "Content-Type")
        return mark(for_machines(protected_view))

    return protect


def authorize(scope: str) -> None:
    """Require an access token of this `scope`, before anything else of the request is read.

    Only a view whose scope depends on the request calls this; others have `require_scope`.

    :raises AccessRefused: when the request has no such token.
    :raises TemporarilyUnavailable: when the authorization server cannot be asked.
    """
    try:
        g.introspection = _introspect(_read_presented_token())
    except AccessRefused as refusal:
        # A client without a token learns what to ask for.
        refusal.scope = scope
        raise
    _check_scope(g.introspection, scope)


def list_required_scopes(app: Flask) -> list[str]:
    """Return the scopes that the views of `app` require, each once, in the order of the views."""
    scopes = (getattr(view, "required_scope", None) for view in app.view_functions.values())
    return list(dict.fromkeys(scope for scope in scopes if scope is not None))


def resource_owner() -> Introspection:
    """Return the claims of the access token, inside a view that requires a scope."""
    introspection: Introspection = g.introspection
    return introspection


def _check_scope(introspection: Introspection, scope: str) -> None:
    """Raise InsufficientScope unless the access token was granted `scope`."""
    if scope not in introspection.scope:
        raise _record_refusal(
            InsufficientScope(scope),
            Reason.SCOPE_NOT_GRANTED,
            required_scope=scope,
            client_id=introspection.client_id,
            sub=introspection.sub,
        )


def _read_presented_token() -> str:
    header = request.headers.get("Authorization", "").strip(" \t")
    if not _MENTIONS_BEARER.search(header):
        raise _record_refusal(NoCredentials(), Reason.NO_CREDENTIALS)
    credentials = _BEARER_CREDENTIALS.fullmatch(header)
    if not credentials:
        raise _record_refusal(MalformedCredentials(), Reason.MALFORMED_CREDENTIALS)
    return credentials[1]


def _introspect(presented_token: str) -> Introspection:
    try:
        return introspect(presented_token)
    except TokenRefused as refused:
        fields = {}
        if refused.detail:
            fields["detail"] = refused.detail
        raise _record_refusal(InvalidToken(), refused.reason, **fields) from None
    except NoAnswer as failure:
        unavailable = TemporarilyUnavailable(
            "The authorization server cannot be asked about the access token."
        )
        raise _record_refusal(unavailable, failure.reason, detail=failure.detail) from None


def _record_refusal(refusal: ApiError, reason: Reason, **fields: str) -> ApiError:
    """Write the refusal to the event log, and return it."""
    event_log.record("access_refused", error=refusal.error, reason=reason, **fields)
    return refusal
