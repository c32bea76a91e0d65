"""An agent: the SDK's own client of the Model Context Protocol, with a user who has a browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx2
from anyio import to_thread
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.client import ConnectMode
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthToken,
)
from mcp_types import CallToolResult
from pydantic import AnyUrl
from world.cast import Person
from world.registered_client import AuthorizationResponse, query_of

#: Nothing listens there: the test reads the response from the redirect.
REDIRECT_URI = "http://127.0.0.1:33418/callback"


@dataclass
class Memory:
    """What the client keeps between two runs."""

    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


@dataclass
class Agent:
    """An agent of `user`, whose browser it uses, for the server at `address`.

    `asked` holds its authorization requests, and `sent` the method and address of all requests.
    """

    address: str
    user: Person
    memory: Memory = field(default_factory=Memory)
    asked: list[dict[str, str]] = field(default_factory=list)
    sent: list[tuple[str, str]] = field(default_factory=list)

    @asynccontextmanager
    async def connected(self, mode: ConnectMode = "auto") -> AsyncIterator[Client]:
        """Connect as the SDK's documentation says. `mode` chooses the version of the protocol."""
        metadata = OAuthClientMetadata(
            client_name="Photo agent",
            redirect_uris=[AnyUrl(REDIRECT_URI)],
            token_endpoint_auth_method="none",
        )
        responses: list[AuthorizationResponse] = []

        async def open_browser(url: str) -> None:
            self.asked.append(query_of(url))
            responses.append(await to_thread.run_sync(self.user.allow_request, url))

        async def wait_for_callback() -> AuthorizationCodeResult:
            parameters = responses.pop().parameters
            return AuthorizationCodeResult(**parameters)

        async def record(request: httpx2.Request) -> None:
            self.sent.append((request.method, str(request.url)))

        provider = OAuthClientProvider(
            self.address, metadata, self.memory, open_browser, wait_for_callback
        )
        async with (
            httpx2.AsyncClient(auth=provider, event_hooks={"request": [record]}) as http,
            Client(streamable_http_client(self.address, http_client=http), mode=mode) as client,
        ):
            yield client

    def call(self, *calls: tuple[str, dict[str, Any]]) -> list[CallToolResult]:
        """Connect, and return the results of the tools."""

        async def call_each() -> list[CallToolResult]:
            async with self.connected() as client:
                return [await client.call_tool(*one) for one in calls]

        return anyio.run(call_each)
