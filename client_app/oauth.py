"""The client's side of OAuth 2.0: the authorization code flow with PKCE, for a client that can keep a secret.

Copy this file into your own product: it needs `requests` and nothing else of this project.

    client = Client(issuer="https://id.example", client_id=…, client_secret=…, redirect_uri=…, http=lambda: session)
    request, url = client.authorization_request("photos:read")  # keep `request` for this browser, send it to `url`
    response = AuthorizationResponse.read(query_pairs)  # find the kept request by `is_answered_by`, and forget it
    tokens = client.redeem(client.authorization_code(request, response), request)
    tokens = client.refresh(tokens)  # one at a time: it spends the refresh token
    client.revoke(tokens)

Every failure is an `OAuthError`. Nothing here follows a redirect, waits without end or tries again by itself, since a
code or a refresh token that is presented twice looks stolen.
"""

import base64
import hashlib
import re
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Self
from urllib.parse import quote_plus, urlencode, urlsplit

import requests

TIMEOUT = (3.05, 8.0)  # seconds to connect, and between two bytes of the answer
METADATA_LIFETIME = 300  # seconds
ASSUMED_LIFETIME = (
    300  # seconds an access token is taken to live when the server does not say (RFC 6749 §5.1)
)
ERROR_CODE = re.compile(
    r"[\x20-\x21\x23-\x5b\x5d-\x7e]{1,60}"
)  # RFC 6749 §4.1.2.1, and short enough to show
SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*")  # RFC 6749 §3.3
VSCHARS = re.compile(r"[\x20-\x7e]+")  # what codes and tokens are made of (RFC 6749, appendix A)


class OAuthError(Exception):
    """The flow cannot continue. `code` names the cause; the text explains it. Neither holds a secret."""

    #: The authorization request whose answer it was, where that is known.
    request: "AuthorizationRequest | None" = None

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or code)
        self.code = code


class UnreachableError(OAuthError):
    """No usable answer: no network, an overloaded server, nonsense. Nothing was decided, so nothing is lost."""


class RefusedError(OAuthError):
    """The server said no: an `error` of §4.1.2.1 or §5.2, and a `description` for developers that anyone may forge."""

    def __init__(self, error: str, description: object = None) -> None:
        super().__init__(error)
        self.error = error
        self.description = description[:300] if isinstance(description, str) else ""


class BadResponseError(OAuthError):
    """What came back through the browser does not answer this client's request, and may be an attack."""


@dataclass(frozen=True)
class Tokens:
    """What the token endpoint gave: `scope` as granted, `expires_at` in epoch seconds of the local clock."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    scope: str
    expires_at: float
    lifetime: float

    def left(self, now: float) -> float:
        """Seconds that the access token still lives."""
        return max(0.0, self.expires_at - now)

    def has_expired(self, now: float) -> bool:
        """Whether the access token has run out, or will have before a request that starts now arrives."""
        return self.left(now) <= min(5, self.lifetime / 10)


@dataclass(frozen=True)
class AuthorizationRequest:
    """What to remember, for this one browser, until the response comes. `return_to`: the page the person was on."""

    state: str = field(repr=False)
    verifier: str = field(repr=False)
    scope: str
    created_at: float
    return_to: str | None = None

    def is_answered_by(self, response: "AuthorizationResponse") -> bool:
        """Whether the state is this request's own (RFC 6749 §10.12), in constant time."""
        return secrets.compare_digest(self.state.encode(), response.state.encode(errors="replace"))


@dataclass(frozen=True)
class AuthorizationResponse:
    """The parameters that the browser brought, unchecked (RFC 6749 §4.1.2, RFC 9207 §2)."""

    state: str = field(repr=False)
    code: str = field(repr=False)
    iss: str | None
    error: str | None
    error_description: str | None

    @classmethod
    def read(cls, pairs: Iterable[tuple[str, str]]) -> Self:
        """Of the redirection endpoint's query, in which no parameter may come twice (§3.1)."""
        listed = list(pairs)
        found = dict(listed)
        if len(found) != len(listed):
            raise BadResponseError("duplicated_parameter")
        state, code, iss = found.get("state", ""), found.get("code", ""), found.get("iss")
        return cls(state, code, iss, found.get("error"), found.get("error_description"))


@dataclass(kw_only=True)
class Client:
    """This client at one authorization server. `http` gives the session to use: one of each thread's own."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    http: Callable[[], requests.Session]
    clock: Callable[[], float] = time.time
    _known: tuple[float, dict[str, object]] | None = field(default=None, init=False, repr=False)

    def authorization_request(
        self, scope: str, return_to: str | None = None
    ) -> tuple[AuthorizationRequest, str]:
        """A2 – Authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3): what to remember, where to send the browser."""
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        parameters = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": scope,
            "state": state,
            "code_challenge": _s256(verifier),
            "code_challenge_method": "S256",
        }
        endpoint = self._endpoint("authorization_endpoint")
        url = f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"
        return AuthorizationRequest(state, verifier, scope, self.clock(), return_to), url

    def authorization_code(
        self, request: AuthorizationRequest, response: AuthorizationResponse
    ) -> str:
        """The code, once the response is known to answer this request and to come from this issuer; or its error."""
        if not request.is_answered_by(response):
            raise BadResponseError("unknown_state")
        if (
            response.iss is None
            and self._metadata().get("authorization_response_iss_parameter_supported") is True
        ):
            raise BadResponseError("issuer_missing")  # RFC 9207 §2.4
        if response.iss not in (None, self.issuer):
            raise BadResponseError("issuer_mismatch")
        if response.error and ERROR_CODE.fullmatch(response.error):
            raise RefusedError(response.error, response.error_description)
        if response.error or not VSCHARS.fullmatch(response.code):
            raise BadResponseError("no_code")
        return response.code

    def redeem(self, code: str, request: AuthorizationRequest) -> Tokens:
        """T1 – Access token request (RFC 6749 §4.1.3, RFC 7636 §4.5): the code and the verifier, for tokens."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri}
        return self._tokens(form | {"code_verifier": request.verifier}, request.scope)

    def refresh(self, tokens: Tokens, scope: str | None = None) -> Tokens:
        """F1 – Refresh request (RFC 6749 §6). Without `scope` the server gives what was granted, whatever that is."""
        if tokens.refresh_token is None:
            raise RefusedError("invalid_grant", "The server gave no refresh token.")
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
        return self._tokens(form | ({"scope": scope} if scope else {}), scope or tokens.scope)

    def revoke(self, tokens: Tokens) -> None:
        """Revocation request (RFC 7009 §2.1) for the refresh token, with which the access token ends too."""
        hint = "refresh_token" if tokens.refresh_token else "access_token"
        form = {"token": tokens.refresh_token or tokens.access_token, "token_type_hint": hint}
        self._post("revocation_endpoint", form)

    def _tokens(self, form: dict[str, str], requested_scope: str) -> Tokens:
        """An access token response (§5.1). What it leaves out is as asked for, and the old refresh token stays (§6)."""
        asked_at = (
            self.clock()
        )  # before asking: the token is never believed to live longer than it does
        answer = _json(self._post("token_endpoint", form))
        scope = answer.get("scope") or requested_scope
        refresh_token = answer.get("refresh_token") or form.get("refresh_token")
        if str(answer.get("token_type")).lower() != "bearer" or not isinstance(scope, str):
            raise UnreachableError(
                "bad_token_response", "it gave no access token of a kind that this client knows"
            )
        return Tokens(
            access_token=_token(answer.get("access_token")),
            refresh_token=_token(refresh_token) if refresh_token else None,
            scope=scope,
            expires_at=asked_at + _lifetime(answer.get("expires_in")),
            lifetime=_lifetime(answer.get("expires_in")),
        )

    def _endpoint(self, name: str) -> str:
        url = self._metadata().get(name)
        if not (isinstance(url, str) and VSCHARS.fullmatch(url) and _is_safe(url)):
            raise UnreachableError(
                "bad_endpoint", f"its metadata names no {name}, or one that is not https"
            )
        return url

    def _metadata(self) -> dict[str, object]:
        if self._known is None or self.clock() >= self._known[0]:
            self._known = (self.clock() + METADATA_LIFETIME, self._discover())
        return self._known[1]

    def _discover(self) -> dict[str, object]:
        """The metadata, where RFC 8414 §3.1 puts it or else OpenID Connect Discovery; it is this issuer's own (§3.3)."""
        parts = urlsplit(self.issuer)
        path = parts.path.rstrip("/")
        for address in (
            f"/.well-known/oauth-authorization-server{path}",
            f"{path}/.well-known/openid-configuration",
        ):
            response = self._send("GET", f"{parts.scheme}://{parts.netloc}{address}")
            # A site's page for whatever it does not know may well be a 200.
            if response.status_code == 200 and "json" in response.headers.get("Content-Type", ""):
                document = _json(response)
                if document.get("issuer") != self.issuer:
                    raise UnreachableError(
                        "wrong_metadata_issuer", "its metadata is another issuer's"
                    )
                return document
        raise UnreachableError("no_metadata", "it publishes no metadata")

    def _post(self, endpoint: str, form: dict[str, str]) -> requests.Response:
        """With HTTP Basic: id and secret are form-urlencoded, so that neither holds the colon between them (§2.3.1)."""
        credentials = (quote_plus(self.client_id), quote_plus(self.client_secret))
        response = self._send("POST", self._endpoint(endpoint), data=form, auth=credentials)
        if response.status_code == 200:
            return response
        error, description = map(_json(response).get, ("error", "error_description"))
        if isinstance(error, str) and ERROR_CODE.fullmatch(error):
            raise RefusedError(error, description)
        raise UnreachableError(
            "bad_answer", f"{response.status_code} without an error code from the {endpoint}"
        )

    def _send(self, method: str, url: str, **parts: Any) -> requests.Response:
        try:
            response = self.http().request(
                method, url, timeout=TIMEOUT, allow_redirects=False, **parts
            )
        except requests.RequestException as error:
            raise UnreachableError("no_answer", f"{type(error).__name__} at {url}") from error
        if response.status_code >= 500 or response.status_code == 429:
            raise UnreachableError("server_failed", f"{response.status_code} at {url}")
        return response


def _s256(verifier: str) -> str:
    """The code challenge of a verifier (RFC 7636 §4.2)."""
    return (
        base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    )


def _json(response: requests.Response) -> dict[str, object]:
    try:
        document = response.json()
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise UnreachableError("bad_answer", "its answer is not a JSON object")
    return document


def _token(value: object) -> str:
    if isinstance(value, str) and VSCHARS.fullmatch(value):
        return value
    raise UnreachableError("bad_token_response", "it gave no token")


def _lifetime(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 10**9:
        return float(value)
    return ASSUMED_LIFETIME


def _is_safe(url: str) -> bool:
    """Whether a secret may be sent there: by https, or on this very machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        on_this_machine = parts.scheme == "http" and (
            host == "localhost" or ip_address(host).is_loopback
        )
    except ValueError:
        return False
    return on_this_machine or (parts.scheme == "https" and bool(host))
