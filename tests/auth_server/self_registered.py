"""A program that registers itself at the registration endpoint (RFC 7591)."""

import json
from typing import Any

import requests
from world.registered_client import RegisteredClient

from tests.auth_server.server import ISSUER, Server

AGENT: dict[str, Any] = {
    "client_name": "Notebook Agent",
    "redirect_uris": ["http://localhost:3334/callback"],
    "token_endpoint_auth_method": "none",
}
#: What makes a confidential client of the agent.
WEB: dict[str, Any] = {
    "token_endpoint_auth_method": "client_secret_basic",
    "redirect_uris": ["https://agent.example/callback"],
}


class Program:
    """A program without an account, and what it sends to the registration endpoint."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.http = server.session()

    def registers(self, token: str | None = None, **changes: Any) -> requests.Response:
        """Send the metadata of the agent but for `changes`; None leaves a member out."""
        return self.sends(self.metadata(**changes), token=token)

    def metadata(self, **changes: Any) -> dict[str, Any]:
        members = AGENT | changes
        return {name: value for name, value in members.items() if value is not None}

    def sends(
        self,
        body: object,
        token: str | None = None,
        content_type: str = "application/json",
        method: str = "POST",
        address: str = f"{ISSUER}/oauth/register",
    ) -> requests.Response:
        """Send `body` as JSON, or as it is when it is bytes."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": content_type}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return self.http.request(method, address, data=data, headers=headers)

    def is_registered(self, **changes: Any) -> dict[str, Any]:
        """Register, and return the response."""
        response = self.registers(**changes)
        assert response.status_code == 201, response.text
        registration: dict[str, Any] = response.json()
        return registration

    def client(self, registration: dict[str, Any]) -> RegisteredClient:
        """Return the client that the response describes."""
        return self.server.client(
            registration["client_id"],
            registration.get("client_secret"),
            registration["redirect_uris"][0],
            "profile photos:read",
        )
