"""A client of an OAuth 2.0 server, as somebody else would write it: metadata, PKCE, and plain HTTP.

For tests that speak the protocol themselves. Every request takes overrides, where None leaves a parameter out, so that a
test of a wrong request says only what is wrong with it.
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

Parameters = Mapping[str, str | None]


@dataclass(frozen=True)
class AuthorizationRequest:
    """Where the browser is sent, and what the client keeps to itself until the answer comes."""

    url: str
    state: str
    verifier: str


@dataclass
class RegisteredClient:
    """A registration at `issuer`, and a session to speak to it with. A public client has no secret."""

    issuer: str
    client_id: str
    redirect_uri: str
    client_secret: str | None = field(repr=False)
    http: requests.Session = field(repr=False)

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """The server's metadata (RFC 8414 §3)."""
        answer = self.http.get(f"{self.issuer}/.well-known/oauth-authorization-server")
        answer.raise_for_status()
        metadata: dict[str, Any] = answer.json()
        return metadata

    def authorization_request(
        self, scope: str | None = "photos:read", **overrides: str | None
    ) -> AuthorizationRequest:
        """RFC 6749 §4.1.1, with RFC 7636's challenge."""
        state, verifier = secrets.token_urlsafe(16), secrets.token_urlsafe(48)
        parameters = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": scope,
            "state": state,
            "code_challenge": s256(verifier),
            "code_challenge_method": "S256",
        }
        query = urlencode(_present(parameters | overrides))
        return AuthorizationRequest(
            f"{self.metadata['authorization_endpoint']}?{query}", state, verifier
        )

    def redeem(self, code: str, verifier: str, **overrides: str | None) -> requests.Response:
        """RFC 6749 §4.1.3."""
        parameters = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": verifier,
        }
        return self.post("token_endpoint", parameters | overrides)

    def refresh(self, refresh_token: str, **overrides: str | None) -> requests.Response:
        """RFC 6749 §6."""
        return self.post(
            "token_endpoint",
            {"grant_type": "refresh_token", "refresh_token": refresh_token} | overrides,
        )

    def introspect(self, token: str, **overrides: str | None) -> requests.Response:
        """RFC 7662 §2.1."""
        return self.post("introspection_endpoint", {"token": token} | overrides)

    def revoke(self, token: str, **overrides: str | None) -> requests.Response:
        """RFC 7009 §2.1."""
        return self.post("revocation_endpoint", {"token": token} | overrides)

    def post(self, endpoint: str, parameters: Parameters) -> requests.Response:
        """Send a form to an endpoint of the metadata, authenticated with HTTP Basic, or named when there is no secret."""
        identity = {"client_id": self.client_id} if self.client_secret is None else {}
        credentials = None if self.client_secret is None else (self.client_id, self.client_secret)
        form = _present(identity | dict(parameters))
        return self.http.post(self.metadata[endpoint], data=form, auth=credentials)


def s256(verifier: str) -> str:
    """BASE64URL(SHA256(verifier)), the S256 challenge (RFC 7636 §4.2)."""
    return (
        base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    )


def query_of(url: str) -> dict[str, str]:
    """The parameters that a redirect brought."""
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def _present(parameters: Parameters) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if value is not None}
