"""The authorization code flow with PKCE, for a confidential client (OAuth 2.0, RFC 6749).

Copy this file into your own product. It needs `requests`, `joserfc` and nothing else of this
project. With the scope `openid` it checks the ID token too (OpenID Connect Core).

    client = Client(issuer=…, client_id=…, client_secret=…, redirect_uri=…, http=lambda: session)
    # Store `request` for this browser, and redirect the browser to `url`.
    request, url = client.authorization_request("photos:read")
    # Find the stored request with `is_answered_by`, and delete it: it is valid once.
    response = AuthorizationResponse.read(query_pairs)
    tokens = client.redeem(client.authorization_code(request, response), request)
    # Refresh in one request at a time, because the refresh token can be used only once.
    tokens = client.refresh(tokens)
    client.revoke(tokens)

Every failure is raised as an `OAuthError`. Nothing here follows a redirect, waits without a timeout
or sends a request again, because a code or refresh token that is presented twice looks stolen.
"""

import base64
import hashlib
import json
import re
import secrets
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any, Self
from urllib.parse import quote, quote_plus, urlencode, urlsplit

import requests
from joserfc import jwt
from joserfc.errors import BadSignatureError, JoseError, UnsupportedAlgorithmError
from joserfc.jwk import GuestProtocol, JWKRegistry, Key

TIMEOUT = (3.05, 8.0)  # seconds to connect, and seconds between two bytes of the answer
METADATA_LIFETIME = 300  # seconds, of the server's public keys too
#: Seconds between two requests for the keys, so that forged tokens cannot cause many of them.
KEYS_INTERVAL = 30
#: How a token may be signed: neither `none`, nor with a secret that is shared (HS256).
ALGORITHMS = ("RS256", "ES256")
#: How deep an answer or a claim may be nested: Python copies values by recursion, which has limits.
MAX_DEPTH = 50
CLOCK_SKEW = 30  # seconds that the clocks of server and client may differ
#: The claims that a refresh may leave out, but not change (OpenID Connect Core §12.2).
LASTING_CLAIMS = ("iss", "sub", "aud", "azp", "auth_time", "nonce")
#: Seconds that an access token is assumed to live when the server does not say (RFC 6749 §5.1).
ASSUMED_LIFETIME = 300
#: An error code (RFC 6749 §4.1.2.1); the limit of 60 characters keeps it short enough to show.
ERROR_CODE = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]{1,60}")
#: The characters of codes and refresh tokens (RFC 6749, appendix A).
VSCHARS = re.compile(r"[\x20-\x7e]+")


class OAuthError(Exception):
    """The flow cannot continue.

    `code` names the cause and the text explains it. Neither contains a code, token or secret.
    """

    #: The authorization request that failed, if it is known.
    request: "AuthorizationRequest | None" = None

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or code)
        self.code = code


class UnreachableError(OAuthError):
    """The network or the server failed, or its answer cannot be used; nothing was decided."""


class NotUnderstoodError(UnreachableError):
    """The answer cannot be used. The text names the part, but no value except the issuer."""


class RefusedError(OAuthError):
    """The server refused with an `error` of RFC 6749 §4.1.2.1 or §5.2.

    `description` is for developers. Anyone may have forged it, so escape it when you show it.
    """

    def __init__(self, error: str, description: object = None) -> None:
        super().__init__(error)
        self.error = error
        self.description = description[:300] if isinstance(description, str) else ""


class BadResponseError(OAuthError):
    """The authorization response does not answer this client's request; it may be an attack."""


class BadTokenError(OAuthError):
    """An ID token or another signed token fails a check; it may be an attack."""


@dataclass(frozen=True)
class SignedToken:
    """A token whose signature, issuer, audience and time are valid. `raw` is as it was received."""

    raw: str = field(repr=False)
    header: dict[str, Any]
    claims: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Tokens:
    """The answer of the token endpoint. `expires_at` is in epoch seconds of the local clock."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    scope: str
    expires_at: float
    lifetime: float
    id_token: SignedToken | None = None  # if `openid` was granted

    def seconds_left(self, now: float) -> float:
        """Return the seconds until the access token expires, from 0 to its lifetime."""
        return min(max(0.0, self.expires_at - now), self.lifetime)

    def has_expired(self, now: float) -> bool:
        """Return whether the access token has expired, or may expire before a request arrives."""
        return self.seconds_left(now) <= min(5, self.lifetime / 10)


@dataclass(frozen=True)
class AuthorizationRequest:
    """What the client stores for one browser until the response arrives; times in epoch seconds."""

    state: str = field(repr=False)
    verifier: str = field(repr=False)
    scope: str
    created_at: float
    return_to: str | None = None
    more: dict[str, str] = field(default_factory=dict)
    nonce: str = field(default="", repr=False)

    def is_answered_by(self, response: "AuthorizationResponse") -> bool:
        """Return whether the states are equal (RFC 6749 §10.12); compare in constant time."""
        return secrets.compare_digest(self.state.encode(), response.state.encode(errors="replace"))


@dataclass(frozen=True)
class AuthorizationResponse:
    """The unverified parameters of the callback (RFC 6749 §4.1.2, RFC 9207 §2)."""

    state: str = field(repr=False)
    code: str = field(repr=False)
    iss: str | None
    error: str | None
    error_description: str | None

    @classmethod
    def read(cls, pairs: Iterable[tuple[str, str]]) -> Self:
        """Read the name-value pairs of the callback's query.

        :raises BadResponseError: when one of them occurs twice (RFC 6749 §3.1).
        """
        # The redirect URI may have parameters of its own.
        pairs = [pair for pair in pairs if pair[0] in cls.__dataclass_fields__]
        values = dict(pairs)
        if len(values) != len(pairs):
            raise BadResponseError("duplicated_parameter")
        state, code, iss = values.get("state", ""), values.get("code", ""), values.get("iss")
        return cls(state, code, iss, values.get("error"), values.get("error_description"))


@dataclass(kw_only=True)
class Client:
    """A client of a server. `http` returns this thread's session, `clock` returns epoch seconds."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    http: Callable[[], requests.Session]
    clock: Callable[[], float] = time.time
    _cached: tuple[float, dict[str, object]] | None = field(default=None, init=False, repr=False)
    _cached_keys: tuple[float, list[Key]] | None = field(default=None, init=False, repr=False)

    def authorization_request(
        self, scope: str, return_to: str | None = None, **more: str
    ) -> tuple[AuthorizationRequest, str]:
        """A2 – Authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3).

        Return what to store for this browser, and the URL to redirect it to, with `more` in it.
        """
        state, verifier, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(48), ""
        digest = hashlib.sha256(verifier.encode()).digest()
        parameters = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": scope,
            "state": state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        } | more
        if "openid" in scope.split():
            parameters["nonce"] = nonce = secrets.token_urlsafe(32)
        path, _, query = self.find_endpoint("authorization_endpoint").partition("?")
        query = "&".join(filter(None, (query.rstrip("&"), urlencode(parameters, quote_via=quote))))
        request = AuthorizationRequest(state, verifier, scope, self.clock(), return_to, more, nonce)
        return request, f"{path}?{query}"

    def authorization_code(
        self, request: AuthorizationRequest, response: AuthorizationResponse
    ) -> str:
        """Return the code of a response after checking that the response answers `request`.

        :raises BadResponseError: when the state or the issuer is wrong, or the code is missing.
        :raises RefusedError: when the response contains an error.
        """
        if not request.is_answered_by(response):
            raise BadResponseError("unknown_state")
        self._check_issuer(response)
        if response.error and ERROR_CODE.fullmatch(response.error):
            raise RefusedError(response.error, response.error_description)
        if response.error or not VSCHARS.fullmatch(response.code):
            raise BadResponseError("no_code")
        return response.code

    def _check_issuer(self, response: AuthorizationResponse) -> None:
        """Reject a response of another issuer (RFC 9207 §2.4), which would be a mix-up attack."""
        promise = "authorization_response_iss_parameter_supported"
        if response.iss is None and self._load_metadata().get(promise) is True:
            raise BadResponseError("issuer_missing")
        if response.iss not in (None, self.issuer):
            raise BadResponseError("issuer_mismatch")

    def redeem(self, code: str, request: AuthorizationRequest) -> Tokens:
        """T1 – Access token request: send code and verifier (RFC 6749 §4.1.3, RFC 7636 §4.5).

        :raises BadTokenError: when the ID token is wrong. The tokens are revoked.
        """
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri}
        form["code_verifier"] = request.verifier
        tokens, id_token = self._request_tokens(form, request.scope)
        if not request.nonce:  # Some servers add an ID token that was not requested.
            return tokens
        if not id_token and "openid" not in tokens.scope.split():  # The user did not grant it.
            return tokens
        try:
            return replace(tokens, id_token=self._check_sign_in(id_token, tokens, request))
        except OAuthError:  # also if the keys could not be loaded, because the code is spent
            self._give_up(tokens)
            raise

    def refresh(self, tokens: Tokens, scope: str | None = None) -> Tokens:
        """F1 – Refresh request (RFC 6749 §6). Without `scope`, the granted scope stays as it is.

        :raises BadTokenError: when a new ID token is wrong. The new tokens are revoked.
        """
        if tokens.refresh_token is None:
            raise RefusedError("invalid_grant", "The server gave no refresh token.")
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
        if scope:
            form["scope"] = scope
        new, id_token = self._request_tokens(form, scope or tokens.scope)
        try:
            return replace(new, id_token=self._check_refreshed(id_token, new, tokens.id_token))
        except BadTokenError:
            self._give_up(new)
            raise

    def revoke(self, tokens: Tokens) -> None:
        """Revoke the refresh token, and the access token with it (RFC 7009 §2.1)."""
        form = {"token": tokens.access_token, "token_type_hint": "access_token"}
        if tokens.refresh_token:
            form = {"token": tokens.refresh_token, "token_type_hint": "refresh_token"}
        self._post("revocation_endpoint", form)

    def _give_up(self, tokens: Tokens) -> None:
        """Revoke tokens that are not used. A failure does not replace the first error."""
        with suppress(OAuthError):
            self.revoke(tokens)

    def _request_tokens(self, form: dict[str, str], requested_scope: str) -> tuple[Tokens, str]:
        """Return the tokens, and the ID token without checks, or "" without one.

        A missing scope (§5.1) or refresh token (§6) has not changed.
        """
        asked_at = self.clock()  # before sending, so that the token never seems to live too long
        answer = read_json(self._post("token_endpoint", form))
        _read_text(answer, "token_type", "(?i:bearer)")
        scope = _read_text(answer, "scope", r"[\x20-\x7e]*")
        refresh_token = _read_text(answer, "refresh_token", r"[\x20-\x7e]*")
        lifetime = _read_lifetime(answer.get("expires_in"))
        tokens = Tokens(
            access_token=_read_text(answer, "access_token", r"[\x21-\x7e]+"),
            refresh_token=refresh_token or form.get("refresh_token"),
            scope=" ".join(scope.split()) or requested_scope,
            expires_at=asked_at + lifetime,
            lifetime=lifetime,
        )
        return tokens, _read_text(answer, "id_token", r"[\x21-\x7e]*")

    def _check_sign_in(
        self, raw: str, tokens: Tokens, request: AuthorizationRequest
    ) -> SignedToken:
        """Validate the ID token of a sign-in (OpenID Connect Core §3.1.3.7)."""
        id_token = self._check_id_token(raw, tokens)
        nonce = id_token.claims.get("nonce")
        # Lab check: id-token-nonce
        if not secrets.compare_digest(str(nonce).encode(errors="replace"), request.nonce.encode()):
            raise BadTokenError("nonce_mismatch")
        if "max_age" in request.more:
            signed_in_at = _read_time(id_token.claims, "auth_time")
            if signed_in_at < self.clock() - CLOCK_SKEW - int(request.more["max_age"]):
                raise BadTokenError("sign_in_too_old")
        return id_token

    def _check_refreshed(
        self, raw: str, tokens: Tokens, first: SignedToken | None
    ) -> SignedToken | None:
        """Validate the ID token of a refresh (§12.2). Without one, the first stays."""
        if first is None or not raw:
            return first
        try:
            id_token = self._check_id_token(raw, tokens)
        except UnreachableError:  # It cannot be checked now, and the refresh token is spent.
            return first
        claims = first.claims | id_token.claims
        if any(claims.get(name) != first.claims.get(name) for name in LASTING_CLAIMS):
            raise BadTokenError("sign_in_changed")
        return replace(id_token, claims=claims)

    def _check_id_token(self, raw: str, tokens: Tokens) -> SignedToken:
        """Validate the claims that a sign-in and a refresh share, and `at_hash` (§3.1.3.6)."""
        if not raw:
            raise BadTokenError("jwt_missing")
        id_token = self.read_signed_token(raw)
        if not isinstance(id_token.claims.get("sub"), str):
            raise BadTokenError("jwt_malformed")
        digest = hashlib.sha256(tokens.access_token.encode()).digest()
        at_hash = base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()
        if id_token.claims.get("at_hash", at_hash) != at_hash:
            raise BadTokenError("at_hash_mismatch")
        return id_token

    def read_signed_token(self, raw: str) -> SignedToken:
        """Return a token of the issuer for this client, whose signature and time are valid.

        :raises BadTokenError: when it is another token.
        """
        try:
            # Lab check: id-token-signature
            token = jwt.decode(raw, self._find_key, algorithms=ALGORITHMS)
            _check_json(token.claims)
        except UnsupportedAlgorithmError as error:
            raise BadTokenError("jwt_algorithm") from error
        except BadSignatureError as error:
            raise BadTokenError("jwt_signature") from error
        except (JoseError, TypeError, ValueError, RecursionError) as error:
            raise BadTokenError("jwt_malformed") from error
        self._check_parties(token.claims)
        if _read_time(token.claims, "exp") <= self.clock() - CLOCK_SKEW:
            raise BadTokenError("jwt_expired")
        not_before = _read_time({"nbf": 0, **token.claims}, "nbf")  # optional
        if max(_read_time(token.claims, "iat"), not_before) > self.clock() + CLOCK_SKEW:
            raise BadTokenError("jwt_from_the_future")
        return SignedToken(raw, token.header, token.claims)

    def _check_parties(self, claims: dict[str, Any]) -> None:
        """Check who issued a token, and for whom (§3.1.3.7, steps 2 to 5)."""
        if claims.get("iss") != self.issuer:
            raise BadTokenError("jwt_issuer")
        audience = claims.get("aud")
        if isinstance(audience, str):
            audience = [audience]
        if not isinstance(audience, list) or self.client_id not in audience:
            raise BadTokenError("jwt_audience")
        # With several audiences, only `azp` says that it was issued to this client.
        if (len(audience) > 1 or "azp" in claims) and claims.get("azp") != self.client_id:
            raise BadTokenError("jwt_audience")

    def _find_key(self, token: GuestProtocol) -> Key:
        """Return the server's key with the `kid`. Load the keys again if none has it."""
        kid = token.headers().get("kid")
        for lifetime in (METADATA_LIFETIME, KEYS_INTERVAL):
            keys = self._load_keys(lifetime)
            found = [key for key in keys if kid in (None, key.kid)]
            if len(found) == 1:
                return found[0]
        raise BadTokenError("jwt_key")

    def _load_keys(self, lifetime: float) -> list[Key]:
        """Return the server's public keys, at most `lifetime` seconds old (RFC 7517 §5)."""
        now = self.clock()
        if self._cached_keys is None or not 0 <= now - self._cached_keys[0] < lifetime:
            response = self.send("GET", self.find_endpoint("jwks_uri"))
            self._cached_keys = (now, _read_keys(_parse(response)))
        return self._cached_keys[1]

    def find_endpoint(self, name: str) -> str:
        """Return the address under `name` in the metadata, or raise NotUnderstoodError."""
        url = self._load_metadata().get(name)
        if isinstance(url, str) and VSCHARS.fullmatch(url) and "#" not in url and _is_safe(url):
            return url
        raise NotUnderstoodError("bad_endpoint", f"{name} is {_kind(url)}; it must be https")

    def _load_metadata(self) -> dict[str, object]:
        """Return the server's metadata, at most `METADATA_LIFETIME` seconds old."""
        now = self.clock()
        if self._cached is None or not 0 <= now - self._cached[0] < METADATA_LIFETIME:
            self._cached = (now, self._discover())
        return self._cached[1]

    def _discover(self) -> dict[str, object]:
        """Fetch the metadata from its address in RFC 8414 §3.1, or in OpenID Connect Discovery."""
        parts = urlsplit(self.issuer)
        path = parts.path.rstrip("/")
        for address in (
            f"/.well-known/oauth-authorization-server{path}",
            f"{path}/.well-known/openid-configuration",
        ):
            response = self.send("GET", f"{parts.scheme}://{parts.netloc}{address}")
            document = _parse(response)
            # Some sites answer 200 with an HTML page for an unknown address.
            if response.status_code == 200 and isinstance(document, dict):
                if document.get("issuer") == self.issuer:  # RFC 8414 §3.3
                    return document
                detail = f"its metadata is another issuer's: {document.get('issuer')!r:.100}"
                raise NotUnderstoodError("wrong_metadata_issuer", detail)
        raise NotUnderstoodError("no_metadata", f"it has no metadata: {_describe(response)}")

    def _post(self, endpoint: str, form: dict[str, str]) -> requests.Response:
        """Post a form with HTTP Basic authentication, id and secret form-encoded (§2.3.1)."""
        credentials = (quote_plus(self.client_id), quote_plus(self.client_secret))
        response = self.send("POST", self.find_endpoint(endpoint), data=form, auth=credentials)
        if response.status_code // 100 == 2:
            return response
        error = read_json(response).get("error")
        raise NotUnderstoodError("bad_answer", f"{_describe(response)}, error is {_kind(error)}")

    def send(self, method: str, url: str, **parts: Any) -> requests.Response:
        """Send a request once. No answer, status 429 or 5xx raises UnreachableError."""
        try:
            send = self.http().request
            response = send(method, url, timeout=TIMEOUT, allow_redirects=False, **parts)
        except (requests.exceptions.ContentDecodingError, ValueError) as error:  # or an address
            detail = f"its answer cannot be read: {type(error).__name__}"
            raise NotUnderstoodError("bad_answer", detail) from error
        except requests.RequestException as error:
            raise UnreachableError("no_answer", f"{type(error).__name__} at {url}") from error
        if response.status_code >= 500 or response.status_code == 429:
            raise UnreachableError("server_failed", f"{response.status_code} at {url}")
        return response


def _parse(response: requests.Response) -> object:
    """Return the JSON value of an answer in any Unicode encoding, or None."""
    try:
        value = json.loads(response.content)  # as bytes, since the media type may be wrong
        _check_json(value)
        return value
    except (ValueError, RecursionError):
        return None


def _check_json(value: object) -> None:
    """Raise ValueError, or RecursionError, if a JSON value cannot be stored or shown."""
    json.dumps(value, ensure_ascii=False).encode()  # fails if a surrogate is unpaired
    if _measure_depth(value) > MAX_DEPTH:
        raise ValueError("nested too deep")


def _measure_depth(value: object) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return 0
    return 1 + max(map(_measure_depth, value), default=0)


def read_json(response: requests.Response) -> dict[str, Any]:
    """Return a JSON object. Raise `RefusedError` for its `error`; some servers send it with 200."""
    answer = _parse(response)
    if not isinstance(answer, dict):
        raise NotUnderstoodError("bad_answer", f"{_describe(response)}, not a JSON object")
    error = answer.get("error")
    if isinstance(error, str) and ERROR_CODE.fullmatch(error):
        raise RefusedError(error, answer.get("error_description"))
    return answer


def _describe(response: requests.Response) -> str:
    media_type = re.sub(r"[^\w/.+ -].*", "", response.headers.get("Content-Type", "no type"))[:60]
    return f"it answered {response.status_code} {media_type}, {len(response.content)} bytes"


def _kind(value: object) -> str:
    """Describe the kind of a JSON value without its content, which may be secret."""
    names = {"dict": "an object", "list": "an array", "str": "not valid", "bool": "a boolean"}
    return (names | {"NoneType": "missing"}).get(type(value).__name__, "a number")


def _read_text(answer: dict[str, Any], member: str, pattern: str) -> str:
    """Return the member, or "" if it is missing or null. A text must match the pattern."""
    value = answer.get(member)
    if isinstance(value, str | None) and re.fullmatch(pattern, value or ""):
        return value or ""
    raise NotUnderstoodError("bad_token_response", f"{member} is {_kind(value)}")


def _read_time(claims: dict[str, Any], name: str) -> float:
    """Return a claim that is a NumericDate, in epoch seconds (RFC 7519 §2)."""
    value = claims.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 10**12:
        return value
    raise BadTokenError("jwt_malformed")


def _read_keys(document: object) -> list[Key]:
    """Return the usable keys of a JWK Set; ignore the others (RFC 7517 §5)."""
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise NotUnderstoodError("bad_answer", "it publishes no keys")
    keys = []
    for item in document["keys"]:
        with suppress(JoseError, ValueError, TypeError, KeyError):  # KeyError: an unknown curve
            keys.append(JWKRegistry.import_key(item))
    return keys


def _read_lifetime(value: object) -> float:
    """Return the lifetime in seconds. Some servers send a string of digits."""
    if isinstance(value, str) and re.fullmatch(r" *[0-9]{1,9} *", value):
        value = int(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 10**9:
        return float(value)
    return ASSUMED_LIFETIME


def _is_safe(url: str) -> bool:
    """Return whether a secret may be sent to `url`: with https, or to this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme == "http":
            return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
    return parts.scheme == "https" and bool(host)
