"""Access tokens that clients present to this server itself, in the header only (RFC 6750 §2.1)."""

import re
from http import HTTPStatus

from authlib.oauth2.rfc6749 import OAuth2Error
from werkzeug.http import quote_header_value

from auth_server import issued_tokens
from auth_server.context import get_settings
from auth_server.issued_tokens import ACCESS_TOKEN, IssuedToken
from auth_server.realm import realm
from auth_server.reasons import Reason
from web.clock import now
from web.database import get_transaction

#: Two `Authorization` headers arrive as one value, joined by a comma, so Bearer can follow one.
_MENTIONS_BEARER = re.compile(r"(?:^|,)[ \t]*bearer(?![^ \t,])", re.IGNORECASE)
_CREDENTIALS = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)


class BearerRefused(OAuth2Error):  # type: ignore[misc]  # Authlib is untyped
    """A request without a usable access token, answered with a challenge (RFC 6750 §3).

    `scope` is the one that the request needs. `in_challenge` is whether the challenge has the
    error: it has none if there were no credentials (§3.1).
    """

    def __init__(
        self,
        status: HTTPStatus,
        error: str,
        reason: Reason,
        description: str,
        *,
        scope: str,
        token: IssuedToken | None = None,
        in_challenge: bool = True,
    ) -> None:
        super().__init__(description, status_code=status, error=error)
        self.reason = reason
        self._scope = scope
        self._in_challenge = in_challenge
        if token is not None:
            self.client_id = token.client_id
            self.grant_id = token.grant_id

    def get_headers(self) -> list[tuple[str, str]]:
        """Return the headers of the answer."""
        parameters = {"realm": realm()}
        if self._in_challenge:
            parameters |= {"error": self.error, "error_description": self.description}
        parameters["scope"] = self._scope
        pairs = (
            f"{name}={quote_header_value(value, allow_token=False)}"
            for name, value in parameters.items()
        )
        return [*super().get_headers(), ("WWW-Authenticate", f"Bearer {', '.join(pairs)}")]


def authorize(authorization: str | None, *, scope: str) -> IssuedToken:
    """Return the access token of an `Authorization` header, if it was granted `scope`.

    It may be for any resource server.

    :raises BearerRefused: when there is none, or it does not work.
    """
    presented = _read(authorization or "", scope)
    token = issued_tokens.find_token(get_transaction(), presented)
    if token is None or (token.is_demo and not get_settings().demo):
        raise _invalid(Reason.UNKNOWN_TOKEN, scope)
    if objection := token.objection(now()):
        raise _invalid(objection, scope, token)
    if token.kind != ACCESS_TOKEN:
        raise _invalid(Reason.NOT_AN_ACCESS_TOKEN, scope, token)
    if not token.has_scope(scope):
        raise BearerRefused(
            HTTPStatus.FORBIDDEN,
            "insufficient_scope",
            Reason.SCOPE_NOT_GRANTED,
            "The access token was not granted the scope that this request needs.",
            scope=scope,
            token=token,
        )
    return token


def _read(authorization: str, scope: str) -> str:
    header = authorization.strip(" \t")
    if not _MENTIONS_BEARER.search(header):
        raise BearerRefused(
            HTTPStatus.UNAUTHORIZED,
            "unauthorized",
            Reason.NO_CREDENTIALS,
            "This request needs an access token in the Authorization header.",
            scope=scope,
            in_challenge=False,
        )
    credentials = _CREDENTIALS.fullmatch(header)
    if credentials is None:
        raise BearerRefused(
            HTTPStatus.BAD_REQUEST,
            "invalid_request",
            Reason.MALFORMED_CREDENTIALS,
            "The Authorization header must be the word Bearer, a space and one access token.",
            scope=scope,
        )
    return credentials[1]


def _invalid(reason: Reason, scope: str, token: IssuedToken | None = None) -> BearerRefused:
    return BearerRefused(
        HTTPStatus.UNAUTHORIZED,
        "invalid_token",
        reason,
        "The access token is unknown, has expired, or was revoked.",
        scope=scope,
        token=token,
    )
