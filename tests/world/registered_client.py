"""A client of an OAuth 2.0 server that uses the metadata, PKCE and plain HTTP.

Tests use it to send protocol messages directly. Every request takes overrides, so that the test of
a wrong request states only what is wrong with it. An override of None leaves the parameter out; a
list repeats it.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
from requests.auth import HTTPBasicAuth

Parameter = str | list[str] | None
Parameters = Mapping[str, Parameter]


@dataclass(frozen=True)
class AuthorizationRequest:
    """The URL to send the browser to, and what the client stores until the response arrives."""

    url: str
    state: str
    verifier: str


@dataclass(frozen=True)
class AuthorizationResponse:
    """What the browser brings back to the client (RFC 6749 §4.1.2)."""

    status: int
    redirect_uri: str
    parameters: dict[str, str]

    @classmethod
    def read(cls, response: requests.Response) -> "AuthorizationResponse":
        """Read the response from the redirect that the authorization endpoint sent."""
        location = response.headers.get("Location", "")
        parameters = parse_qsl(urlsplit(location).query, keep_blank_values=True)
        assert len(dict(parameters)) == len(parameters), "a parameter is repeated"
        return cls(response.status_code, location.partition("?")[0], dict(parameters))

    @property
    def code(self) -> str:
        """The authorization code; a KeyError is raised when there is none."""
        return self.parameters["code"]

    @property
    def state(self) -> str | None:
        """The client's state, or None."""
        return self.parameters.get("state")

    @property
    def iss(self) -> str | None:
        """The issuer (RFC 9207), or None."""
        return self.parameters.get("iss")

    @property
    def error(self) -> str | None:
        """The error code, or None."""
        return self.parameters.get("error")


@dataclass(frozen=True)
class Tokens:
    """An access token response (RFC 6749 §5.1); `expires_in` is in seconds.

    It has an ID token if the client was granted the scope `openid` (OpenID Connect Core §3.1.3.3).
    """

    access_token: str
    refresh_token: str
    scope: str
    expires_in: int
    token_type: str
    id_token: str = ""

    @classmethod
    def read(cls, response: requests.Response) -> "Tokens":
        """Read the tokens from a successful response of the token endpoint."""
        assert response.status_code == 200, response.text
        return cls(**response.json())


@dataclass
class RegisteredClient:
    """A client that is registered at `issuer`, and the session that it sends its requests with.

    A public client has no secret. `scope` is what the client requests unless a test says otherwise.
    With `verifier`, all authorization requests use that code verifier; otherwise a new one.
    """

    issuer: str
    client_id: str
    redirect_uri: str
    client_secret: str | None = field(repr=False)
    http: requests.Session = field(repr=False)
    scope: str = "photos:read"
    state: str | None = None
    verifier: str | None = field(default=None, repr=False)

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """The server's metadata (RFC 8414 §3)."""
        response = self.http.get(f"{self.issuer}/.well-known/oauth-authorization-server")
        response.raise_for_status()
        metadata: dict[str, Any] = response.json()
        return metadata

    def authorization_request(self, **overrides: Parameter) -> AuthorizationRequest:
        """Return an authorization request (RFC 6749 §4.1.1) with a PKCE challenge (RFC 7636)."""
        state = self.state or secrets.token_urlsafe(16)
        verifier = self.verifier or secrets.token_urlsafe(48)
        parameters: dict[str, Parameter] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "state": state,
            "code_challenge": s256(verifier),
            "code_challenge_method": "S256",
        }
        query = urlencode(_present(parameters | overrides), doseq=True)
        url = f"{self.metadata['authorization_endpoint']}?{query}"
        return AuthorizationRequest(url, state, verifier)

    def authorization_path(self, **overrides: Parameter) -> str:
        """Return the path and the query of an authorization request."""
        return self.authorization_request(**overrides).url.removeprefix(self.issuer)

    def redeem(
        self, code: str, verifier: str | None = None, **overrides: Parameter
    ) -> requests.Response:
        """Send the access token request for `code` (RFC 6749 §4.1.3)."""
        parameters: dict[str, Parameter] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": verifier or self.verifier,
        }
        return self.post("token_endpoint", parameters | overrides)

    def refresh(self, refresh_token: str, **overrides: Parameter) -> requests.Response:
        """Send a refresh request (RFC 6749 §6)."""
        parameters: dict[str, Parameter] = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
        }
        return self.post("token_endpoint", parameters | overrides)

    def introspect(self, token: str, **overrides: Parameter) -> requests.Response:
        """Send an introspection request (RFC 7662 §2.1)."""
        return self.post("introspection_endpoint", {"token": token} | overrides)

    def holds(self, token: str) -> bool:
        """Return whether introspection by this client reports that `token` is active."""
        return bool(self.introspect(token).json()["active"])

    def revoke(self, token: str, **overrides: Parameter) -> requests.Response:
        """Send a revocation request (RFC 7009 §2.1)."""
        return self.post("revocation_endpoint", {"token": token} | overrides)

    def post(self, endpoint: str, parameters: Parameters) -> requests.Response:
        """Send a form to the endpoint that the metadata has under this name."""
        return self._send(self.metadata[endpoint], parameters)

    def request(self, path: str, **parameters: Parameter) -> requests.Response:
        """Send a form to this path at the issuer."""
        return self._send(f"{self.issuer}{path}", parameters)

    def _send(self, url: str, parameters: Parameters) -> requests.Response:
        """Send a form with the secret (HTTP Basic), or with the id of a public client."""
        if self.client_secret is None:
            return self.http.post(url, _present({"client_id": self.client_id} | dict(parameters)))
        # As bytes, since requests would encode text in Latin-1.
        credentials = HTTPBasicAuth(self.client_id.encode(), self.client_secret.encode())
        return self.http.post(url, _present(parameters), auth=credentials)


def s256(verifier: str) -> str:
    """Return the S256 code challenge of `verifier` (RFC 7636 §4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def query_of(url: str) -> dict[str, str]:
    """Return the query parameters of `url`."""
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def _present(parameters: Parameters) -> dict[str, str | list[str]]:
    return {name: value for name, value in parameters.items() if value is not None}
